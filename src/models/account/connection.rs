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

    /// One that is known by its id.
    pub(super) fn of_account(conn: &mut PgConnection, id: AccountId) -> QueryResult<Option<Self>> {
        let account = accounts::table.find(id).select(Self::as_select());
        account.for_update().first(conn).optional()
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
        let stored = self.open(ring);
        let kept = kept.map(NewAccount::tokens).unwrap_or_default();
        let all = unwanted(provider, stored.pair(), kept);
        provider_revocation::queue(conn, ring, Some(self.user_id), provider, &all)
    }

    /// What is stored and can be opened.
    pub(super) fn open(&self, ring: &KeyRing) -> Opened {
        let open = |value: &[u8], column: TokenColumn| {
            let opened = sealed::open(ring, value, &column.place(self.id));
            if let Err(error) = &opened {
                tracing::warn!(account = %self.id, "a stored token is passed over: {error}");
            }
            // What was forgotten lies there as nothing.
            opened.ok().filter(|token| !token.expose().is_empty())
        };
        let refresh = self.refresh_token.as_deref();
        Opened {
            access: open(&self.access_token, TokenColumn::Access),
            refresh: refresh.and_then(|value| open(value, TokenColumn::Refresh)),
        }
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
    /// Queues what was granted for nothing for revocation, but for what is had
    /// already.
    pub fn give_up(
        &self,
        conn: &mut PgConnection,
        ring: &KeyRing,
        user_id: Option<UserId>,
        had: Option<&Connection>,
    ) -> QueryResult<Vec<ProviderRevocationId>> {
        let had = had.map(|connection| connection.open(ring));
        let had = had.as_ref().map(Opened::pair).unwrap_or_default();
        let all = unwanted(self.provider, self.tokens(), had);
        provider_revocation::queue(conn, ring, user_id, self.provider, &all)
    }

    fn tokens(&self) -> Pair<'_> {
        (Some(&self.access_token), self.refresh_token.as_ref())
    }
}

/// Tokens of one grant, in the plain.
pub(super) struct Opened {
    access: Option<Secret>,
    refresh: Option<Secret>,
}

impl Opened {
    pub fn pair(&self) -> Pair<'_> {
        (self.access.as_ref(), self.refresh.as_ref())
    }
}

/// An access token and a refresh token.
pub type Pair<'a> = (Option<&'a Secret>, Option<&'a Secret>);

/// What of these a provider is to revoke, when others are kept. The same access
/// token is the same grant, and its refresh token keeps it alive. GitHub has no
/// way to revoke a refresh token.
pub fn unwanted<'a>(
    provider: Provider,
    (access, refresh): Pair<'a>,
    (kept_access, kept_refresh): Pair<'_>,
) -> Vec<Unwanted<'a>> {
    if is_same(access, kept_access) {
        return Vec::new();
    }
    let refresh =
        refresh.filter(|_| provider == Provider::Vercel && !is_same(refresh, kept_refresh));
    let access = access.map(|token| (TokenType::Access, token));
    let refresh = refresh.map(|token| (TokenType::Refresh, token));
    access.into_iter().chain(refresh).collect()
}

pub(super) fn is_same(one: Option<&Secret>, other: Option<&Secret>) -> bool {
    one.zip(other)
        .is_some_and(|(one, other)| one.expose() == other.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is revoked of `a` and `r`, when these are kept.
    fn revoked(provider: Provider, kept: (Option<&str>, Option<&str>)) -> Vec<&'static str> {
        let secret = |text: &str| Secret::new(text);
        let (access, refresh) = (secret("a"), secret("r"));
        let kept = (kept.0.map(secret), kept.1.map(secret));
        let kept = (kept.0.as_ref(), kept.1.as_ref());
        let all = unwanted(provider, (Some(&access), Some(&refresh)), kept);
        all.iter().map(|(kind, _)| kind.as_str()).collect()
    }

    #[test]
    fn what_is_kept_is_not_revoked() {
        let (both, access) = (vec!["access_token", "refresh_token"], vec!["access_token"]);
        for (kept, vercels, githubs) in [
            ((None, None), &both, &access),
            ((Some("b"), Some("s")), &both, &access),
            ((Some("b"), Some("r")), &access, &access),
            ((Some("a"), Some("r")), &vec![], &vec![]),
            // The same access token is the same grant.
            ((Some("a"), Some("s")), &vec![], &vec![]),
            ((Some("a"), None), &vec![], &vec![]),
        ] {
            assert_eq!(revoked(Provider::Vercel, kept), *vercels, "{kept:?}");
            assert_eq!(revoked(Provider::GitHub, kept), *githubs, "{kept:?}");
        }
    }
}
