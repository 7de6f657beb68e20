//! `vestibule keys`.

use std::path::PathBuf;

use chrono::{SecondsFormat, Utc};
use clap::Subcommand;

use super::{Failure, terminal};
use crate::config::{Environment, KeySource, Reader};
use crate::crypto::keys;

/// Make and look at the key ring
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
}

pub fn run(arguments: Arguments, environment: &Environment) -> Result<(), Failure> {
    match arguments.command {
        Command::Generate { path } => generate(path, environment),
        Command::List { path } => list(path, environment),
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
            about.active_from.to_rfc3339_opts(SecondsFormat::Secs, true),
            about.kind.purpose(),
        ));
    }
    Ok(())
}
