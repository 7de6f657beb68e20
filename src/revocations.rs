//! Floor 3: the ids that are over, in memory, so that a request pays no query
//! to be refused.
//!
//! ```text
//! ids     the set, and until when each has to be kept
//! feed    keeps it true: one small query every 250 ms
//! ```

mod feed;
mod ids;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use uuid::Uuid;

use ids::Ids;

pub use feed::Feed;

/// When the start of the last good poll lies further back, an ended session
/// might still pass here: nobody does.
pub const STALE_AFTER: Duration = Duration::from_secs(30);

/// What is known of a session or an API token whose signature is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not over, as of the last good poll.
    Good,
    /// Over, for good.
    Revoked,
    /// It may have ended: the last good poll is too old, or there was none.
    Unknown,
}

/// What this process refuses although its signature is good.
pub struct Revocations {
    ids: Ids,
    made: Instant,
    /// Milliseconds after `made`; 0 until everything has been read once.
    fresh_until: AtomicU64,
    loaded: Notify,
}

impl Default for Revocations {
    fn default() -> Self {
        Self {
            ids: Ids::default(),
            made: Instant::now(),
            fresh_until: AtomicU64::new(0),
            loaded: Notify::new(),
        }
    }
}

impl Revocations {
    pub fn standing(&self, subject: Uuid) -> Standing {
        if self.ids.contains(subject) {
            Standing::Revoked
        } else if self.is_fresh() {
            Standing::Good
        } else {
            Standing::Unknown
        }
    }

    /// Refuses a subject from now on, here. The others hear of it from the
    /// database.
    pub fn refuse(&self, subject: Uuid, until: DateTime<Utc>) {
        self.ids.insert(subject, until);
    }

    /// Whether everything that was revoked has been read once.
    pub fn is_loaded(&self) -> bool {
        self.fresh_until.load(Ordering::Acquire) != 0
    }

    /// Whether the last good poll is recent enough to go by.
    pub fn is_fresh(&self) -> bool {
        let now = u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX);
        now < self.fresh_until.load(Ordering::Acquire)
    }

    /// Whether a poll that began within this time was good.
    pub fn heard_within(&self, time: Duration) -> bool {
        let fresh_until = Duration::from_millis(self.fresh_until.load(Ordering::Acquire));
        !fresh_until.is_zero() && self.made.elapsed() + STALE_AFTER < fresh_until + time
    }

    /// Waits for the first load.
    pub async fn loaded(&self) {
        let notified = self.loaded.notified();
        if !self.is_loaded() {
            notified.await;
        }
    }

    /// How many ids are held.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A poll that began then has read everything.
    fn confirm(&self, began: Instant) {
        let until = began.saturating_duration_since(self.made) + STALE_AFTER;
        let until = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
        self.fresh_until.store(until, Ordering::Release);
        self.loaded.notify_waiters();
    }
}
