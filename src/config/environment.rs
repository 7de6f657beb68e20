//! Where settings come from: the process's environment, and `.env` beneath it.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// Variables by name. The only place that asks the process for them.
#[derive(Default)]
pub struct Environment {
    variables: HashMap<String, String>,
}

/// A `.env` that cannot be read is better refused than half believed.
#[derive(Debug)]
pub struct DotEnvError(String);

impl fmt::Display for DotEnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ".env: {}", self.0)
    }
}

impl Environment {
    /// The process's variables; where one is not set, that of `./.env`.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads them"
    )]
    pub fn of_process() -> Result<Self, DotEnvError> {
        let mut variables = dot_env(Path::new(".env"))?;
        // Variables that are not Unicode cannot be ours.
        let set = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        variables.extend(set);

        Ok(Self { variables })
    }

    /// Set to nothing means not set, as platforms' forms have it.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables
            .into_iter()
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        Self { variables }
    }
}

fn dot_env(path: &Path) -> Result<HashMap<String, String>, DotEnvError> {
    let entries = match dotenvy::from_path_iter(path) {
        Ok(entries) => entries,
        Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(HashMap::new());
        }
        Err(_) => return Err(DotEnvError("it cannot be read".to_owned())),
    };
    entries
        .collect::<Result<_, _>>()
        // The library's message quotes the line, which may hold a secret.
        .map_err(|_| DotEnvError("a line is not NAME=value; quote values with spaces".to_owned()))
}
