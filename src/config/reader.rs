//! Reads variables one by one and gathers what is wrong with them.

use std::fmt;
use std::fs;
use std::time::Duration;

use super::Environment;
use crate::secret::Secret;

/// One thing that is wrong with the configuration, and how to mend it.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub variable: String,
    pub mend: String,
}

impl Problem {
    pub fn new(variable: &str, mend: impl Into<String>) -> Self {
        Self {
            variable: variable.to_owned(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.mend)
    }
}

pub struct Reader<'a> {
    environment: &'a Environment,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub fn new(environment: &'a Environment) -> Self {
        Self {
            environment,
            problems: Vec::new(),
        }
    }

    /// What was wrong so far; the reader starts counting anew.
    pub fn problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    pub fn problem(&mut self, variable: &str, mend: impl Into<String>) {
        self.problems.push(Problem::new(variable, mend));
    }

    pub fn complained_of(&self, variable: &str) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.variable.starts_with(variable))
    }

    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.environment.get(name)
    }

    /// A secret from `NAME`, or from the file that `NAME_FILE` names.
    pub fn secret(&mut self, name: &str) -> Option<Secret> {
        let file_variable = format!("{name}_FILE");
        match (self.text(name), self.text(&file_variable)) {
            (Some(_), Some(_)) => {
                self.problem(
                    name,
                    format!("{file_variable} is set as well. Set one of them"),
                );
                None
            }
            (Some(text), None) => Some(Secret::new(text)),
            (None, Some(path)) => {
                let content = fs::read_to_string(path).map(Secret::new);
                match content
                    .map(|secret| Secret::new(secret.expose().trim_end_matches(['\r', '\n'])))
                {
                    Ok(secret) if !secret.expose().is_empty() => Some(secret),
                    Ok(_) => {
                        self.problem(&file_variable, "the file is empty");
                        None
                    }
                    Err(error) => {
                        self.problem(
                            &file_variable,
                            format!("the file cannot be read ({})", error.kind()),
                        );
                        None
                    }
                }
            }
            (None, None) => None,
        }
    }

    /// A value that must be there; `meaning` completes "Set it to …".
    pub fn required<T>(
        &mut self,
        name: &str,
        meaning: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some(text) = self.text(name) else {
            self.problem(name, format!("not set. Set it to {meaning}"));
            return None;
        };
        self.checked(name, parse(text))
    }

    pub fn parsed<T>(
        &mut self,
        name: &str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let parsed = self.text(name).map(parse);
        parsed
            .and_then(|result| self.checked(name, result))
            .unwrap_or(default)
    }

    /// A duration as people write it: `14d`, `90min`, `5s`, or `0`.
    pub fn duration(&mut self, name: &str, default: Duration) -> Duration {
        self.parsed(name, default, |text| match text {
            "0" => Ok(Duration::ZERO),
            text => humantime::parse_duration(text)
                .map_err(|_| "give a duration, such as 14d, 12h, 30min or 5s".to_owned()),
        })
    }

    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        self.parsed(name, default, |text| {
            match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Ok(true),
                "false" | "0" | "no" | "off" => Ok(false),
                _ => Err("give true or false".to_owned()),
            }
        })
    }

    fn checked<T>(&mut self, name: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|mend| self.problem(name, mend)).ok()
    }
}
