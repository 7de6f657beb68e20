//! Where the server's programs are. Distributions keep them off PATH, one
//! directory a version; the newest wins.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    StartError, bounded, install,
    place::is_speakable,
    run_as::{RunAs, search_path},
};

/// Older ones are out of support.
const OLDEST_MAJOR: u32 = 14;

const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// `--version` and `--bindir` answer at once.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Directories of directories: beginning of the name, then what is inside.
const FAMILIES: [(&str, &str, &str); 7] = [
    ("/usr/lib/postgresql", "", "bin"),         // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                  // RPMs of postgresql.org
    ("/usr/lib", "postgresql", "bin"),          // openSUSE
    ("/usr/libexec", "postgresql", ""),         // Alpine
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew, Apple silicon
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew, Intel
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

#[derive(Clone, Debug)]
pub(super) struct Binaries {
    pub directory: PathBuf,
    pub version: Version,
}

/// Major and minor; a beta's minor is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub u32, pub u32);

impl Binaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Everywhere worth looking on this machine.
pub(super) fn places(run_as: &RunAs) -> Vec<PathBuf> {
    let path = search_path();
    // A relative entry would mean another place wherever we start something.
    let on_path: Vec<PathBuf> = env::split_paths(&path)
        .filter(|p| p.is_absolute())
        .collect();
    let told = on_path.iter().filter_map(|dir| bindir(run_as, dir));
    let families = FAMILIES.iter().flat_map(members);

    on_path
        .iter()
        .cloned()
        .chain(told)
        .chain(families)
        .collect()
}

/// The newest server in `places`.
pub(super) fn newest(places: &[PathBuf], run_as: &RunAs) -> Result<Binaries, StartError> {
    let newest = all(places, run_as).max_by_key(|binaries| binaries.version);
    let too_old = match newest {
        Some(binaries) if binaries.version.0 >= OLDEST_MAJOR => return Ok(binaries),
        too_old => too_old.map(|old| format!("{}.{}", old.version.0, old.version.1)),
    };
    Err(StartError::NoBinaries {
        install: install::line(),
        too_old,
    })
}

/// The newest of one major version: data of one cannot be served by another.
pub(super) fn of_major(major: u32, places: &[PathBuf], run_as: &RunAs) -> Option<Binaries> {
    all(places, run_as)
        .filter(|binaries| binaries.version.0 == major)
        .max_by_key(|binaries| binaries.version)
}

fn all(places: &[PathBuf], run_as: &RunAs) -> impl Iterator<Item = Binaries> {
    places
        .iter()
        .filter(|dir| is_complete(dir))
        .filter_map(|directory| {
            Some(Binaries {
                directory: directory.clone(),
                version: version(run_as, directory)?,
            })
        })
}

fn is_complete(directory: &Path) -> bool {
    is_speakable(directory) && NEEDED.iter().all(|name| directory.join(name).is_file())
}

/// Asked as the user who will run it: what they cannot run is of no use.
fn version(run_as: &RunAs, directory: &Path) -> Option<Version> {
    let mut command = run_as.command(directory.join("postgres"));
    command.arg("--version");
    let outcome = bounded::run(command, ANSWERS_WITHIN).ok()?;
    outcome.succeeded().then(|| parse(&outcome.output))?
}

/// `postgres (PostgreSQL) 15.13 (Debian 15.13-1)`, or `… 18beta1`.
fn parse(answer: &str) -> Option<Version> {
    let number = answer.split_once("(PostgreSQL) ")?.1;
    let mut parts = number
        .split(|c: char| !c.is_ascii_digit())
        .map(str::parse::<u32>);
    let major = parts.next()?.ok()?;
    let minor = if number[major.to_string().len()..].starts_with('.') {
        parts.next().and_then(Result::ok).unwrap_or_default()
    } else {
        0
    };
    Some(Version(major, minor))
}

/// What a `pg_config` in this directory says.
fn bindir(run_as: &RunAs, directory: &Path) -> Option<PathBuf> {
    let program = directory.join("pg_config");
    if !program.is_file() {
        return None;
    }
    let mut command = run_as.command(program);
    command.arg("--bindir");
    let outcome = bounded::run(command, ANSWERS_WITHIN).ok()?;
    outcome
        .succeeded()
        .then(|| PathBuf::from(outcome.output.trim()))
}

fn members((parent, prefix, inside): &(&str, &str, &str)) -> Vec<PathBuf> {
    fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(inside))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_binaries_give_the_install_line() {
        let empty = tempfile::tempdir().unwrap();
        let places = [empty.path().to_owned(), PathBuf::from("/nonexistent")];

        let error = newest(&places, &RunAs::Ourselves).unwrap_err();

        assert!(error.to_string().contains(&install::line()), "{error}");
    }

    #[test]
    fn versions_are_read_as_they_are_written() {
        let debian = "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)";

        assert_eq!(parse(debian), Some(Version(15, 13)));
        assert_eq!(parse("postgres (PostgreSQL) 18beta1"), Some(Version(18, 0)));
        assert_eq!(parse("postgres (PostgreSQL) 17devel"), Some(Version(17, 0)));
        assert_eq!(parse("postgres: command not found"), None);
    }
}
