//! `vestibule keys`.

mod retire;
mod rotate;

use std::path::PathBuf;

use chrono::Utc;
use clap::Subcommand;

use super::{Failure, terminal};
use crate::config::{Environment, KeySource, Reader};
use crate::crypto::keys;

/// Make, look at and change the key ring
///
/// The ring is one JWK Set that holds every key: those that sign and encrypt
/// sessions, seal tokens at rest and encrypt the pre-sign-in cookie.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a new key ring, mode 0600; an existing file is never overwritten
    Generate {
        /// Where to; `KEYS_FILE` when it is left out, else keys.json
        path: Option<PathBuf>,
    },
    /// Show the ring's keys, without their secrets
    List {
        /// The ring's file; `KEYS_FILE` or `KEYS` when it is left out
        path: Option<PathBuf>,
    },
    /// Add a new key of each kind; the old ones still open what they made
    ///
    /// The new keys become active ten minutes later: by then every process has read
    /// them, because it looks at the file every 30 s, and at once on SIGHUP. Afterwards
    /// `vestibule tokens reseal` seals stored tokens under the new key, and
    /// `vestibule keys retire` takes the old keys out.
    Rotate {
        /// The ring's file; `KEYS_FILE` when it is left out
        path: Option<PathBuf>,
        /// Active at once, for when a key has leaked. Send SIGHUP to every process, because
        /// one that has not read the file goes on with the old keys, for up to 30 s
        #[arg(long)]
        now: bool,
    },
    /// Take a key out of the ring, once nothing needs it any more
    ///
    /// Refused for the active key of a kind (rotate first), for a sealing key while stored
    /// tokens lie under it (needs `DATABASE_URL`), and for a key of cookies while those can
    /// still be valid (by `SESSION_IDLE_TIMEOUT`). Where processes may still be sealing
    /// under the key, it waits for up to 35 s.
    Retire {
        /// Which key; `vestibule keys list` shows them
        kid: String,
        /// The ring's file; `KEYS_FILE` when it is left out
        path: Option<PathBuf>,
        /// Although it is needed, for when it has leaked; says what ends. People whose tokens
        /// lie under it have to reconnect, people whose cookies were made under it to sign
        /// in again. Given a key that is lost it gives up what lies under it
        #[arg(long)]
        force: bool,
    },
}

pub fn run(arguments: Arguments, environment: &Environment) -> Result<(), Failure> {
    match arguments.command {
        Command::Generate { path } => generate(path, environment),
        Command::List { path } => list(path, environment),
        Command::Rotate { path, now } => rotate::rotate(path, now, environment),
        Command::Retire { kid, path, force } => retire::retire(&kid, path, force, environment),
    }
}

fn generate(path: Option<PathBuf>, environment: &Environment) -> Result<(), Failure> {
    let configured = || environment.get("KEYS_FILE").map(PathBuf::from);
    let path = path
        .or_else(configured)
        .unwrap_or_else(|| "keys.json".into());
    keys::write_new(&path, false).map_err(Failure::new)?;
    terminal::say(&format!(
        "wrote {}; keep it safe, and set KEYS_FILE to it",
        path.display()
    ));
    Ok(())
}

/// The file that is to be changed.
fn file_of(path: Option<PathBuf>, environment: &Environment) -> Result<PathBuf, Failure> {
    if let Some(path) = path {
        return Ok(path);
    }
    let mut reader = Reader::new(environment);
    match KeySource::read(&mut reader) {
        Some(KeySource::File(path)) => Ok(path),
        Some(KeySource::Text(_)) => Err(Failure::new(
            "KEYS: the ring is in the environment, so there is no file to change. \
             Give its file, then set KEYS to what it holds",
        )),
        None => Err(reader.problems().into()),
    }
}

fn list(path: Option<PathBuf>, environment: &Environment) -> Result<(), Failure> {
    let mut reader = Reader::new(environment);
    let source = path
        .map(KeySource::File)
        .or_else(|| KeySource::read(&mut reader));
    let source = source.ok_or_else(|| Failure::from(reader.problems()))?;
    let ring = keys::load(&source).map_err(Failure::new)?;
    let now = Utc::now();
    terminal::say(&format!(
        "{:<24} {:<12} {:<8} {:<21} PURPOSE",
        "KID", "ALG", "STATE", "ACTIVE FROM"
    ));
    for (about, active) in ring.overview(now) {
        let state = if active {
            "active"
        } else if about.active_from > now {
            "pending"
        } else {
            "old"
        };
        terminal::say(&format!(
            "{:<24} {:<12} {state:<8} {:<21} {}",
            about.kid,
            about.kind.alg(),
            terminal::time(about.active_from),
            about.kind.purpose(),
        ));
    }
    Ok(())
}
