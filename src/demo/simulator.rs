//! A stand-in for GitHub and Vercel on one port: the same paths, parameters
//! and answers, checking what the real ones check, so that a mistake in our
//! client shows here and not in production. All of it is in memory.
//!
//! | room | holds |
//! | --- | --- |
//! | `routes` | which path is answered by whom |
//! | `authorize` | both authorize pages: who asks, who approves |
//! | `github`, `vercel` | token endpoints, revocation, profiles |
//! | `ledger` | codes, grants and tokens: what lives and what is spent |
//! | `people` | ada, grace and alan, and what tests change about them |
//! | `faults`, `watch` | what goes wrong on request, and where it is let in |
//! | `controls`, `panel` | `/_simulator`, for programs and for people |

mod authorize;
mod calls;
mod client_auth;
mod controls;
mod faults;
mod github;
mod ledger;
mod pages;
mod panel;
mod params;
mod people;
mod pkce;
mod routes;
mod vercel;
mod watch;
mod world;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};

use crate::provider::Provider;
use world::World;

/// As long as the real ones keep idle connections. Shorter than a client's own
/// limit, and it would now and then send on one that is being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// An application registered at one of the providers.
pub struct Client {
    pub provider: Provider,
    pub client_id: String,
    pub client_secret: String,
    /// Compared byte for byte, as RFC 9700 §2.1 asks.
    pub redirect_uris: Vec<String>,
}

pub struct Options {
    pub listener: TcpListener,
    /// The simulator's origin, `http://localhost:8081` say, without a slash
    /// at the end. All four provider URLs of the app are this one.
    pub public_url: String,
    pub clients: Vec<Client>,
}

/// A running simulator. Dropping it stops it without waiting.
pub struct Simulator {
    world: Arc<World>,
    server: ServerHandle,
}

impl Simulator {
    /// Serves on the listener from the current actix system, and returns at
    /// once. Signals are the caller's business.
    pub fn start(options: Options) -> io::Result<Self> {
        let world = Arc::new(World::new(options.public_url, options.clients));
        let shared = Arc::clone(&world);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::from(Arc::clone(&shared)))
                .configure(routes::configure)
                .wrap(actix_web::middleware::from_fn(watch::watch))
        })
        .workers(1)
        .disable_signals()
        // A browser that keeps its connections open must not hold up Ctrl-C.
        .shutdown_timeout(1)
        .keep_alive(KEEP_ALIVE)
        .listen(options.listener)?
        .run();
        let handle = server.handle();
        rt::spawn(server);

        Ok(Self {
            world,
            server: handle,
        })
    }

    pub fn url(&self) -> &str {
        &self.world.public_url
    }

    pub async fn stop(self) {
        self.server.stop(false).await;
    }

    /// Every secret that was ever issued here (codes, access, refresh and ID
    /// tokens, client secrets) or shown to it (PKCE verifiers), for tests to
    /// search logs and pages for.
    pub fn issued_secrets(&self) -> Vec<String> {
        self.world.secrets()
    }

    /// The same from then on, also when the simulator is gone.
    pub fn issued(&self) -> Issued {
        Issued(Arc::clone(&self.world))
    }

    /// When refresh tokens were presented, those of one token together: a
    /// single-use one should be seen once.
    pub fn presented_refresh_tokens(&self) -> Vec<Vec<Instant>> {
        self.issued().presented_refresh_tokens()
    }
}

/// What was ever issued here.
pub struct Issued(Arc<World>);

impl Issued {
    pub fn secrets(&self) -> Vec<String> {
        self.0.secrets()
    }

    /// See [`Simulator::presented_refresh_tokens`].
    pub fn presented_refresh_tokens(&self) -> Vec<Vec<Instant>> {
        let state = self.0.lock();
        state.ledger.presented().map(<[Instant]>::to_vec).collect()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // The command is sent at once; what is dropped is only the waiting.
        drop(self.server.stop(false));
    }
}
