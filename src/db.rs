//! Floor 1: Postgres. The pool, and the one door to blocking work.

mod migrate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, R2D2Connection as _};
use r2d2::{CustomizeConnection, HandleError, Pool};
use tokio::sync::Semaphore;
use tracing::Span;

use crate::config::DatabaseConfig;
use crate::error::{Dependency, Error};

pub use migrate::{MigrateError, migrate, pending_migrations, revert_all, wait_for};

/// How long a caller waits for a place, and then for a connection.
const WAIT: Duration = Duration::from_secs(1);
/// How long a call may take altogether: a frozen database must not hold
/// visitors.
const DEADLINE: Duration = Duration::from_secs(2);
/// Shorter than [`DEADLINE`], so that Postgres gives up before we do.
const STATEMENT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// What libpq understands: the least it accepts, and milliseconds.
const CONNECT_TIMEOUT: (&str, &str) = ("connect_timeout", "2");
const TCP_USER_TIMEOUT: (&str, &str) = ("tcp_user_timeout", "2000");

type Manager = ConnectionManager<PgConnection>;

/// Hands connections to blocking work. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    /// One permit a connection: waiting happens here, on the event loop, not
    /// in a thread.
    places: Arc<Semaphore>,
}

impl Db {
    /// Connects lazily: a database that is down is a matter of each call.
    pub fn new(config: &DatabaseConfig) -> Self {
        let manager = Manager::new(with_timeouts(config.url.expose()));
        let pool = Pool::builder()
            .max_size(config.pool_size)
            .min_idle(Some(0))
            .connection_timeout(WAIT)
            .connection_customizer(Box::new(Prepare))
            .error_handler(Box::new(Report))
            .build_unchecked(manager);
        let places = usize::try_from(config.pool_size).unwrap_or(usize::MAX);
        Self {
            pool,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
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
        let permit = tokio::time::timeout(WAIT, Arc::clone(&self.places).acquire_owned())
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(UNAVAILABLE)?;
        let (pool, span) = (self.pool.clone(), Span::current());
        let task = tokio::task::spawn_blocking(move || {
            // The place is free again when the work is over, not when its
            // caller has lost patience.
            let _permit = permit;
            span.in_scope(|| call(&pool, work))
        });

        match tokio::time::timeout(DEADLINE.saturating_sub(started.elapsed()), task).await {
            Ok(Ok(result)) => result,
            Ok(Err(panicked)) => Err(Error::Internal(panicked.into())),
            Err(_late) => Err(UNAVAILABLE),
        }
    }
}

const UNAVAILABLE: Error = Error::Unavailable(Dependency::Database);

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn call<T, E: Into<Error>>(
    pool: &Pool<Manager>,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, Error> {
    let mut conn = pool.get_timeout(WAIT).map_err(|_| UNAVAILABLE)?;
    let started = Instant::now();
    let result = work(&mut conn).map_err(Into::into);
    // Postgres has many words for "I am going down" and "I took too long";
    // whether the connection still answers, and the clock, tell them all.
    match result {
        Err(Error::Internal(cause))
            if started.elapsed() >= STATEMENT_TIMEOUT || conn.ping().is_err() =>
        {
            tracing::warn!("the database gave up: {cause:#}");
            Err(UNAVAILABLE)
        }
        result => result,
    }
}

/// Once a connection.
#[derive(Debug)]
struct Prepare;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Prepare {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        let timeout = STATEMENT_TIMEOUT.as_millis();
        conn.batch_execute(&format!(
            "set statement_timeout = {timeout}; \
             set idle_in_transaction_session_timeout = {timeout}; \
             set time zone 'UTC'"
        ))
        .map_err(diesel::r2d2::Error::QueryError)
    }
}

/// The pool's troubles, without its URL.
#[derive(Debug)]
struct Report;

impl HandleError<diesel::r2d2::Error> for Report {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        tracing::warn!("no connection to the database: {error}");
    }
}

/// The URL with our time-outs, where it has none of its own.
pub(crate) fn with_timeouts(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [CONNECT_TIMEOUT, TCP_USER_TIMEOUT] {
        if !url.contains(name) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{separator}{name}={value}");
        }
    }
    url
}
