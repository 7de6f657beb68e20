//! What is to be done with what is stored: a function of the row alone, by the
//! database's clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::models::account::{self, MOST_UNANSWERED, StoredTokens};

/// A token that expires sooner is refreshed first: whoever gets it needs time
/// to use it.
const MARGIN: TimeDelta = TimeDelta::seconds(60);
/// What was refreshed a moment ago is not refreshed again however short it
/// lives: else all who waited for it would refresh it once more.
const JUST_REFRESHED: TimeDelta = TimeDelta::seconds(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It can be used.
    Fresh,
    /// It has to be refreshed, and nobody does.
    Due,
    /// Somebody refreshes it.
    Leased,
    /// The provider is left in peace for so long.
    PutOff(Duration),
    /// It cannot be refreshed (any more), for this reason.
    Over(&'static str),
    /// The same, and noted already.
    Refused,
}

impl Standing {
    pub fn of(stored: &StoredTokens) -> Self {
        if stored.needs_reconnect {
            return Self::Refused;
        }
        let told = stored.access_token_expires_at;
        let expires_at = stored
            .provider()
            .and_then(|provider| account::expires_at(provider, told, stored.written_at));
        let Some(expires_at) = expires_at else {
            return Self::Fresh;
        };
        let left = expires_at - stored.now;
        let is_good = left > TimeDelta::zero();
        let just_refreshed = stored
            .refreshed_at
            .is_some_and(|at| stored.now - at < JUST_REFRESHED);
        if left > MARGIN || is_good && just_refreshed {
            return Self::Fresh;
        }
        // Whether the old one outlives a refresh is up to the provider, so it
        // is not used while one is under way.
        let put_off = ahead(stored.not_before, stored.now);
        if ahead(stored.lease_until, stored.now).is_some() {
            // Whoever holds the lease had no answer, and nobody is to wait.
            return put_off.map_or(Self::Leased, Self::PutOff);
        }
        match (why_not(stored), put_off) {
            (None, None) => Self::Due,
            _ if is_good => Self::Fresh,
            (Some(reason), _) => Self::Over(reason),
            (None, Some(wait)) => Self::PutOff(wait),
        }
    }
}

/// Why it cannot be refreshed, if it cannot.
fn why_not(stored: &StoredTokens) -> Option<&'static str> {
    let refresh_expires_at = stored.refresh_token_expires_at;
    if stored.refresh_token.is_none() {
        Some("expired")
    } else if refresh_expires_at.is_some_and(|at| at <= stored.now) {
        Some("refresh_expired")
    } else if stored.unanswered >= MOST_UNANSWERED {
        Some("refresh_unanswered")
    } else {
        None
    }
}

/// How far it lies ahead, if it does.
fn ahead(time: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Duration> {
    let ahead = (time? - now).to_std().ok()?;
    (!ahead.is_zero()).then_some(ahead)
}
