//! Floor 1: Postgres. The pool, and the one door to blocking work.

mod connect;
mod connections;
mod migrate;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use r2d2::Pool;
use tracing::Span;

use crate::config::DatabaseConfig;
use crate::error::{Dependency, Error};
use connect::{Manager, Settings};
use connections::{Connections, Waiting, Working};

pub use connect::connect;
pub use migrate::{MigrateError, migrate, pending_migrations, revert_all, wait_for};

/// How long a caller waits for a place, and then for a connection.
const WAIT: Duration = Duration::from_secs(1);
/// How long a call may take altogether: a frozen database must not hold
/// visitors.
const DEADLINE: Duration = Duration::from_secs(2);
/// Shorter than [`DEADLINE`], so that Postgres gives up before we do.
const STATEMENT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Hands connections to blocking work. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    config: Arc<DatabaseConfig>,
    size: u32,
    connections: Arc<RwLock<Arc<Connections>>>,
}

impl Db {
    /// Connects lazily: a database that is down is a matter of each call.
    pub fn new(config: &DatabaseConfig) -> Self {
        Self::with_size(config, config.pool_size)
    }

    /// One connection apart from the pool, for what must go on when visitors
    /// use up all others.
    pub fn apart(config: &DatabaseConfig) -> Self {
        Self::with_size(config, 1)
    }

    fn with_size(config: &DatabaseConfig, size: u32) -> Self {
        let connections = Arc::new(Connections::new(config, size));
        Self {
            config: Arc::new(config.clone()),
            size,
            connections: Arc::new(RwLock::new(connections)),
        }
    }

    fn connections(&self) -> Arc<Connections> {
        let connections = self.connections.read();
        Arc::clone(&connections.unwrap_or_else(PoisonError::into_inner))
    }

    /// A call that did not come back may never: libpq waits for as long as
    /// somebody, a proxy say, keeps its connection open. So others are made;
    /// what waits keeps its thread, and nothing else.
    fn give_up_lost(&self, seen: &Arc<Connections>) {
        if !seen.are_lost() {
            return;
        }
        let mut current = self
            .connections
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, seen) {
            tracing::warn!("the database does not come back to us: connecting anew");
            *current = Arc::new(Connections::new(&self.config, self.size));
        }
    }

    /// Runs `work` with a connection, off the event loop.
    ///
    /// # Errors
    /// `Unavailable` when no connection is free within a second, when Postgres
    /// is gone, or when it takes longer than two; else what `work` says.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, Error>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<Error>,
    {
        let started = Instant::now();
        let connections = self.connections();
        let places = Arc::clone(&connections.places);
        let Ok(Ok(permit)) = tokio::time::timeout(WAIT, places.acquire_owned()).await else {
            self.give_up_lost(&connections);
            return Err(UNAVAILABLE);
        };
        let (settings, span) = (Settings::of(&self.config), Span::current());
        let waiting = Waiting {
            call: Arc::default(),
            connections: Arc::clone(&connections),
        };
        let working = Working {
            call: Arc::clone(&waiting.call),
            connections: Arc::clone(&connections),
        };
        let task = tokio::task::spawn_blocking(move || {
            // The place is free again when the work is over, not when its
            // caller has lost patience.
            let _permit = permit;
            let pool = &working.connections.pool;
            span.in_scope(|| with_connection(pool, settings, work))
        });

        match tokio::time::timeout(DEADLINE.saturating_sub(started.elapsed()), task).await {
            Ok(Ok(result)) => result,
            Ok(Err(panicked)) => Err(Error::Internal(panicked.into())),
            Err(_late) => {
                drop(waiting);
                self.give_up_lost(&connections);
                Err(UNAVAILABLE)
            }
        }
    }
}

const UNAVAILABLE: Error = Error::Unavailable(Dependency::Database);

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn with_connection<T, E: Into<Error>>(
    pool: &Pool<Manager>,
    settings: Settings,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, Error> {
    let mut conn = pool.get_timeout(WAIT).map_err(|_| UNAVAILABLE)?;
    let started = Instant::now();
    let result = match settings {
        Settings::OfConnection => work(&mut conn).map_err(Into::into),
        Settings::OfTransaction => conn.transaction(|conn| {
            settings.set(conn)?;
            work(conn).map_err(Into::into)
        }),
    };
    // Postgres has many words for "I am going down" and "I took too long";
    // whether the connection still answers, and the clock, tell them all.
    match result {
        Err(Error::Internal(cause))
            if started.elapsed() >= STATEMENT_TIMEOUT
                || conn.batch_execute("select 1").is_err() =>
        {
            tracing::warn!("the database gave up: {cause:#}");
            Err(UNAVAILABLE)
        }
        Err(Error::Internal(cause)) => {
            // What a pooler in transaction mode makes of them.
            if cause.to_string().contains("prepared statement") {
                tracing::error!(
                    "statements meet other connections than they were prepared on. \
                     Behind a pooler in transaction mode set DATABASE_STATEMENT_CACHE=false"
                );
            }
            Err(Error::Internal(cause))
        }
        result => result,
    }
}
