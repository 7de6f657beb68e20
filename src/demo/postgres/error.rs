//! Why a private Postgres could not be had, in words for the person waiting.

use std::{io, path::PathBuf};

/// Every message says what is wrong and, where there is one, the mend.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "no PostgreSQL server of version 14 or newer was found (initdb, pg_ctl, postgres){}; \
         install it with: {install}",
        too_old.as_ref().map(|found| format!(", only {found}")).unwrap_or_default()
    )]
    NoBinaries {
        install: String,
        too_old: Option<String>,
    },

    #[error(
        "Postgres refuses to run as root, and we cannot become the user `postgres` or `nobody`; \
         run this as an ordinary user"
    )]
    NoUser,

    #[error(
        "another demo is running on {}{}; stop it, or choose another --data-dir",
        data_dir.display(),
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    AlreadyRunning {
        data_dir: PathBuf,
        /// None: it had only just begun.
        pid: Option<u32>,
    },

    #[error(
        "the Postgres of the previous run on {} has not stopped yet; try again in a moment",
        data_dir.display()
    )]
    StillStopping { data_dir: PathBuf },

    #[error(
        "the data in {} was made by PostgreSQL {made_by}, but only other versions are \
         installed; install that version again, or start afresh with --reset",
        home.display()
    )]
    OtherVersion { home: PathBuf, made_by: u32 },

    #[error(
        "no directory for Postgres: {} must be directories that user `{user}` can write to",
        tried.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoPlace { user: String, tried: Vec<PathBuf> },

    #[error("initdb failed:\n{output}")]
    InitFailed { output: String },

    #[error("Postgres did not start; the end of its log:\n{log}")]
    DidNotStart { log: String },

    #[error("`{0}` is no name for a database here: a-z, 0-9 and _ only")]
    BadName(String),

    #[error("{doing} failed: {reason}")]
    Sql { doing: String, reason: String },

    #[error("{doing} {} failed: {source}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl StartError {
    /// For `map_err`: what we were doing, and to what.
    pub(super) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
