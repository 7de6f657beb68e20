//! Live calls for pages: one at a time for an account, and none where a
//! provider asks to be left alone.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use crate::models::ids::AccountId;

/// What is forgotten is asked once more.
const CAPACITY: usize = 10_000;
/// A provider that wants to be left alone for longer is asked all the same.
const LONGEST: Duration = Duration::from_hours(1);
/// Where it does not say how long.
const USUAL: Duration = Duration::from_secs(30);

pub struct LiveCalls {
    under_way: Mutex<HashSet<AccountId>>,
    left_alone_until: Cache<AccountId, Instant>,
}

/// Why there is no call now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// Another page of the same person asks already.
    UnderWay,
    LeftAlone,
}

/// A call: over when it is dropped.
pub struct LiveCall<'a> {
    calls: &'a LiveCalls,
    account: AccountId,
}

impl Default for LiveCalls {
    fn default() -> Self {
        Self {
            under_way: Mutex::default(),
            left_alone_until: Cache::new(CAPACITY),
        }
    }
}

impl LiveCalls {
    pub fn begin(&self, account: AccountId) -> Result<LiveCall<'_>, NotNow> {
        let until = self.left_alone_until.get(&account);
        if until.is_some_and(|until| Instant::now() < until) {
            return Err(NotNow::LeftAlone);
        }
        if !self.under_way().insert(account) {
            return Err(NotNow::UnderWay);
        }
        Ok(LiveCall {
            calls: self,
            account,
        })
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<AccountId>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveCall<'_> {
    /// The provider has had enough for a while.
    pub fn leave_alone(&self, asked: Option<Duration>) {
        let until = Instant::now() + asked.unwrap_or(USUAL).min(LONGEST);
        self.calls.left_alone_until.insert(self.account, until);
    }
}

impl Drop for LiveCall<'_> {
    fn drop(&mut self) {
        self.calls.under_way().remove(&self.account);
    }
}
