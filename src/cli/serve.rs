//! `vestibule serve`: everything is checked before anything is bound.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::System;
use tokio::sync::oneshot;

use super::signals::{HangUps, Signals, serve_until_signal};
use super::{Failure, log, stored_tokens};
use crate::config::{Config, Environment, KeySource, Problem, Reader};
use crate::crypto::keys::{self, LiveRing};
use crate::db;
use crate::web::Server;

/// Serve, with configuration from the environment
///
/// Serves until Ctrl-C or SIGTERM. Anything missing or unsafe in the
/// environment: exit 1 before binding, with one line for every problem.
#[derive(clap::Args)]
pub struct Arguments {
    /// Stop when standard input ends, too: so that the demo's instances do not
    /// outlive it
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

/// A database that is not up yet is waited for this long.
const WAIT_FOR_DATABASE: Duration = Duration::from_secs(30);

pub fn run(arguments: &Arguments, environment: &Environment) -> Result<(), Failure> {
    let system = System::new();
    // First of all: whoever changes the ring sends it to every process, also
    // to those that are only starting.
    let hang_ups = system.block_on(async { HangUps::new() });
    let hang_ups = hang_ups.map_err(Failure::new)?;
    let (config, ring) = settle(environment)?;
    log::start(environment)?;
    let drain = config.shutdown_drain;
    let result = system.block_on(async {
        hang_ups.reload(Arc::clone(&ring));
        let mut signals = Signals::new().map_err(Failure::new)?;
        if arguments.until_stdin_closes {
            signals.watch_stdin();
        }
        let Some(config) = prepared(config, &ring, &mut signals).await? else {
            return Ok(());
        };
        let server = Server::start(config, ring, None).map_err(Failure::new)?;
        let url = server.app().config.public_url.to_string();
        tracing::info!(address = %server.address(), url, "serving");
        serve_until_signal(server, &mut signals, drain).await;
        tracing::info!("stopped");
        Ok(())
    });
    // Dropping it would wait for threads that wait for the database, which may
    // be frozen. They end with the process.
    std::mem::forget(system);
    result
}

/// The configuration and the ring, or every problem of both.
fn settle(environment: &Environment) -> Result<(Config, Arc<LiveRing>), Failure> {
    let config = Config::read(environment);
    let source = KeySource::read(&mut Reader::new(environment));
    let ring = source.map(|source| {
        let problem = |error| Problem::new(source.variable(), format!("{error}"));
        keys::load(&source)
            .map(|ring| Arc::new(LiveRing::new(ring, source.clone())))
            .map_err(problem)
    });
    match (config, ring) {
        (Ok(config), Some(Ok(ring)))
            if ring.current().is_demo() && config.public_url.is_production() =>
        {
            let mend = "is the demo's ring, which is not for production. Make one with: vestibule keys generate";
            Err(vec![Problem::new(config.keys.variable(), mend)].into())
        }
        (Ok(config), Some(Ok(ring))) => Ok((config, ring)),
        (config, ring) => {
            let mut problems = config.err().unwrap_or_default();
            problems.extend(ring.and_then(Result::err));
            Err(problems.into())
        }
    }
}

/// The same, once its database is ready. `None` when a signal came first.
async fn prepared(
    config: Config,
    ring: &Arc<LiveRing>,
    signals: &mut Signals,
) -> Result<Option<Config>, Failure> {
    let (sender, prepared) = oneshot::channel();
    let ring = Arc::clone(ring);
    std::thread::spawn(move || {
        let result = prepare_database(&config).and_then(|()| stored_tokens::check(&config, &ring));
        // Nobody waits any more when a signal came first.
        let _ = sender.send(result.map(|()| config));
    });
    tokio::select! {
        result = prepared => result.map_err(Failure::new)?.map(Some),
        () = signals.next() => Ok(None),
    }
}

fn prepare_database(config: &Config) -> Result<(), Failure> {
    let url = &config.database.url;
    let failure = |error: db::MigrateError| Failure::new(format!("DATABASE_URL: {error}"));
    let pending = db::wait_for(url, WAIT_FOR_DATABASE).map_err(failure)?;
    if pending == 0 {
        return Ok(());
    }
    if !config.auto_migrate {
        return Err(Failure::new(format!(
            "DATABASE_URL: the schema is {pending} migrations behind. Run `vestibule migrate`, or set AUTO_MIGRATE=true"
        )));
    }
    for name in db::migrate(url).map_err(failure)? {
        tracing::info!(name, "migrated");
    }
    Ok(())
}
