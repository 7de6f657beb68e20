//! The memory of tokens that were verified already.

use std::sync::{Arc, Weak};

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::VerifiedSession;
use crate::crypto::keys::KeyRing;

/// How many verified tokens a process remembers: about 10 MB when full.
const CAPACITY: usize = 10_000;

pub(super) type TokenDigest = [u8; 32];

/// Bounded and concurrent. Only tokens that passed every check get in, so
/// nobody can push others out with rubbish.
pub(super) struct VerifiedCache(Cache<TokenDigest, Verified>);

/// What was verified, and with which ring: when that changes it has to be
/// verified anew.
#[derive(Clone)]
struct Verified {
    session: Arc<VerifiedSession>,
    ring: Weak<KeyRing>,
}

impl Default for VerifiedCache {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl VerifiedCache {
    pub fn digest(token: &[u8]) -> TokenDigest {
        Sha256::digest(token).into()
    }

    pub fn get(&self, digest: &TokenDigest, ring: &Arc<KeyRing>) -> Option<Arc<VerifiedSession>> {
        let found = self.0.get(digest)?;
        let is_current = std::ptr::eq(found.ring.as_ptr(), Arc::as_ptr(ring));
        is_current.then_some(found.session)
    }

    pub fn insert(&self, digest: TokenDigest, session: Arc<VerifiedSession>, ring: &Arc<KeyRing>) {
        let ring = Arc::downgrade(ring);
        self.0.insert(digest, Verified { session, ring });
    }
}
