//! Bringing the schema up to this binary.

use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::{Connection as _, RunQueryDsl as _, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use crate::secret::Secret;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// A database that is starting needs a second or two.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// Any number that no other program is likely to lock: "vestib" in ASCII.
const ADVISORY_LOCK: i64 = 0x7665_7374_6962;

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("the database cannot be reached: {0}")]
    Connect(String),
    #[error("the database refused: {0}")]
    Query(#[from] diesel::result::Error),
    #[error("a migration failed: {0}")]
    Migration(Box<dyn std::error::Error + Send + Sync>),
}

/// Runs what is pending, one process at a time, and names it.
pub fn migrate(url: &Secret) -> Result<Vec<String>, MigrateError> {
    let mut conn = connect(url)?;
    // Held until this connection closes: a second process waits, then finds
    // nothing left to do.
    sql_query(format!("select pg_advisory_lock({ADVISORY_LOCK})")).execute(&mut conn)?;
    let done = conn
        .run_pending_migrations(MIGRATIONS)
        .map_err(MigrateError::Migration)?;

    Ok(done.iter().map(ToString::to_string).collect())
}

/// How many migrations the database lacks.
pub fn pending_migrations(conn: &mut PgConnection) -> Result<usize, MigrateError> {
    let pending = conn
        .pending_migrations(MIGRATIONS)
        .map_err(MigrateError::Migration)?;
    Ok(pending.len())
}

/// Undoes every migration, the newest first. Everything is lost.
pub fn revert_all(url: &Secret) -> Result<(), MigrateError> {
    let mut conn = connect(url)?;
    conn.revert_all_migrations(MIGRATIONS)
        .map_err(MigrateError::Migration)?;
    Ok(())
}

/// A connection of its own, without the pool's time-out on statements.
fn connect(url: &Secret) -> Result<PgConnection, MigrateError> {
    PgConnection::establish(&super::with_timeouts(url.expose()))
        .map_err(|error| MigrateError::Connect(without_url(&error.to_string(), url.expose())))
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

/// Waits until the database answers; says how many migrations it lacks.
pub fn wait_for(url: &Secret, patience: Duration) -> Result<usize, MigrateError> {
    let started = Instant::now();
    loop {
        match connect(url) {
            Ok(mut conn) => return pending_migrations(&mut conn),
            Err(error) if started.elapsed() >= patience => return Err(error),
            Err(error) => {
                tracing::warn!("waiting for the database: {error}");
                std::thread::sleep(BETWEEN_TRIES);
            }
        }
    }
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
            let said = connect(&Secret::new(url)).err().unwrap().to_string();
            assert!(!said.contains("hun"), "{said}");
        }
        let said = connect(&Secret::new("postgres://me:hunter@localhost:1/db"))
            .err()
            .unwrap()
            .to_string();
        assert!(said.contains("Connection refused"), "{said}");
    }
}
