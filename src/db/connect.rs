//! Making connections, and telling whether they live.

use diesel::connection::{CacheSize, Connection as _, SimpleConnection as _, TransactionManager};
use diesel::pg::PgConnection;
use diesel::{ConnectionError, QueryResult};
use r2d2::ManageConnection;

use super::STATEMENT_TIMEOUT;
use crate::config::DatabaseConfig;
use crate::secret::Secret;

/// What libpq understands: the least it accepts, milliseconds, and how soon a
/// host that vanished while we wait for its answer is given up.
const TIMEOUTS: [(&str, &str); 5] = [
    ("connect_timeout", "2"),
    ("tcp_user_timeout", "2000"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
];

/// Where our settings live: in the connection, unless a pooler in transaction
/// mode lends us another one each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    OfConnection,
    OfTransaction,
}

impl Settings {
    pub fn of(config: &DatabaseConfig) -> Self {
        if config.statement_cache {
            Self::OfConnection
        } else {
            Self::OfTransaction
        }
    }

    pub fn set(self, conn: &mut PgConnection) -> QueryResult<()> {
        let timeout = STATEMENT_TIMEOUT.as_millis();
        let scope = match self {
            Self::OfConnection => "session",
            Self::OfTransaction => "local",
        };
        conn.batch_execute(&format!(
            "set {scope} statement_timeout = {timeout}; \
             set {scope} idle_in_transaction_session_timeout = {timeout}"
        ))
    }
}

/// What the pool keeps.
pub(super) struct Manager {
    url: Secret,
    settings: Settings,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error(transparent)]
    Connect(#[from] ConnectionError),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}

impl Manager {
    pub fn new(config: &DatabaseConfig) -> Self {
        Self {
            url: config.url.clone(),
            settings: Settings::of(config),
        }
    }
}

impl ManageConnection for Manager {
    type Connection = PgConnection;
    type Error = ConnectError;

    fn connect(&self) -> Result<PgConnection, ConnectError> {
        let mut conn = PgConnection::establish(&with_timeouts(self.url.expose()))?;
        match self.settings {
            Settings::OfConnection => self.settings.set(&mut conn)?,
            Settings::OfTransaction => conn.set_prepared_statement_cache_size(CacheSize::Disabled),
        }
        Ok(conn)
    }

    /// As one simple message: a prepared one could be prepared at one server
    /// of a pooler and asked for at another.
    fn is_valid(&self, conn: &mut PgConnection) -> Result<(), ConnectError> {
        conn.batch_execute("select 1").map_err(Into::into)
    }

    fn has_broken(&self, conn: &mut PgConnection) -> bool {
        type Manager = <PgConnection as diesel::Connection>::TransactionManager;
        std::thread::panicking() || Manager::is_broken_transaction_manager(conn)
    }
}

/// A connection of its own, without the pool's time-out on statements, for
/// long work at the terminal. Nothing that it runs is prepared for later.
pub fn connect(url: &Secret) -> Result<PgConnection, String> {
    let mut conn = PgConnection::establish(&with_timeouts(url.expose()))
        .map_err(|error| without_url(&error.to_string(), url.expose()))?;
    conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    Ok(conn)
}

/// The URL with our time-outs, where it has none of its own.
fn with_timeouts(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in TIMEOUTS {
        if !url.contains(name) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{separator}{name}={value}");
        }
    }
    url
}

/// What libpq says, unless it quotes the URL, which may hold a password: it
/// does when it cannot read it.
fn without_url(message: &str, url: &str) -> String {
    let authority = url.split("://").nth(1).unwrap_or(url);
    let user_info = authority
        .rsplit_once('@')
        .map_or("", |(user_info, _)| user_info);
    let password = user_info
        .split_once(':')
        .map_or("", |(_, password)| password);
    if message.contains(url) || !password.is_empty() && message.contains(password) {
        return "the URL cannot be read; are special characters of the password percent-encoded?"
            .to_owned();
    }
    message.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_quoted() {
        for url in [
            "postgres://me:hun%zzter@localhost/db",
            "postgres://me:[hunter@localhost:x/db",
            "postgres://me:hunter@[::1/db",
        ] {
            let said = connect(&Secret::new(url)).err().unwrap();
            assert!(!said.contains("hun"), "{said}");
        }
        let said = connect(&Secret::new("postgres://me:hunter@localhost:1/db"))
            .err()
            .unwrap();
        assert!(said.contains("Connection refused"), "{said}");
    }
}
