//! Floor 1: Postgres. The pool, and the one door to blocking work.

mod connect;
mod migrate;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use r2d2::{HandleError, Pool};
use tokio::sync::Semaphore;
use tracing::Span;

use crate::config::DatabaseConfig;
use crate::error::{Dependency, Error};
use connect::{ConnectError, Manager, Settings};

pub use connect::connect;
pub use migrate::{MigrateError, migrate, pending_migrations, revert_all, wait_for};

/// How long a caller waits for a place, and then for a connection.
const WAIT: Duration = Duration::from_secs(1);
/// How long a call may take altogether: a frozen database must not hold
/// visitors.
const DEADLINE: Duration = Duration::from_secs(2);
/// Shorter than [`DEADLINE`], so that Postgres gives up before we do.
const STATEMENT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How often the log says that the database is still away.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Hands connections to blocking work. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    /// One permit a connection: waiting happens here, on the event loop, not
    /// in a thread.
    places: Arc<Semaphore>,
    settings: Settings,
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
        let settings = Settings::of(config);
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(WAIT)
            .error_handler(Box::new(Report::default()))
            .build_unchecked(Manager::new(config));
        let places = usize::try_from(size).unwrap_or(usize::MAX);
        Self {
            pool,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            settings,
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
        let (pool, settings, span) = (self.pool.clone(), self.settings, Span::current());
        let task = tokio::task::spawn_blocking(move || {
            // The place is free again when the work is over, not when its
            // caller has lost patience.
            let _permit = permit;
            span.in_scope(|| call(&pool, settings, work))
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

/// The pool's troubles, without its URL. It tries several times a second, and
/// tells now and then.
#[derive(Debug, Default)]
struct Report {
    told: Mutex<Option<Instant>>,
}

impl HandleError<ConnectError> for Report {
    fn handle_error(&self, error: ConnectError) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            tracing::warn!("no connection to the database: {error}");
            *told = Some(Instant::now());
        }
    }
}
