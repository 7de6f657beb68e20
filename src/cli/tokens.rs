//! `vestibule tokens`: what an operator does to stored provider tokens.

use chrono::Utc;
use clap::Subcommand;
use diesel::pg::PgConnection;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, database, log, terminal};
use crate::config::{DatabaseConfig, Environment, KeySource, Reader};
use crate::crypto::keys::{self, Kind, LiveRing};
use crate::reseal::{self, Resealed};

/// Work on the provider tokens that are stored sealed
///
/// Needs `DATABASE_URL` (or `POSTGRES_URL`), and `KEYS_FILE` or `KEYS`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Seal every stored token anew, under the newest key
    ///
    /// To be run once a key that `vestibule keys rotate` made is active, so that the one
    /// before can be retired. It works in batches while the app serves, can be stopped and
    /// run again, and skips what is done. A value that does not open is left as it is and
    /// told of at the end; the exit status is 1 then.
    Reseal,
}

pub fn run(arguments: &Arguments, environment: &Environment) -> Result<(), Failure> {
    log::start(environment)?;
    let mut reader = Reader::new(environment);
    let database = DatabaseConfig::read(&mut reader);
    let source = KeySource::read(&mut reader);
    let (Some(database), Some(source)) = (database, source) else {
        return Err(reader.problems().into());
    };
    let problems = reader.problems();
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let ring = keys::load(&source)
        .map_err(|error| Failure::new(format!("{}: {error}", source.variable())))?;
    let ring = LiveRing::new(ring, source);
    let mut conn = database::connect(&database)?;
    match arguments.command {
        Command::Reseal => reseal(&mut conn, &ring),
    }
}

fn reseal(conn: &mut PgConnection, ring: &LiveRing) -> Result<(), Failure> {
    let failed = |error| {
        Failure::new(format!(
            "the database gave up: {error}. What was re-sealed stays so; run it again for the rest"
        ))
    };
    let left = reseal::left(conn, &ring.current()).map_err(failed)?;
    let bar = ProgressBar::new(left);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} rows, {eta} left") {
        bar.set_style(style);
    }
    let progress = |rows| bar.inc(u64::try_from(rows).unwrap_or_default());
    let done = reseal::reseal(conn, ring, reseal::BATCH, progress);
    bar.finish_and_clear();
    let done = done.map_err(failed)?;
    tell(&done);
    tell_of_pending(ring);
    complain(&done)
}

fn tell(done: &Resealed) {
    let kid = &done.kid;
    terminal::say(&match done.values {
        0 if done.is_behind || !done.broken.is_empty() => {
            format!("nothing was re-sealed under {kid}")
        }
        0 => format!("nothing to re-seal: what opens lies under {kid} already"),
        1 => format!("re-sealed 1 value under {kid}"),
        values => format!("re-sealed {values} values under {kid}"),
    });
    if done.given_up > 0 {
        terminal::say(&format!(
            "{} of people who have to reconnect anyway: not opened, left as before",
            values(done.given_up)
        ));
    }
}

/// Whoever has just rotated would otherwise think that all is done.
fn tell_of_pending(ring: &LiveRing) {
    let now = Utc::now();
    for (about, _) in ring.current().overview(now) {
        if about.kind == Kind::Sealing && about.active_from > now {
            terminal::say(&format!(
                "{} becomes active at {}; run it again then",
                about.kid,
                terminal::time(about.active_from)
            ));
        }
    }
}

fn complain(done: &Resealed) -> Result<(), Failure> {
    let mut lines = Vec::new();
    if done.is_behind {
        lines.push("another key became active meanwhile. Run it again".to_owned());
    }
    for (kid, count) in &done.broken {
        let under = match kid.as_str() {
            "" => "with no readable kid".to_owned(),
            // A corrupted one may hold anything.
            kid => format!("under {}", kid.escape_debug()),
        };
        lines.push(format!(
            "{} {under} did not open, left as before",
            values(*count)
        ));
    }
    if lines.is_empty() {
        Ok(())
    } else {
        Err(Failure(lines))
    }
}

fn values(count: usize) -> String {
    format!("{count} value{}", if count == 1 { "" } else { "s" })
}
