//! The app as `serve` starts it, with the simulator for its providers.

use std::net::TcpListener;
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use vestibule::config::{Config, Environment};
use vestibule::crypto::keys::KeyRing;
use vestibule::demo::simulator::{Client, Options, Simulator};
use vestibule::provider::Provider;
use vestibule::web::{Server, Vestibule};

use super::{Answer, Visitor, databases};

/// Secure and yet on loopback: cookies are as in production, and a simulator
/// is allowed.
pub const ORIGIN: &str = "https://localhost";

pub struct TestApp {
    pub server: Server,
    pub simulator: Simulator,
    pub ring: Arc<KeyRing>,
    pub database_url: String,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With other settings than usual.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_on(
            databases::migrated(),
            Arc::new(KeyRing::generate()),
            settings,
        )
        .await
    }

    /// On a database and a ring that another instance uses as well.
    pub async fn start_on(
        database_url: String,
        ring: Arc<KeyRing>,
        settings: &[(&str, &str)],
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let simulator_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let client = |provider: Provider| Client {
            provider,
            client_id: format!("id-{provider}"),
            client_secret: format!("canary-client-secret-{provider}"),
            redirect_uris: vec![format!("{ORIGIN}/api/auth/callback/{provider}")],
        };
        let simulator = Simulator::start(Options {
            listener,
            public_url: simulator_url.clone(),
            clients: Provider::ALL.map(client).into(),
        })
        .unwrap();
        let config = configuration(&simulator_url, &database_url, settings);
        let server = Server::start(config, Arc::clone(&ring), Some(1)).unwrap();
        server.ready().await;
        Self {
            server,
            simulator,
            ring,
            database_url,
        }
    }

    pub fn state(&self) -> &Vestibule {
        self.server.app()
    }

    /// A browser without any cookie.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.server.address().port())
    }

    /// A browser that has signed in, through the real callback.
    pub async fn signed_in(&self, provider: &str, person: &str) -> Visitor {
        let mut visitor = self.visitor();
        visitor
            .sign_in(provider, person)
            .await
            .assert_redirects_to("/");
        visitor
    }

    /// Asks the simulator for one of its pages.
    pub async fn simulator_calls(&self, endpoint: &str) -> usize {
        let url = format!("{}/_simulator/calls", self.simulator.url());
        let answer = Visitor::fetch("GET", &url, &[], "").await;
        let calls = answer.json();
        let of_endpoint = calls
            .as_array()
            .unwrap()
            .iter()
            .filter(|call| call["endpoint"] == endpoint);
        of_endpoint.count()
    }

    /// `faults` or `people`: what the simulator is to do from now on.
    pub async fn simulate(&self, what: &str, settings: serde_json::Value) -> Answer {
        let url = format!("{}/_simulator/{what}", self.simulator.url());
        let kind = [("content-type", "application/json")];
        let answer = Visitor::fetch("PUT", &url, &kind, &settings.to_string()).await;
        assert!(answer.status < 300, "{}", answer.body);
        answer
    }

    /// How many rows a query counts: `select count(*) as n from …`.
    pub fn count(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            n: i64,
        }
        let mut conn = PgConnection::establish(&self.database_url).unwrap();
        let row: Count = diesel::sql_query(sql).get_result(&mut conn).unwrap();
        row.n
    }

    /// Everything in a text column: `select … as t from …`.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            t: String,
        }
        let mut conn = PgConnection::establish(&self.database_url).unwrap();
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut conn).unwrap();
        rows.into_iter().map(|row| row.t).collect()
    }

    pub fn execute(&self, sql: &str) {
        let mut conn = PgConnection::establish(&self.database_url).unwrap();
        diesel::sql_query(sql).execute(&mut conn).unwrap();
    }
}

fn configuration(simulator_url: &str, database_url: &str, settings: &[(&str, &str)]) -> Config {
    let usual = [
        ("PUBLIC_URL", ORIGIN),
        ("BIND", "127.0.0.1:0"),
        ("DATABASE_URL", database_url),
        ("DATABASE_POOL_SIZE", "4"),
        // Not read: the ring is handed over. It only has to be set.
        ("KEYS", "{}"),
        ("GITHUB_CLIENT_ID", "id-github"),
        ("GITHUB_CLIENT_SECRET", "canary-client-secret-github"),
        ("GITHUB_URL", simulator_url),
        ("GITHUB_API_URL", simulator_url),
        ("VERCEL_CLIENT_ID", "id-vercel"),
        ("VERCEL_CLIENT_SECRET", "canary-client-secret-vercel"),
        ("VERCEL_URL", simulator_url),
        ("VERCEL_API_URL", simulator_url),
    ];
    let environment: Environment = usual.iter().chain(settings).copied().collect();
    Config::read(&environment).unwrap()
}
