//! Cookies that were replaced a moment ago. An answer that was slow must not
//! undo in the browser what a later one has done.

use std::time::Instant;

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

/// Of these the newest matter: those of requests that are being answered.
const CAPACITY: usize = 10_000;

/// Of a cookie's value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    pub fn of(value: &[u8]) -> Self {
        Self(Sha256::digest(value).into())
    }
}

/// Bounded: what does not fit is forgotten, at the price of one more sign-in.
pub struct Replaced(Cache<Digest, Instant>);

impl Default for Replaced {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Replaced {
    pub fn note(&self, digest: Option<Digest>) {
        if let Some(digest) = digest {
            self.0.insert(digest, Instant::now());
        }
    }

    /// Whether it was replaced after this: while the request that brought it
    /// was being answered.
    pub fn since(&self, digest: Option<Digest>, arrived: Instant) -> bool {
        let noted = digest.and_then(|digest| self.0.get(&digest));
        noted.is_some_and(|noted| noted >= arrived)
    }
}
