//! What the app stands on: a throw-away Postgres, the providers' simulator,
//! and the settings that lead to them.

use std::net::TcpListener;

use vestibule::db;
use vestibule::demo::postgres::PrivatePostgres;
use vestibule::demo::simulator::{Client, Issued, Options, Simulator};
use vestibule::provider::Provider;
use vestibule::secret::Secret;

use crate::backstage;

/// Secure and yet on loopback: cookies are as in production, and a simulator
/// is allowed.
pub const ORIGIN: &str = "https://localhost";

pub struct Stage {
    postgres: PrivatePostgres,
    pub simulator_port: u16,
}

impl Stage {
    /// With the simulator at that port: see [`simulator`].
    pub fn set(simulator_port: u16) -> Self {
        Self {
            postgres: PrivatePostgres::start_throwaway().unwrap(),
            simulator_port,
        }
    }

    /// The URL of a new database, migrated.
    pub fn database(&self, name: &str) -> String {
        self.postgres.ensure_database(name).unwrap();
        let url = self.postgres.url(name);
        db::migrate(&Secret::new(url.clone())).unwrap();
        url
    }

    /// All that `serve` needs to know but `BIND` and the keys.
    pub fn settings(&self, database_url: &str) -> Vec<(&'static str, String)> {
        let simulator = format!("http://localhost:{}", self.simulator_port);
        vec![
            ("PUBLIC_URL", ORIGIN.to_owned()),
            ("DATABASE_URL", database_url.to_owned()),
            ("GITHUB_CLIENT_ID", "id-github".to_owned()),
            ("GITHUB_CLIENT_SECRET", "secret-github".to_owned()),
            ("GITHUB_URL", simulator.clone()),
            ("GITHUB_API_URL", simulator.clone()),
            ("VERCEL_CLIENT_ID", "id-vercel".to_owned()),
            ("VERCEL_CLIENT_SECRET", "secret-vercel".to_owned()),
            ("VERCEL_URL", simulator.clone()),
            ("VERCEL_API_URL", simulator),
            // No person signs in as often as we do.
            ("RATE_LIMIT_SIGN_IN", "0".to_owned()),
            ("RATE_LIMIT_CALLBACK", "0".to_owned()),
        ]
    }
}

/// Its port, and what it sees of tokens.
pub fn simulator() -> (u16, Issued) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = |provider: Provider| Client {
        provider,
        client_id: format!("id-{provider}"),
        client_secret: format!("secret-{provider}"),
        redirect_uris: vec![format!("{ORIGIN}/api/auth/callback/{provider}")],
    };
    let options = Options {
        listener,
        public_url: format!("http://localhost:{port}"),
        clients: Provider::ALL.map(client).into(),
    };
    backstage::run(async move || {
        let simulator = Simulator::start(options).unwrap();
        ((port, simulator.issued()), simulator)
    })
}
