//! `vestibule sessions`: what an operator does to sessions.

use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Subcommand};
use diesel::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, database, log, terminal};
use crate::config::{DatabaseConfig, Environment, Reader};
use crate::models::ids::SessionId;
use crate::models::session::{EndedReason, Ending, Session};
use crate::models::user::{Found, User};

/// End sessions from the terminal
///
/// Needs `DATABASE_URL` (or `POSTGRES_URL`) alone. Every running
/// instance refuses what was ended within a second.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// End the sessions of one person, or of everybody
    ///
    /// Their cookies are refused everywhere within a second. Sessions that
    /// begin after the command was started are left alone. It can be stopped
    /// and run again.
    #[command(group(ArgGroup::new("whose").required(true)))]
    Revoke {
        /// Of this person: a username, `github:NAME`, `vercel:NAME`, or our id
        #[arg(long, value_name = "NAME", group = "whose", value_parser = NonEmptyStringValueParser::new())]
        user: Option<String>,
        /// Of everybody
        #[arg(long, group = "whose")]
        all: bool,
    },
}

/// A moment of work for the database, so that nobody waits for a lock of ours.
const BATCH: i64 = 1_000;

pub fn run(arguments: Arguments, environment: &Environment) -> Result<(), Failure> {
    log::start(environment)?;
    let mut reader = Reader::new(environment);
    let database = DatabaseConfig::read(&mut reader);
    let problems = reader.problems();
    let Some(database) = database.filter(|_| problems.is_empty()) else {
        return Err(problems.into());
    };
    let mut conn = database::connect(&database)?;
    let Command::Revoke { user, .. } = arguments.command;
    let user = user.map(|name| find(&mut conn, &name)).transpose()?;
    revoke(&mut conn, user.as_ref()).map_err(|error| {
        Failure::new(format!(
            "the database gave up: {error}. What was ended stays ended; run it again for the rest"
        ))
    })
}

/// The one person whom the name means.
fn find(conn: &mut PgConnection, name: &str) -> Result<Found, Failure> {
    let mut found = User::find_by_words(conn, name).map_err(Failure::new)?;
    match found.len() {
        0 => Err(Failure::new(format!(
            "nobody is called {name}. Give a username, github:NAME, vercel:NAME or an id"
        ))),
        1 => Ok(found.remove(0)),
        _ => {
            let mut lines = vec![format!(
                "{name} may mean any of these. Give one of the ids, or provider:NAME:"
            )];
            lines.extend(found.iter().map(|user| format!("  {user}")));
            Err(Failure(lines))
        }
    }
}

fn revoke(conn: &mut PgConnection, user: Option<&Found>) -> QueryResult<()> {
    let user_id = user.map(|user| user.id);
    let (total, before) = Session::count_live(conn, user_id)?;
    let bar = ProgressBar::new(u64::try_from(total).unwrap_or_default());
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} ended, {eta} left") {
        bar.set_style(style);
    }
    let ending = Ending {
        reason: EndedReason::EndedByOperator,
        visitor: None,
        from: None,
        ago: Duration::ZERO,
    };
    let (mut count, mut after): (usize, Option<SessionId>) = (0, None);
    loop {
        let batch =
            conn.transaction(|conn| ending.of_anybodys(conn, user_id, before, after, BATCH))?;
        if batch.last.is_none() {
            break;
        }
        count += batch.ended.len();
        bar.inc(u64::try_from(batch.ended.len()).unwrap_or_default());
        after = batch.last;
    }
    bar.finish_and_clear();
    let of = user.map_or_else(|| "everybody".to_owned(), ToString::to_string);
    terminal::say(&match count {
        0 => format!("no live session of {of}: nothing to end"),
        1 => format!("ended 1 session of {of}"),
        count => format!("ended {count} sessions of {of}"),
    });
    Ok(())
}
