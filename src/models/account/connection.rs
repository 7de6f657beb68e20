//! An identity that is connected, and what becomes of its tokens when they are
//! not wanted any more.

use diesel::prelude::*;

use super::lease::AtRest;
use super::{NewAccount, TokenColumn};
use crate::crypto::keys::KeyRing;
use crate::crypto::sealed;
use crate::models::ids::{AccountId, ProviderRevocationId, UserId};
use crate::models::provider_revocation::{self, TokenType, Unwanted};
use crate::provider::Provider;
use crate::schema::accounts;
use crate::secret::Secret;

/// A connection, locked until the end of the transaction.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = accounts, check_for_backend(diesel::pg::Pg))]
pub struct Connection {
    pub id: AccountId,
    pub user_id: UserId,
    provider: String,
    pub provider_user_id: String,
    pub username: String,
    access_token: Vec<u8>,
    refresh_token: Option<Vec<u8>>,
}

impl Connection {
    /// The account of an identity, whoever's it is. Its person is locked first.
    pub fn of_identity(
        conn: &mut PgConnection,
        provider: Provider,
        provider_user_id: &str,
    ) -> QueryResult<Option<Self>> {
        accounts::table
            .filter(accounts::provider.eq(provider.as_str()))
            .filter(accounts::provider_user_id.eq(provider_user_id))
            .select(Self::as_select())
            .for_update()
            .first(conn)
            .optional()
    }

    /// Whose an identity is; not locked.
    pub fn owner(
        conn: &mut PgConnection,
        provider: Provider,
        provider_user_id: &str,
    ) -> QueryResult<Option<UserId>> {
        accounts::table
            .filter(accounts::provider.eq(provider.as_str()))
            .filter(accounts::provider_user_id.eq(provider_user_id))
            .select(accounts::user_id)
            .first(conn)
            .optional()
    }

    /// All of a person's, in one order, whoever locks them.
    pub fn all_of(conn: &mut PgConnection, user_id: UserId) -> QueryResult<Vec<Self>> {
        accounts::table
            .filter(accounts::user_id.eq(user_id))
            .order(accounts::id)
            .select(Self::as_select())
            .for_update()
            .load(conn)
    }

    pub fn provider(&self) -> Option<Provider> {
        self.provider.parse().ok()
    }

    /// Queues what is stored for revocation, but for what `kept` brings again.
    /// What does not open cannot be revoked.
    pub fn give_up_tokens(
        &self,
        conn: &mut PgConnection,
        ring: &KeyRing,
        kept: Option<&NewAccount>,
    ) -> QueryResult<Vec<ProviderRevocationId>> {
        let Some(provider) = self.provider() else {
            return Ok(Vec::new());
        };
        let open = |value: &[u8], column: TokenColumn| {
            let opened = sealed::open(ring, value, &column.place(self.id));
            if let Err(error) = &opened {
                tracing::warn!(account = %self.id, "a token is given up without being revoked: {error}");
            }
            // What was forgotten lies there as nothing.
            opened.ok().filter(|token| !token.expose().is_empty())
        };
        let access = open(&self.access_token, TokenColumn::Access);
        let refresh = self.refresh_token.as_deref();
        let refresh = refresh.and_then(|value| open(value, TokenColumn::Refresh));
        let is_kept = |old: &Secret, new: Option<&Secret>| {
            new.is_some_and(|new| new.expose() == old.expose())
        };
        // The same access token is the same grant, and its refresh token keeps
        // it alive.
        if let (Some(old), Some(kept)) = (&access, kept)
            && is_kept(old, Some(&kept.access_token))
        {
            return Ok(Vec::new());
        }
        let kept_refresh = kept.and_then(|kept| kept.refresh_token.as_ref());
        let refresh = refresh.filter(|old| !is_kept(old, kept_refresh));
        let mut all = Vec::new();
        if let Some(access) = &access {
            all = unwanted(provider, access, refresh.as_ref());
        } else if let Some(refresh) = &refresh {
            all = unwanted_refresh(provider, refresh).into_iter().collect();
        }
        provider_revocation::queue(conn, ring, Some(self.user_id), provider, &all)
    }

    /// Whether what is stored is this very grant.
    pub fn has(&self, ring: &KeyRing, new: &NewAccount) -> bool {
        let stored = |value: &[u8], column: TokenColumn| {
            sealed::open(ring, value, &column.place(self.id)).ok()
        };
        let access = stored(&self.access_token, TokenColumn::Access);
        let refresh = self.refresh_token.as_deref();
        let refresh = refresh.and_then(|value| stored(value, TokenColumn::Refresh));
        let is_same = |old: &Secret, new: &Secret| old.expose() == new.expose();
        access.is_some_and(|old| is_same(&old, &new.access_token))
            || refresh
                .zip(new.refresh_token.as_ref())
                .is_some_and(|(old, new)| is_same(&old, new))
    }

    pub fn remove(&self, conn: &mut PgConnection) -> QueryResult<()> {
        diesel::delete(accounts::table.find(self.id))
            .execute(conn)
            .map(drop)
    }

    /// Leaves the identity, so that its person can still sign in with it, and
    /// nothing of its tokens. A refresh under way loses.
    pub fn forget_tokens(&self, conn: &mut PgConnection, ring: &KeyRing) -> QueryResult<()> {
        let nothing = sealed::seal(ring, &Secret::new(""), &TokenColumn::Access.place(self.id));
        diesel::update(accounts::table.find(self.id))
            .set((
                accounts::access_token.eq(nothing),
                accounts::refresh_token.eq(None::<Vec<u8>>),
                accounts::access_token_expires_at.eq(None::<chrono::DateTime<chrono::Utc>>),
                accounts::refresh_token_expires_at.eq(None::<chrono::DateTime<chrono::Utc>>),
                accounts::token_generation.eq(accounts::token_generation + 1),
                accounts::needs_reconnect.eq(true),
                AtRest::default(),
            ))
            .execute(conn)
            .map(drop)
    }
}

impl NewAccount {
    /// Queues what was granted for nothing for revocation.
    pub fn give_up(
        &self,
        conn: &mut PgConnection,
        ring: &KeyRing,
        user_id: Option<UserId>,
    ) -> QueryResult<Vec<ProviderRevocationId>> {
        let unwanted = unwanted(
            self.provider,
            &self.access_token,
            self.refresh_token.as_ref(),
        );
        provider_revocation::queue(conn, ring, user_id, self.provider, &unwanted)
    }
}

/// What of these a provider can revoke.
pub(super) fn unwanted<'a>(
    provider: Provider,
    access_token: &'a Secret,
    refresh_token: Option<&'a Secret>,
) -> Vec<Unwanted<'a>> {
    let mut all = vec![(TokenType::Access, access_token)];
    all.extend(refresh_token.and_then(|token| unwanted_refresh(provider, token)));
    all
}

/// GitHub has no way to revoke a refresh token.
fn unwanted_refresh(provider: Provider, token: &Secret) -> Option<Unwanted<'_>> {
    (provider == Provider::Vercel).then_some((TokenType::Refresh, token))
}
