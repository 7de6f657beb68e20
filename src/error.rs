//! Floor 0: one error, in domain words. HTTP is a rendering of it (`web::error`).

use std::fmt;
use std::time::Duration;

/// What can come of a request besides what was asked for.
#[derive(Debug)]
pub enum Error {
    /// Not there, or somebody else's: the same to whoever asks.
    NotFound,
    /// Nobody is signed in.
    Unauthenticated,
    /// What was presented as an API token is none, or none any more.
    InvalidToken,
    /// The API token may not be used for this; what it would have to have.
    InsufficientScope(&'static str),
    /// Too often, from one address or for one person: when to try again.
    TooMany(Problem, Duration),
    /// It does not fit what there is.
    Conflict(Problem),
    /// Somebody else cannot answer now: when to try again.
    Later(Problem, Duration),
    /// What was sent cannot be taken.
    Invalid(Problem),
    /// What was sent may not be done this way.
    Forbidden(Problem),
    /// Postgres or a provider cannot answer now: try again.
    Unavailable(Dependency),
    /// Never shown; logged once, where it becomes a response.
    Internal(anyhow::Error),
}

/// A stable code for programs, a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: &'static str,
    pub message: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency {
    Database,
    /// A key that this process has not read yet.
    Keys,
    Provider,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("not found"),
            Self::Unauthenticated => f.write_str("nobody is signed in"),
            Self::InvalidToken => f.write_str("no API token of ours"),
            Self::InsufficientScope(needed) => write!(f, "the API token lacks {needed}"),
            Self::Invalid(problem)
            | Self::Forbidden(problem)
            | Self::Conflict(problem)
            | Self::TooMany(problem, _)
            | Self::Later(problem, _) => f.write_str(problem.code),
            Self::Unavailable(Dependency::Database) => f.write_str("the database cannot answer"),
            Self::Unavailable(Dependency::Keys) => f.write_str("a key is not in this ring"),
            Self::Unavailable(Dependency::Provider) => f.write_str("the provider cannot answer"),
            Self::Internal(cause) => write!(f, "internal: {cause:#}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<anyhow::Error> for Error {
    fn from(cause: anyhow::Error) -> Self {
        Self::Internal(cause)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        match error {
            Diesel::NotFound => Self::NotFound,
            // Also what a statement time-out or a shutdown of Postgres becomes.
            Diesel::BrokenTransactionManager
            | Diesel::DatabaseError(
                DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::ReadOnlyTransaction,
                _,
            ) => Self::Unavailable(Dependency::Database),
            other => Self::Internal(other.into()),
        }
    }
}
