//! The pool, and calls that may not come back.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use r2d2::{HandleError, Pool};
use tokio::sync::Semaphore;

use super::WAIT;
use super::connect::{ConnectError, Manager};
use crate::config::DatabaseConfig;

/// How often the log says that the database is still away.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// A pool whose calls do not come back is given up this soon after it was
/// made, and no sooner: so many threads may wait for it at most.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(10);

/// A pool, and what is known of the calls that use it.
pub(super) struct Connections {
    pub pool: Pool<Manager>,
    /// One permit a connection: waiting happens here, on the event loop, not
    /// in a thread.
    pub places: Arc<Semaphore>,
    /// Calls that nobody waits for any more, and that have not come back.
    lost: AtomicUsize,
    made: Instant,
}

/// A call: under way, lost, or over.
#[derive(Default)]
pub(super) struct Call(AtomicU8);

impl Call {
    const LOST: u8 = 1;
    const OVER: u8 = 2;

    /// Nobody waits for it any more.
    fn lose(&self, connections: &Connections) {
        let lost = self
            .0
            .compare_exchange(0, Self::LOST, Ordering::AcqRel, Ordering::Acquire);
        if lost.is_ok() {
            connections.lost.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn end(&self, connections: &Connections) {
        if self.0.swap(Self::OVER, Ordering::AcqRel) == Self::LOST {
            connections.lost.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Connections {
    /// Whether others are to be made, because some of these do not come back.
    pub fn are_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire) > 0 && self.made.elapsed() >= GIVEN_UP_AFTER
    }

    pub fn new(config: &DatabaseConfig, size: u32) -> Self {
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
            lost: AtomicUsize::new(0),
            made: Instant::now(),
        }
    }
}

/// Whoever waits for a call. Gone, whether patience or the visitor is, it is
/// lost, unless it is over.
pub(super) struct Waiting {
    pub call: Arc<Call>,
    pub connections: Arc<Connections>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.call.lose(&self.connections);
    }
}

/// Whoever does the work of a call. Gone, by a panic too, it is over.
pub(super) struct Working {
    pub call: Arc<Call>,
    pub connections: Arc<Connections>,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.call.end(&self.connections);
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
