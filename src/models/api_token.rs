//! Tokens with which programs act for a person.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::json;

use super::audit_event::{self, Kind, NewEvent};
use super::ids::{ApiTokenId, UserId};
use super::user::User;
use super::{Scope, TokenScopes, Visitor, revocation};
use crate::crypto::api_token::{PlainToken, TokenHash};
use crate::schema::{api_tokens, users};

/// Enough for every program that a person runs.
pub const MAX_LIVE_TOKENS: i64 = 20;

/// Who makes and revokes them over and over fills everybody's memory with
/// revocations.
pub const MAX_MADE_AN_HOUR: i64 = 60;
/// So many are listed: all that live, and the newest of those that have expired.
const LISTED: i64 = 200;

/// How long a process may go by what it has read of a token: so long a
/// revocation has to be remembered at least.
pub const REMEMBERED_FOR: TimeDelta = TimeDelta::minutes(1);

/// A token, as its person sees it later.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = api_tokens, check_for_backend(diesel::pg::Pg))]
pub struct ApiToken {
    pub id: ApiTokenId,
    pub name: String,
    /// How it begins.
    pub token_prefix: String,
    scopes: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token about to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: String,
    pub scopes: TokenScopes,
    /// From when on it is refused; `None`: it does not expire.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why a token was not made.
pub enum NotMade {
    /// Its person has [`MAX_LIVE_TOKENS`] already.
    TooMany,
    /// Its person has made [`MAX_MADE_AN_HOUR`] within the last hour.
    TooFast,
    Database(diesel::result::Error),
}

impl From<diesel::result::Error> for NotMade {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

/// A token that the database knows. Only [`ApiToken::look_up`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedToken {
    id: ApiTokenId,
    name: String,
    user: User,
    scopes: TokenScopes,
    expires_at: Option<DateTime<Utc>>,
}

impl VerifiedToken {
    pub fn id(&self) -> ApiTokenId {
        self.id
    }

    /// What its person calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn user(&self) -> &User {
        &self.user
    }

    pub fn scopes(&self) -> &TokenScopes {
        &self.scopes
    }

    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

impl ApiToken {
    pub fn scopes(&self) -> TokenScopes {
        TokenScopes::from_words(&self.scopes)
    }

    /// Makes a token and notes it. Two at once take turns, so that nobody has
    /// more than they may. Within a transaction.
    pub fn create(
        conn: &mut PgConnection,
        scope: Scope,
        token: &PlainToken,
        new: &NewToken,
        visitor: &Visitor,
    ) -> Result<Self, NotMade> {
        users::table
            .find(scope.user_id())
            .for_no_key_update()
            .select(users::id)
            .first::<UserId>(conn)?;
        if Self::count_live(conn, scope)? >= MAX_LIVE_TOKENS {
            return Err(NotMade::TooMany);
        }
        if audit_event::made_within_an_hour(conn, scope)? >= MAX_MADE_AN_HOUR {
            return Err(NotMade::TooFast);
        }
        let made: Self = diesel::insert_into(api_tokens::table)
            .values((
                api_tokens::id.eq(ApiTokenId::new()),
                api_tokens::user_id.eq(scope.user_id()),
                api_tokens::name.eq(&new.name),
                api_tokens::token_hash.eq(token.hash().as_bytes()),
                api_tokens::token_prefix.eq(token.shown()),
                api_tokens::scopes.eq(new.scopes.to_string()),
                api_tokens::expires_at.eq(new.expires_at),
            ))
            .returning(Self::as_returning())
            .get_result(conn)?;
        made.event(Kind::ApiTokenCreated, scope, visitor)
            .write(conn)?;
        Ok(made)
    }

    fn count_live(conn: &mut PgConnection, scope: Scope) -> QueryResult<i64> {
        let is_live = api_tokens::expires_at
            .is_null()
            .or(api_tokens::expires_at.gt(diesel::dsl::now));
        api_tokens::table
            .filter(api_tokens::user_id.eq(scope.user_id()))
            .filter(is_live)
            .count()
            .get_result(conn)
    }

    /// The newest first, also those that have expired.
    pub fn all(conn: &mut PgConnection, scope: Scope) -> QueryResult<Vec<Self>> {
        api_tokens::table
            .filter(api_tokens::user_id.eq(scope.user_id()))
            .order((api_tokens::created_at.desc(), api_tokens::id.desc()))
            .limit(LISTED)
            .select(Self::as_select())
            .load(conn)
    }

    /// Revokes a token: its row goes, and every process refuses what it has
    /// read of it. Somebody else's is `NotFound`, as if it did not exist.
    /// Within a transaction.
    pub fn revoke(
        conn: &mut PgConnection,
        scope: Scope,
        id: ApiTokenId,
        visitor: &Visitor,
    ) -> QueryResult<Self> {
        let revoked: Self = diesel::delete(api_tokens::table.find(id))
            .filter(api_tokens::user_id.eq(scope.user_id()))
            .returning(Self::as_returning())
            .get_result(conn)?;
        revocation::insert_for(conn, id.as_uuid(), REMEMBERED_FOR)?;
        revoked
            .event(Kind::ApiTokenRevoked, scope, visitor)
            .write(conn)?;
        Ok(revoked)
    }

    /// Revokes all of a person who leaves. Within a transaction.
    pub fn revoke_all(conn: &mut PgConnection, user_id: UserId) -> QueryResult<Vec<ApiTokenId>> {
        let revoked: Vec<ApiTokenId> =
            diesel::delete(api_tokens::table.filter(api_tokens::user_id.eq(user_id)))
                .returning(api_tokens::id)
                .get_results(conn)?;
        for id in &revoked {
            revocation::insert_for(conn, id.as_uuid(), REMEMBERED_FOR)?;
        }
        Ok(revoked)
    }

    fn event<'a>(&self, kind: Kind, scope: Scope, visitor: &'a Visitor) -> NewEvent<'a> {
        NewEvent {
            kind,
            user_id: Some(scope.user_id()),
            session_id: None,
            visitor: Some(visitor),
            details: json!({ "token": self.id, "name": self.name, "scopes": self.scopes() }),
        }
    }

    /// The token with this hash, expired or not, and its person. `NotFound` when
    /// there is none.
    pub fn look_up(conn: &mut PgConnection, hash: &TokenHash) -> QueryResult<VerifiedToken> {
        let (token, user): (Self, User) = api_tokens::table
            .inner_join(users::table)
            .filter(api_tokens::token_hash.eq(hash.as_bytes()))
            .select((Self::as_select(), User::as_select()))
            .first(conn)?;
        Ok(VerifiedToken {
            id: token.id,
            scopes: token.scopes(),
            expires_at: token.expires_at,
            name: token.name,
            user,
        })
    }

    /// Notes that these were used, each at most once a minute.
    pub fn used(conn: &mut PgConnection, ids: &[ApiTokenId]) -> QueryResult<usize> {
        diesel::update(api_tokens::table)
            .filter(api_tokens::id.eq_any(ids))
            .filter(sql::<Bool>(
                "(last_used_at is null or last_used_at < now() - interval '1 minute')",
            ))
            .set(api_tokens::last_used_at.eq(diesel::dsl::now))
            .execute(conn)
    }
}
