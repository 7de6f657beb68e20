//! Bringing the schema up to this binary.

use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::{Connection as _, RunQueryDsl as _, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::connect;
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
    let mut conn = connect(url).map_err(MigrateError::Connect)?;
    // All in one transaction, and the lock until it ends: a second process
    // waits, then finds nothing left to do. A lock of the connection would stay
    // with a pooler's connection.
    let done = conn.transaction(|conn| {
        sql_query(format!("select pg_advisory_xact_lock({ADVISORY_LOCK})")).execute(conn)?;
        let done = conn.run_pending_migrations(MIGRATIONS);
        let done = done.map_err(MigrateError::Migration)?;
        Ok::<_, MigrateError>(done.iter().map(ToString::to_string).collect())
    })?;
    Ok(done)
}

/// How many migrations the database lacks.
pub fn pending_migrations(conn: &mut PgConnection) -> Result<usize, MigrateError> {
    // In one transaction: behind a pooler each statement outside of one may
    // meet another server connection, which has not prepared it.
    conn.transaction(|conn| {
        let pending = conn.pending_migrations(MIGRATIONS);
        Ok(pending.map_err(MigrateError::Migration)?.len())
    })
}

/// Undoes every migration, the newest first. Everything is lost.
pub fn revert_all(url: &Secret) -> Result<(), MigrateError> {
    let mut conn = connect(url).map_err(MigrateError::Connect)?;
    conn.revert_all_migrations(MIGRATIONS)
        .map_err(MigrateError::Migration)?;
    Ok(())
}

/// Waits until the database answers; says how many migrations it lacks.
pub fn wait_for(url: &Secret, patience: Duration) -> Result<usize, MigrateError> {
    let started = Instant::now();
    loop {
        match connect(url).map_err(MigrateError::Connect) {
            Ok(mut conn) => return pending_migrations(&mut conn),
            Err(error) if started.elapsed() >= patience => return Err(error),
            Err(error) => {
                tracing::warn!("waiting for the database: {error}");
                std::thread::sleep(BETWEEN_TRIES);
            }
        }
    }
}
