//! Identities at providers, with their sealed tokens.

use std::time::Duration;

use diesel::prelude::*;

use super::ids::{AccountId, UserId};
use super::time::from_now_if;
use crate::crypto::keys::KeyRing;
use crate::crypto::sealed;
use crate::provider::Provider;
use crate::schema::accounts;
use crate::secret::Secret;

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
    /// The first sign-in of an identity. `None` when another one was quicker.
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
            .on_conflict((accounts::provider, accounts::provider_user_id))
            .do_nothing()
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
                accounts::refresh_lease_id.eq(None::<uuid::Uuid>),
                accounts::refresh_lease_until.eq(None::<chrono::DateTime<chrono::Utc>>),
                accounts::refresh_spent_at.eq(None::<chrono::DateTime<chrono::Utc>>),
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
