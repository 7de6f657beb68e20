//! `vestibule demo`: everything that a fresh clone needs to be tried.

mod files;
mod instances;

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::System;

use self::instances::Instances;
use super::signals::{HangUps, Signals, serve_until_signal};
use super::{Failure, log, stored_tokens, terminal};
use crate::config::{Config, Environment};
use crate::crypto::keys::{self, LiveRing};
use crate::db;
use crate::demo::postgres::PrivatePostgres;
use crate::demo::simulator::{Client, Options, Simulator};
use crate::provider::Provider;
use crate::secret::Secret;
use crate::web::Server;

/// Try it: a private Postgres, a simulator of both providers, and the app
///
/// Starts a private Postgres under the data directory, makes keys, migrates,
/// starts a simulator of GitHub and Vercel and the app, all on loopback, and
/// prints the URL to open. Ctrl-C stops all of it; starting again keeps what
/// is there.
#[derive(clap::Args)]
pub struct Arguments {
    /// The app's port
    #[arg(long, default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// The simulator's port
    #[arg(long, default_value_t = 8081, value_parser = clap::value_parser!(u16).range(1..))]
    simulator_port: u16,
    /// How many instances, 8 at most: further ones are processes of their own,
    /// on the ports that follow
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_INSTANCES)))]
    instances: u16,
    /// Where the database, the keys and demo.env live
    #[arg(long, default_value = ".vestibule")]
    data_dir: PathBuf,
    /// Start afresh: everything in the data directory is lost
    #[arg(long)]
    reset: bool,
}

const DATABASE: &str = "vestibule";
/// Each holds connections to a Postgres that allows a hundred.
const MOST_INSTANCES: u16 = 8;

pub fn run(arguments: &Arguments, environment: &Environment) -> Result<(), Failure> {
    let system = System::new();
    let hang_ups = system.block_on(async { HangUps::new() });
    let hang_ups = hang_ups.map_err(Failure::new)?;
    log::start(environment)?;
    let ports = arguments.ports()?;
    if arguments.reset {
        PrivatePostgres::erase(&arguments.data_dir).map_err(Failure::new)?;
        files::erase(&arguments.data_dir)?;
    }
    // First, because it tells when another demo runs on the same data.
    let postgres = PrivatePostgres::start(&arguments.data_dir).map_err(Failure::new)?;
    let simulator_port = free_port("--simulator-port", arguments.simulator_port)?;
    let held = ports.iter().map(|port| free_port("--port", *port));
    let held = held.collect::<Result<Vec<_>, _>>()?;
    postgres.ensure_database(DATABASE).map_err(Failure::new)?;
    let demo = files::Demo::prepare(arguments, &postgres.url(DATABASE), environment)?;
    db::migrate(&Secret::new(postgres.url(DATABASE))).map_err(Failure::new)?;
    let config = Config::read(&demo.variables.iter().cloned().collect())?;
    let ring = keys::load(&config.keys).map_err(Failure::new)?;
    let ring = Arc::new(LiveRing::new(ring, config.keys.clone()));
    stored_tokens::check(&config, &ring).map_err(or_afresh)?;

    // Held until here so that two demos cannot race for them.
    drop(held);
    system.block_on(async {
        hang_ups.reload(Arc::clone(&ring));
        let mut signals = Signals::new().map_err(Failure::new)?;
        signals.watch_terminal().map_err(Failure::new)?;
        let simulator = simulate(simulator_port, &demo, &config)?;
        let server = Server::start(config, ring, None).map_err(Failure::new)?;
        server.ready().await;
        let mut further = Instances::start(&demo, &ports[1..], environment)?;
        further.ready().await?;
        welcome(&demo, &further);
        let further = further.watched();
        serve_until_signal(server, &mut signals, Duration::ZERO).await;
        further.stop();
        simulator.stop().await;
        Ok::<_, Failure>(())
    })?;
    drop(system);
    postgres.stop();
    Ok(())
}

impl Arguments {
    /// Consecutive, but for the simulator's.
    fn ports(&self) -> Result<Vec<u16>, Failure> {
        if self.port == self.simulator_port {
            let message = "--port and --simulator-port are the same. Choose another of them";
            return Err(Failure::new(message));
        }
        let ports = (self.port..=u16::MAX).filter(|port| *port != self.simulator_port);
        let ports: Vec<u16> = ports.take(usize::from(self.instances)).collect();
        if ports.len() < usize::from(self.instances) {
            let message = "there are not so many ports behind --port. Choose a lower one";
            return Err(Failure::new(message));
        }
        Ok(ports)
    }
}

/// What is always a mend here, where nothing matters.
fn or_afresh(Failure(lines): Failure) -> Failure {
    let afresh = |line| format!("{line}; or start afresh with --reset");
    Failure(lines.into_iter().map(afresh).collect())
}

fn free_port(flag: &str, port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|cause| {
        Failure::new(format!(
            "port {port} cannot be listened on ({cause}). Choose another with {flag}"
        ))
    })
}

fn simulate(
    listener: TcpListener,
    demo: &files::Demo,
    config: &Config,
) -> Result<Simulator, Failure> {
    let client = |provider: Provider| {
        let registered = config.provider(provider)?;
        Some(Client {
            provider,
            client_id: registered.client_id.clone(),
            client_secret: registered.client_secret.expose().to_owned(),
            redirect_uris: vec![config.callback_url(provider)],
        })
    };
    let options = Options {
        listener,
        public_url: demo.simulator_url.clone(),
        clients: Provider::ALL.into_iter().filter_map(client).collect(),
    };
    Simulator::start(options).map_err(Failure::new)
}

fn welcome(demo: &files::Demo, further: &Instances) {
    terminal::say("");
    terminal::say(&format!("  Vestibule is at       {}", demo.public_url));
    for url in further.urls() {
        terminal::say(&format!("  and at                {url}"));
    }
    terminal::say(&format!(
        "  The simulator's panel {}/_simulator",
        demo.simulator_url
    ));
    terminal::say(&format!(
        "  For further instances {}",
        demo.env_file.display()
    ));
    terminal::say("  Ctrl-C stops everything; the data stays.");
    terminal::say("");
}
