//! Floor 3: a provider token that is fresh, refreshed once however many ask.
//!
//! ```text
//! standing    what is to be done with what is stored
//! refresh     under a lease: present the refresh token, store what comes
//! shared      callers of one process wait for one refresh
//! ```
//!
//! The states of an account and what happens should a process end between any
//! two steps stand in docs/decisions/refreshing.md.

mod refresh;
mod shared;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;

use crate::config::ProviderConfig;
use crate::crypto::keys::LiveRing;
use crate::crypto::sealed::{self, OpenError};
use crate::db::Db;
use crate::error::{Dependency, Error, Problem};
use crate::models::Scope;
use crate::models::account::{StoredTokens, TokenColumn};
use crate::models::ids::AccountId;
use crate::provider::Provider;
use crate::secret::Secret;
use shared::Shared;
use standing::Standing;

/// How long anybody waits for a refresh.
const WAIT: Duration = Duration::from_secs(10);
/// So many refreshes are under way in a process and provider: one that hangs does not
/// make us open a connection for everybody.
const MOST_AT_ONCE: usize = 100;
/// When to come again after that.
const COME_AGAIN: Duration = Duration::from_secs(5);

/// A provider's access token that can be used now.
#[derive(Clone)]
pub struct FreshToken {
    pub token: Secret,
    /// What was granted.
    pub scopes: Vec<String>,
    /// As the provider told it, if it did.
    pub expires_at: Option<DateTime<Utc>>,
    /// Which tokens these are, so that a provider's "no" to them is not taken
    /// for one to others.
    stored: StoredTokens,
}

impl FreshToken {
    /// Whose it is.
    pub fn account(&self) -> AccountId {
        self.stored.id
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoToken {
    /// Nothing is connected there.
    NotConnected,
    /// Only the person can mend it.
    Reconnect,
    /// The provider cannot answer now: when to come again.
    Later(Duration),
    /// Somebody has refreshed it all the while.
    StillLeased,
    Unavailable(Dependency),
    Internal(String),
}

impl From<Error> for NoToken {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(dependency) => Self::Unavailable(dependency),
            error => Self::Internal(error.to_string()),
        }
    }
}

impl From<NoToken> for Error {
    fn from(reason: NoToken) -> Self {
        match reason {
            NoToken::NotConnected => Self::NotFound,
            NoToken::Reconnect => Self::Conflict(Problem {
                code: "reconnect_needed",
                message: "What the provider granted cannot be used any more. Its person has to reconnect it on their account page.",
            }),
            NoToken::StillLeased => NoToken::Later(COME_AGAIN).into(),
            NoToken::Later(wait) => Self::Later(
                Problem {
                    code: "provider_unavailable",
                    message: "The provider cannot refresh the token right now. Please try again as Retry-After says.",
                },
                wait,
            ),
            NoToken::Unavailable(dependency) => Self::Unavailable(dependency),
            NoToken::Internal(cause) => Self::Internal(anyhow::Error::msg(cause)),
        }
    }
}

/// Hands out provider tokens. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    db: Db,
    ring: Arc<LiveRing>,
    providers: Arc<[ProviderConfig]>,
    shared: Arc<Shared>,
    /// One permit a refresh, each provider its own. Waiting happens before
    /// anything is presented.
    turns: Arc<[Semaphore; 2]>,
}

impl Vault {
    pub fn new(db: Db, ring: Arc<LiveRing>, providers: Arc<[ProviderConfig]>) -> Self {
        Self {
            db,
            ring,
            providers,
            shared: Arc::default(),
            turns: Arc::new([MOST_AT_ONCE; 2].map(Semaphore::new)),
        }
    }

    /// The caller's access token at a provider, refreshed first if it has to
    /// be. The only way to a token that can be used.
    pub async fn fresh_token(
        &self,
        scope: Scope,
        provider: Provider,
    ) -> Result<FreshToken, NoToken> {
        // Who comes while others wait, waits with them.
        if self.shared.is_under_way(scope, provider) {
            return self.shared_refresh(scope, provider).await;
        }
        let stored = self.read(scope, provider).await?;
        match Standing::of(&stored) {
            Standing::Fresh => self.open(stored).await,
            Standing::Refused => Err(NoToken::Reconnect),
            _ => self.shared_refresh(scope, provider).await,
        }
    }

    async fn read(&self, scope: Scope, provider: Provider) -> Result<StoredTokens, NoToken> {
        let read = move |conn: &mut _| StoredTokens::of_caller(conn, scope, provider);
        self.db.run(read).await?.ok_or(NoToken::NotConnected)
    }

    /// The provider did not accept a token that we took for good. Where there
    /// is a refresh token it decides whether the grant is over; else it is.
    pub async fn was_rejected(&self, token: &FreshToken) {
        let stored = token.stored.clone();
        let noted = self.db.run(move |conn| {
            if stored.refresh_token.is_some() {
                stored.expire(conn)
            } else {
                stored.end(conn, "withdrawn")
            }
        });
        if let Err(error) = noted.await {
            tracing::warn!("a token that was withdrawn is not noted: {error}");
        }
    }

    fn turn(&self, provider: Provider) -> &Semaphore {
        let [github, vercel] = &*self.turns;
        match provider {
            Provider::GitHub => github,
            Provider::Vercel => vercel,
        }
    }

    fn provider(&self, provider: Provider) -> Option<&ProviderConfig> {
        let mut all = self.providers.iter();
        all.find(|config| config.provider == provider)
    }

    /// A value that does not open will not open tomorrow either: its person has
    /// to reconnect. Unless it is the key that is missing: another process may
    /// have it.
    async fn open(&self, stored: StoredTokens) -> Result<FreshToken, NoToken> {
        let token = self.open_sealed(stored.id, &stored.access_token, TokenColumn::Access);
        match token {
            Ok(token) => Ok(FreshToken {
                token,
                scopes: words(&stored.scope),
                expires_at: stored.access_token_expires_at,
                stored,
            }),
            Err(error) => Err(self.not_opened(stored, error).await),
        }
    }

    fn open_sealed(
        &self,
        id: AccountId,
        value: &[u8],
        column: TokenColumn,
    ) -> Result<Secret, OpenError> {
        let place = column.place(id);
        self.ring.try_with(
            |ring| sealed::open(ring, value, &place),
            |error| *error == OpenError::UnknownKey,
        )
    }

    async fn not_opened(&self, stored: StoredTokens, error: OpenError) -> NoToken {
        tracing::error!(account = %stored.id, "a stored token cannot be used: {error}");
        match error {
            OpenError::UnknownKey => NoToken::Unavailable(Dependency::Keys),
            OpenError::Broken => self.end(stored, "does_not_open").await,
        }
    }

    async fn end(&self, stored: StoredTokens, reason: &'static str) -> NoToken {
        match self.db.run(move |conn| stored.end(conn, reason)).await {
            Ok(()) => NoToken::Reconnect,
            Err(error) => error.into(),
        }
    }
}

fn words(scope: &str) -> Vec<String> {
    scope.split_whitespace().map(str::to_owned).collect()
}
