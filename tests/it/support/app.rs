//! The app as `serve` starts it, with the simulator for its providers.

use std::net::TcpListener;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use vestibule::config::{Config, Environment};
use vestibule::crypto::keys::{KeyRing, LiveRing};
use vestibule::demo::simulator::{Client, Options, Simulator};
use vestibule::provider::Provider;
use vestibule::web::{Server, Vestibule};

use super::canaries::Canaries;
use super::{Answer, Caller, Visitor, databases};

/// Secure and yet on loopback: cookies are as in production, and a simulator
/// is allowed.
pub const ORIGIN: &str = "https://localhost";

/// A whole ring, without a file.
pub fn new_ring() -> Arc<LiveRing> {
    Arc::new(LiveRing::fixed(KeyRing::generate()))
}

pub struct TestApp {
    #[expect(dead_code, reason = "it looks when it is dropped")]
    canaries: Canaries,
    pub server: Server,
    pub simulator: Simulator,
    pub ring: Arc<LiveRing>,
    pub database_url: String,
    settings: Vec<(String, String)>,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With other settings than usual.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_on(databases::migrated(), new_ring(), settings).await
    }

    /// On a database and a ring that another instance uses as well.
    pub async fn start_on(
        database_url: String,
        ring: Arc<LiveRing>,
        settings: &[(&str, &str)],
    ) -> Self {
        let origin = settings.iter().find(|(name, _)| *name == "PUBLIC_URL");
        let origin = origin.map_or(ORIGIN, |(_, origin)| origin);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let simulator_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let client = |provider: Provider| Client {
            provider,
            client_id: format!("id-{provider}"),
            client_secret: format!("canary-client-secret-{provider}"),
            redirect_uris: vec![format!("{origin}/api/auth/callback/{provider}")],
        };
        let simulator = Simulator::start(Options {
            listener,
            public_url: simulator_url.clone(),
            clients: Provider::ALL.map(client).into(),
        })
        .unwrap();
        Self::start_at(simulator, database_url, ring, settings).await
    }

    async fn start_at(
        simulator: Simulator,
        database_url: String,
        ring: Arc<LiveRing>,
        settings: &[(&str, &str)],
    ) -> Self {
        let config = configuration(simulator.url(), &database_url, settings);
        let server = Server::start(config, Arc::clone(&ring), Some(1)).unwrap();
        server.ready().await;
        let canaries = Canaries {
            database_url: database_url.clone(),
            issued: simulator.issued(),
        };
        Self {
            canaries,
            server,
            simulator,
            ring,
            database_url,
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    /// Another instance on the same database and keys, set up the same.
    pub async fn another(&self) -> Self {
        let settings = self.settings.iter();
        let settings: Vec<_> = settings.map(|(name, value)| (&**name, &**value)).collect();
        Self::start_on(self.database_url.clone(), Arc::clone(&self.ring), &settings).await
    }

    /// The same after a restart: another process, as far as can be told.
    pub async fn restarted(self) -> Self {
        let settings: Vec<_> = self
            .settings
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        self.server.stop().await;
        let (url, ring) = (self.database_url.clone(), Arc::clone(&self.ring));
        Self::start_at(self.simulator, url, ring, &settings).await
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

    /// A program that comes with this token.
    pub fn caller(&self, token: &str) -> Caller {
        Caller {
            visitor: self.visitor(),
            header: format!("Bearer {token}"),
        }
    }

    /// A new token of a person's, made through the API.
    pub async fn token(&self, person: &str, scopes: &[&str]) -> String {
        let mut visitor = self.signed_in("github", person).await;
        let wish = serde_json::json!({ "name": "test", "scopes": scopes });
        let made = visitor.make_token(&wish).await;
        let made = made.assert_status(201).json();
        made["token"].as_str().unwrap().to_owned()
    }

    /// A program that may be handed the provider tokens of somebody who has
    /// signed in there.
    pub async fn reader(&self, provider: &str, person: &str) -> Caller {
        let mut visitor = self.signed_in(provider, person).await;
        let wish = serde_json::json!({
            "name": "reader",
            "scopes": ["read", "write", "accounts:token"],
        });
        let made = visitor.make_token(&wish).await;
        let made = made.assert_status(201).json();
        self.caller(made["token"].as_str().unwrap())
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

    /// The person takes a grant back at the provider itself.
    pub async fn withdraw(&self, provider: &str, token: &str) {
        let (path, method, body) = match provider {
            "github" => (
                "/applications/id-github/token",
                "DELETE",
                serde_json::json!({ "access_token": token }).to_string(),
            ),
            _ => (
                "/login/oauth/token/revoke",
                "POST",
                format!("token={token}"),
            ),
        };
        let secret = format!("id-{provider}:canary-client-secret-{provider}");
        let basic = format!("Basic {}", BASE64_STANDARD.encode(secret));
        let kind = match provider {
            "github" => "application/json",
            _ => "application/x-www-form-urlencoded",
        };
        let headers = [
            ("authorization", &*basic),
            ("user-agent", "test"),
            ("content-type", kind),
        ];
        let url = format!("{}{path}", self.simulator.url());
        let answer = Visitor::fetch(method, &url, &headers, &body).await;
        assert!(answer.status < 300, "{}", answer.body);
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
        databases::count(&self.database_url, sql)
    }

    /// Everything in a text column: `select … as t from …`.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        databases::texts(&self.database_url, sql)
    }

    pub fn execute(&self, sql: &str) {
        self.connection().batch_execute(sql).unwrap();
    }

    /// A connection of somebody else's.
    pub fn connection(&self) -> PgConnection {
        PgConnection::establish(&self.database_url).unwrap()
    }
}

fn configuration(simulator_url: &str, database_url: &str, settings: &[(&str, &str)]) -> Config {
    let usual = [
        ("PUBLIC_URL", ORIGIN),
        ("BIND", "127.0.0.1:0"),
        ("DATABASE_URL", database_url),
        ("DATABASE_POOL_SIZE", "4"),
        // All tests come from one address.
        ("RATE_LIMIT_SIGN_IN", "0"),
        ("RATE_LIMIT_CALLBACK", "0"),
        ("RATE_LIMIT_BEARER", "0"),
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
