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
        let token = match self.remembered(&hash) {
            Some(token) => token,
            None => match self.look_up(hash).await? {
                Some(token) => token,
                None => return Ok(None),
            },
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

    fn remembered(&self, hash: &TokenHash) -> Option<Arc<VerifiedToken>> {
        let limit = REMEMBERED_FOR.to_std().unwrap_or_default();
        let found = self.verified.get(hash)?;
        (found.since.elapsed() < limit).then_some(found.token)
    }

    async fn look_up(&self, hash: TokenHash) -> Result<Option<Arc<VerifiedToken>>, Error> {
        let since = Instant::now();
        let found = self
            .db
            .run(move |conn| ApiToken::look_up(conn, &hash))
            .await;
        let token = match found {
            Ok(token) => Arc::new(token),
            Err(Error::NotFound) => {
                self.verified.remove(&hash);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let remembered = Remembered {
            token: Arc::clone(&token),
            since,
        };
        self.verified.insert(hash, remembered);
        Ok(Some(token))
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
