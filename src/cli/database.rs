//! The database, for commands that work on rows.

use diesel::pg::PgConnection;

use super::Failure;
use crate::config::DatabaseConfig;
use crate::db;

/// A connection for long work, once the schema is known to be current.
pub fn connect(config: &DatabaseConfig) -> Result<PgConnection, Failure> {
    let mut conn = db::connect(&config.url)
        .map_err(|error| Failure::new(format!("DATABASE_URL: cannot be reached: {error}")))?;
    if db::pending_migrations(&mut conn).map_err(Failure::new)? > 0 {
        return Err(Failure::new(
            "DATABASE_URL: the schema is behind. Run `vestibule migrate`",
        ));
    }
    Ok(conn)
}
