//! The server: bound, started, stopped. The same for `serve`, the demo and
//! the tests.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};

use super::state::Vestibule;
use super::{background, extractors, guard, observe, routes, session};
use crate::config::Config;
use crate::crypto::keys::LiveRing;
use crate::oauth::{Http, TlsSetup};

/// A request line and its headers have to be here by then.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// Proxies keep connections for a minute; closing first would cut their
/// requests.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// What is in flight when we stop may take this long: longer than a callback.
const SHUTDOWN_SECONDS: u64 = 15;

/// Longer than a provider may take, and than it takes to store what it said.
const REFRESHES_FINISH_WITHIN: Duration = Duration::from_secs(13);

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("BIND: {address} cannot be listened on ({cause}). Is another program using the port?")]
    Bind {
        address: SocketAddr,
        cause: io::Error,
    },
    #[error("TLS to the providers cannot be set up: {0}")]
    Tls(anyhow::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A running server.
pub struct Server {
    app: Data<Vestibule>,
    address: SocketAddr,
    handle: ServerHandle,
    done: rt::task::JoinHandle<io::Result<()>>,
    background: Vec<rt::task::JoinHandle<()>>,
}

impl Server {
    /// Binds and serves, on the current actix system. What is revoked is read
    /// meanwhile: [`Self::ready`].
    pub fn start(
        config: Config,
        ring: Arc<LiveRing>,
        workers: Option<usize>,
    ) -> Result<Self, ServeError> {
        let bind = |cause| ServeError::Bind {
            address: config.bind,
            cause,
        };
        let listener = TcpListener::bind(config.bind).map_err(bind)?;
        let address = listener.local_addr()?;
        let tls = TlsSetup::new().map_err(ServeError::Tls)?;
        warn_of(&config, &tls);
        let app = Data::new(Vestibule::new(config, ring, address.port()));

        let background = background::start(&app, &tls);
        let shared = app.clone();
        let mut server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(Data::new(Http::new(&tls)))
                .configure(extractors::configure)
                .configure(|config| routes::configure(config, &shared))
                .wrap(from_fn(session::load))
                .wrap(from_fn(guard::check))
                .wrap(from_fn(observe::observe))
        })
        .client_request_timeout(HEAD_DEADLINE)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals();
        if let Some(workers) = workers {
            server = server.workers(workers);
        }
        let server = server.listen(listener)?.run();
        let handle = server.handle();

        Ok(Self {
            background,
            app,
            address,
            handle,
            done: rt::spawn(server),
        })
    }

    pub fn app(&self) -> &Vestibule {
        &self.app
    }

    /// Where it really listens: `BIND` may leave the port open.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it is known what is revoked. Before that nobody is signed
    /// in; a database that is away makes this wait.
    pub async fn ready(&self) {
        self.app.revocations.loaded().await;
    }

    /// Takes no new connections, lets what is in flight finish, and writes
    /// what is still to be written, if the database takes it.
    pub async fn stop(mut self) {
        self.handle.stop(true).await;
        let _ = (&mut self.done).await;
        // Whatever a provider answers now is in nobody's hands but ours.
        if tokio::time::timeout(REFRESHES_FINISH_WITHIN, self.app.vault.finish())
            .await
            .is_err()
        {
            tracing::error!("stopping although a refresh is under way: its tokens may be lost");
        }
        self.app.programs.write_used_now().await;
        let lost = self.app.endings.write_unwritten().await;
        if lost > 0 {
            tracing::error!(
                lost,
                "sign-outs could not be written: other processes do not hear of them"
            );
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for task in &self.background {
            task.abort();
        }
    }
}

/// What works, but is worth knowing.
fn warn_of(config: &Config, tls: &TlsSetup) {
    if !config.public_url.is_secure() {
        tracing::warn!(
            "PUBLIC_URL is http on loopback: cookies are neither Secure nor __Host-, for development only"
        );
    }
    if config.providers().next().is_none() {
        tracing::warn!("no provider is set up: nobody can sign in");
    }
    if tls.authorities.is_empty() {
        tracing::warn!(
            "no certificate authorities were found: providers cannot be reached over TLS. Install ca-certificates"
        );
    }
}
