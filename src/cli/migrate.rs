//! `vestibule migrate`.

use super::{Failure, log, terminal};
use crate::config::{DatabaseConfig, Environment, Reader};
use crate::db;

/// Run pending migrations and exit
///
/// Needs `DATABASE_URL` (or `POSTGRES_URL`) alone; several processes
/// at once take turns.
#[derive(clap::Args)]
pub struct Arguments {}

pub fn run(_: &Arguments, environment: &Environment) -> Result<(), Failure> {
    log::start(environment)?;
    let mut reader = Reader::new(environment);
    let database = DatabaseConfig::read(&mut reader);
    let problems = reader.problems();
    let Some(database) = database.filter(|_| problems.is_empty()) else {
        return Err(problems.into());
    };
    let done = db::migrate(&database.url).map_err(Failure::new)?;
    for name in &done {
        terminal::say(&format!("migrated: {name}"));
    }
    if done.is_empty() {
        terminal::say("nothing to migrate");
    }
    Ok(())
}
