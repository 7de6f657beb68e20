//! Identities at providers, with their sealed tokens.

mod connection;
mod lease;
mod tokens;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::Scope;
use super::ids::{AccountId, UserId};
use super::time::from_now_if;
use crate::crypto::keys::KeyRing;
use crate::crypto::sealed;
use crate::provider::Provider;
use crate::schema::accounts;
use crate::secret::Secret;
use lease::AtRest;

pub use connection::{Connection, Pair, unwanted};
pub use lease::{LEASE, Lease, MOST_UNANSWERED, NewTokens};
pub use tokens::StoredTokens;

/// How long Vercel's access tokens live where it does not say.
const VERCEL_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// What a provider told about an identity.
#[derive(Clone)]
pub struct NewAccount {
    pub provider: Provider,
    pub provider_user_id: String,
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    /// What was granted, separated by spaces.
    pub scope: String,
    pub access_token: Secret,
    pub refresh_token: Option<Secret>,
    pub access_token_lives: Option<Duration>,
    pub refresh_token_lives: Option<Duration>,
}

/// The columns that every sign-in writes anew, tokens sealed to their row.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = accounts, treat_none_as_null = true)]
struct Written {
    username: String,
    email: Option<String>,
    email_verified: bool,
    scope: String,
    access_token: Vec<u8>,
    refresh_token: Option<Vec<u8>>,
}

/// Where an account's token is sealed to.
#[derive(Clone, Copy)]
pub enum TokenColumn {
    Access,
    Refresh,
}

impl TokenColumn {
    /// `accounts/<id>/<column>`: the associated data of the seal.
    pub fn place(self, id: AccountId) -> String {
        let column = match self {
            Self::Access => "access_token",
            Self::Refresh => "refresh_token",
        };
        format!("accounts/{id}/{column}")
    }
}

impl NewAccount {
    /// A new identity. `None` when another sign-in was quicker, or when its
    /// person has another one at this provider already.
    pub fn create(
        &self,
        conn: &mut PgConnection,
        ring: &KeyRing,
        user_id: UserId,
    ) -> QueryResult<Option<AccountId>> {
        let id = AccountId::new();
        diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(id),
                accounts::user_id.eq(user_id),
                accounts::provider.eq(self.provider.as_str()),
                accounts::provider_user_id.eq(&self.provider_user_id),
                self.written(ring, id),
                accounts::access_token_expires_at.eq(from_now_if(self.access_token_lives)),
                accounts::refresh_token_expires_at.eq(from_now_if(self.refresh_token_lives)),
            ))
            // The identity, or another one of this person's at the provider.
            .on_conflict_do_nothing()
            .returning(accounts::id)
            .get_result(conn)
            .optional()
    }

    /// A later sign-in: everything is replaced, and a refresh under way loses.
    pub fn replace(
        &self,
        conn: &mut PgConnection,
        ring: &KeyRing,
        id: AccountId,
    ) -> QueryResult<()> {
        diesel::update(accounts::table.find(id))
            .set((
                self.written(ring, id),
                accounts::access_token_expires_at.eq(from_now_if(self.access_token_lives)),
                accounts::refresh_token_expires_at.eq(from_now_if(self.refresh_token_lives)),
                accounts::token_generation.eq(accounts::token_generation + 1),
                AtRest::default(),
                accounts::refreshed_at.eq(None::<DateTime<Utc>>),
                accounts::needs_reconnect.eq(false),
                accounts::updated_at.eq(diesel::dsl::now),
            ))
            .execute(conn)
            .map(drop)
    }

    fn written(&self, ring: &KeyRing, id: AccountId) -> Written {
        let seal = |token, column: TokenColumn| sealed::seal(ring, token, &column.place(id));
        Written {
            username: self.username.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
            scope: self.scope.clone(),
            access_token: seal(&self.access_token, TokenColumn::Access),
            refresh_token: self
                .refresh_token
                .as_ref()
                .map(|token| seal(token, TokenColumn::Refresh)),
        }
    }
}

/// An identity that is connected, as its person sees it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = accounts, check_for_backend(diesel::pg::Pg))]
pub struct Account {
    pub id: AccountId,
    /// `github` or `vercel`.
    pub provider: String,
    pub username: String,
    pub email: Option<String>,
    /// What was granted, separated by spaces.
    pub scope: String,
    pub connected_at: DateTime<Utc>,
    /// When the access token expires, if that was told.
    pub access_token_expires_at: Option<DateTime<Utc>>,
    pub needs_reconnect: bool,
    updated_at: DateTime<Utc>,
    /// Whether there is a refresh token, so that nobody has to do anything when
    /// the access token expires.
    #[diesel(select_expression = accounts::refresh_token.is_not_null())]
    pub refreshes: bool,
}

/// When an access token expires: as told, else counted from when it was written.
/// GitHub's that are not said to expire do not; Vercel's last an hour.
pub fn expires_at(
    provider: Provider,
    told: Option<DateTime<Utc>>,
    written_at: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    told.or(match provider {
        Provider::GitHub => None,
        Provider::Vercel => Some(written_at + VERCEL_LIFETIME),
    })
}

impl Account {
    /// When the access token expires; `None` when it does not.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        let provider = self.provider.parse().ok()?;
        expires_at(provider, self.access_token_expires_at, self.updated_at)
    }

    /// In the order in which they were connected.
    pub fn all(conn: &mut PgConnection, scope: Scope) -> QueryResult<Vec<Self>> {
        accounts::table
            .filter(accounts::user_id.eq(scope.user_id()))
            .order((accounts::connected_at, accounts::id))
            .select(Self::as_select())
            .load(conn)
    }

    /// The one at this provider, if there is one.
    pub fn at(
        conn: &mut PgConnection,
        scope: Scope,
        provider: Provider,
    ) -> QueryResult<Option<Self>> {
        accounts::table
            .filter(accounts::user_id.eq(scope.user_id()))
            .filter(accounts::provider.eq(provider.as_str()))
            .select(Self::as_select())
            .first(conn)
            .optional()
    }
}
