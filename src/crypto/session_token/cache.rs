//! The memory of tokens that were verified already.

use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::VerifiedSession;

/// How many verified tokens a process remembers: about 10 MB when full.
const CAPACITY: usize = 10_000;

pub(super) type TokenDigest = [u8; 32];

/// Bounded and concurrent. Only tokens that passed every check get in, so
/// nobody can push others out with rubbish.
pub(super) struct VerifiedCache(Cache<TokenDigest, Arc<VerifiedSession>>);

impl Default for VerifiedCache {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl VerifiedCache {
    pub fn digest(token: &[u8]) -> TokenDigest {
        Sha256::digest(token).into()
    }

    pub fn get(&self, digest: &TokenDigest) -> Option<Arc<VerifiedSession>> {
        self.0.get(digest)
    }

    pub fn insert(&self, digest: TokenDigest, session: Arc<VerifiedSession>) {
        self.0.insert(digest, session);
    }
}
