//! Floor 3: programs that come with an API token.
//!
//! A token is looked up once a minute and process at most; in between it is
//! remembered, and refused as soon as it is revoked anywhere.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use crate::clock::Clock;
use crate::crypto::api_token::{PlainToken, TokenHash};
use crate::db::Db;
use crate::error::{Dependency, Error};
use crate::models::api_token::{ApiToken, REMEMBERED_FOR, VerifiedToken};
use crate::models::ids::ApiTokenId;
use crate::revocations::{Revocations, Standing};

/// How many tokens a process remembers: some 5 MB when full.
const CAPACITY: usize = 10_000;
/// When tokens were used is written so often.
const WRITE_EVERY: Duration = Duration::from_secs(10);

/// Knows which programs may come in.
pub struct Programs {
    db: Db,
    revocations: Arc<Revocations>,
    clock: Arc<Clock>,
    /// Only tokens that the database knows get in, so nobody can push others
    /// out with rubbish.
    verified: Cache<TokenHash, Remembered>,
    used: Mutex<HashSet<ApiTokenId>>,
}

#[derive(Clone)]
struct Remembered {
    token: Arc<VerifiedToken>,
    since: Instant,
}

impl Programs {
    pub fn new(db: Db, revocations: Arc<Revocations>, clock: Arc<Clock>) -> Self {
        Self {
            db,
            revocations,
            clock,
            verified: Cache::new(CAPACITY),
            used: Mutex::default(),
        }
    }

    /// The token behind this text. `None` for whatever is not one, or not any
    /// more: who asks is not told which.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be told now.
    pub async fn verify(&self, text: &str) -> Result<Option<Arc<VerifiedToken>>, Error> {
        let Some(plain) = PlainToken::parse(text) else {
            return Ok(None);
        };
        let hash = plain.hash();
        let Some(token) = self.known(hash).await? else {
            return Ok(None);
        };
        if token.is_expired(self.clock.now()) {
            return Ok(None);
        }
        match self.revocations.standing(token.id().as_uuid()) {
            Standing::Good => {
                self.used().insert(token.id());
                Ok(Some(token))
            }
            Standing::Revoked => Ok(None),
            Standing::Unknown => Err(Error::Unavailable(Dependency::Database)),
        }
    }

    /// As it is remembered, or looked up: once, however many come with it at
    /// once.
    async fn known(&self, hash: TokenHash) -> Result<Option<Arc<VerifiedToken>>, Error> {
        let limit = REMEMBERED_FOR.to_std().unwrap_or_default();
        if let Some(found) = self.verified.get(&hash) {
            if found.since.elapsed() < limit {
                return Ok(Some(found.token));
            }
            self.verified.remove(&hash);
        }
        let look_up = self.look_up(hash);
        match self.verified.get_or_insert_async(&hash, look_up).await {
            Ok(found) => Ok(Some(found.token)),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `NotFound` for what the database does not know.
    async fn look_up(&self, hash: TokenHash) -> Result<Remembered, Error> {
        let since = Instant::now();
        let found = self
            .db
            .run(move |conn| ApiToken::look_up(conn, &hash))
            .await;
        Ok(Remembered {
            token: Arc::new(found?),
            since,
        })
    }

    /// A token that was revoked here: refused from now on.
    pub fn refuse(&self, id: ApiTokenId) {
        let until = self.clock.now() + REMEMBERED_FOR * 2;
        self.revocations.refuse(id.as_uuid(), until);
    }

    /// Writes when tokens were used, off the path of requests. Until it is
    /// dropped.
    pub async fn write_used(&self) {
        loop {
            tokio::time::sleep(WRITE_EVERY).await;
            self.write_used_now().await;
        }
    }

    pub async fn write_used_now(&self) {
        let ids: Vec<_> = self.used().drain().collect();
        if ids.is_empty() {
            return;
        }
        let again = ids.clone();
        if let Err(error) = self.db.run(move |conn| ApiToken::used(conn, &ids)).await {
            tracing::debug!("when tokens were used is to be written later: {error}");
            self.used().extend(again);
        }
    }

    fn used(&self) -> std::sync::MutexGuard<'_, HashSet<ApiTokenId>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
