//! One refresh: under a lease that one process holds, never holding a
//! connection while the provider thinks.

use std::time::{Duration, Instant};

use super::standing::Standing;
use super::{COME_AGAIN, FreshToken, NoToken, Vault, WAIT, words};
use crate::error::Error;
use crate::models::Scope;
use crate::models::account::{LEASE, Lease, NewTokens, StoredTokens, TokenColumn};
use crate::models::ids::UserId;
use crate::oauth::{Http, OAuthError, ProviderClient, ProviderTokens};
use crate::provider::Provider;

/// How often a process looks whether another one has finished.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// No call to a provider lasts longer.
const LONGEST_CALL: Duration = Duration::from_secs(10);
/// New tokens are in nobody's hands but ours: so long the database may be away.
const STORE_WITHIN: Duration = Duration::from_mins(10);
/// Everything else can be found out again.
const NOTE_WITHIN: Duration = Duration::from_secs(10);
/// A statement whose caller has lost patience comes to its end by then.
const SHOWS_WITHIN: Duration = Duration::from_secs(4);
/// How often that is tried.
const TRY_EVERY: Duration = Duration::from_millis(250);
/// A refresh token that was refused may have been replaced meanwhile: the row
/// is read again, and what it holds then is tried, once.
const MOST_CALLS: usize = 2;

impl Vault {
    /// Reads the row until there is a token, or certainly none. Whoever else
    /// refreshes is waited for.
    pub(super) async fn obtain(
        &self,
        scope: Scope,
        provider: Provider,
        http: &Http,
    ) -> Result<FreshToken, NoToken> {
        let (began, mut calls) = (Instant::now(), 0);
        loop {
            let stored = self.read(scope, provider).await?;
            match Standing::of(&stored) {
                Standing::Fresh => return self.open(stored).await,
                Standing::Refused => return Err(NoToken::Reconnect),
                Standing::Over(reason) => return Err(self.end(stored, reason).await),
                Standing::PutOff(wait) => return Err(NoToken::Later(wait)),
                _ if calls == MOST_CALLS => return Err(NoToken::Later(COME_AGAIN)),
                _ if began.elapsed() > WAIT => return Err(NoToken::StillLeased),
                Standing::Leased => tokio::time::sleep(LOOK_EVERY).await,
                Standing::Due => {
                    calls += 1;
                    self.attempt(stored, http).await?;
                }
            }
        }
    }

    /// Afterwards the row is to be read again, unless there is certainly no
    /// token.
    async fn attempt(&self, stored: StoredTokens, http: &Http) -> Result<(), NoToken> {
        let Some(provider) = stored.provider() else {
            return Err(NoToken::Internal("a provider that is none".to_owned()));
        };
        let Some(config) = self.provider(provider) else {
            tracing::warn!(%provider, "a token cannot be refreshed: the provider is not set up here");
            return Err(NoToken::Later(COME_AGAIN));
        };
        // Before anything is taken: a key that is missing here costs nothing.
        let sealed = stored.refresh_token.as_deref().unwrap_or_default();
        let refresh_token = match self.open_sealed(stored.id, sealed, TokenColumn::Refresh) {
            Ok(token) => token,
            Err(error) => return Err(self.not_opened(stored, error).await),
        };
        let permit = tokio::time::timeout(WAIT, self.turn(provider).acquire()).await;
        let Ok(Ok(_permit)) = permit else {
            return Err(NoToken::Later(COME_AGAIN));
        };
        let (lease, asked) = (Lease::of(&stored), Instant::now());
        match self.db.run(move |conn| lease.take(conn)).await {
            // This process may have been frozen meanwhile, and somebody else be
            // at it by now.
            Ok(true) if asked.elapsed() + LONGEST_CALL < LEASE => {}
            Ok(true) => {
                self.give_back(lease).await;
                return Ok(());
            }
            Ok(false) => return Ok(()),
            Err(error) => {
                // It may be ours all the same, or become so in a moment.
                self.give_back(lease).await;
                return Err(error.into());
            }
        }
        let client = ProviderClient::new(config, "", http);
        let answer = client.refresh(&refresh_token, &words(&stored.scope)).await;
        let of = (stored.user_id, provider);
        match answer {
            Ok(tokens) => self.keep(lease, of, stored, tokens).await,
            Err(error) => self.settle(lease, of, &stored, &error).await,
        }
    }

    /// New tokens are stored, or queued for revocation when the lease has lost:
    /// to a disconnection, a deletion, or another sign-in.
    async fn keep(
        &self,
        lease: Lease,
        of: (UserId, Provider),
        stored: StoredTokens,
        tokens: ProviderTokens,
    ) -> Result<(), NoToken> {
        let new = std::sync::Arc::new(new_tokens(tokens));
        let kept = self
            .insist(STORE_WITHIN, || {
                let (ring, new) = (self.ring.current(), std::sync::Arc::clone(&new));
                async move {
                    let store = self.db.run(move |conn| lease.store(conn, &ring, of, &new));
                    store.await
                }
            })
            .await?;
        let account = stored.id;
        if kept {
            tracing::info!(%account, provider = %of.1, "refreshed");
        } else {
            tracing::info!(%account, "refreshed tokens are not wanted any more, and will be revoked");
        }
        Ok(())
    }

    /// Nothing was presented under it. Whether it was taken may show late.
    async fn give_back(&self, lease: Lease) {
        let began = Instant::now();
        while began.elapsed() < SHOWS_WITHIN {
            let given_back = self.db.run(move |conn| lease.give_back(conn)).await;
            if matches!(given_back, Ok(true)) {
                return;
            }
            tokio::time::sleep(TRY_EVERY).await;
        }
    }

    async fn settle(
        &self,
        lease: Lease,
        of: (UserId, Provider),
        stored: &StoredTokens,
        error: &OAuthError,
    ) -> Result<(), NoToken> {
        let account = stored.id;
        tracing::warn!(%account, provider = %of.1, "not refreshed: {error}");
        if error.ends_the_grant() {
            let refused = self.insist(NOTE_WITHIN, || async move {
                self.db.run(move |conn| lease.refused(conn, of)).await
            });
            // If not, somebody has replaced the tokens meanwhile.
            return if refused.await? {
                Err(NoToken::Reconnect)
            } else {
                Ok(())
            };
        }
        if error.may_have_been_done() {
            // It may be spent: the lease is left to lapse, then it is tried
            // once more.
            self.insist(NOTE_WITHIN, || async move {
                self.db.run(move |conn| lease.unanswered(conn)).await
            })
            .await?;
            return Ok(());
        }
        let asked = error.retry_after();
        self.insist(NOTE_WITHIN, || async move {
            self.db.run(move |conn| lease.put_off(conn, asked)).await
        })
        .await
    }

    /// Tries until the database takes it, for so long.
    async fn insist<T, F>(&self, within: Duration, work: impl Fn() -> F) -> Result<T, NoToken>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let began = Instant::now();
        loop {
            match work().await {
                Err(Error::Unavailable(_)) if began.elapsed() < within => {
                    tokio::time::sleep(TRY_EVERY).await;
                }
                result => return Ok(result?),
            }
        }
    }
}

fn new_tokens(tokens: ProviderTokens) -> NewTokens {
    NewTokens {
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        access_token_lives: tokens.expires_in,
        refresh_token_lives: tokens.refresh_token_expires_in,
        scope: tokens.scopes.join(" "),
    }
}
