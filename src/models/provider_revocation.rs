//! What is still to be revoked at a provider.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Double, Timestamptz};
use serde_json::json;

use super::audit_event::{Kind, NewEvent};
use super::ids::{ProviderRevocationId, UserId};
use crate::crypto::keys::KeyRing;
use crate::crypto::sealed;
use crate::provider::Provider;
use crate::schema::{provider_revocations, users};
use crate::secret::Secret;

/// Tried for so long; then it is given up, and noted.
pub const TRIED_FOR: Duration = Duration::from_hours(24);
/// Longer than a call to a provider may last: nobody else tries meanwhile.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// Twice as long after every try, and no longer than this.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// What kind of token it is (RFC 7009 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    Access,
    Refresh,
}

impl TokenType {
    /// The `token_type_hint`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access_token",
            Self::Refresh => "refresh_token",
        }
    }

    fn from_word(word: &str) -> Self {
        if word == Self::Refresh.as_str() {
            Self::Refresh
        } else {
            Self::Access
        }
    }
}

/// A token that nobody wants any more.
pub type Unwanted<'a> = (TokenType, &'a Secret);

/// One that is this process's to try now.
pub struct Due {
    pub id: ProviderRevocationId,
    pub provider: Provider,
    pub token_type: TokenType,
    /// Sealed: see [`place`].
    pub token: Vec<u8>,
}

/// What the token is sealed to.
pub fn place(id: ProviderRevocationId) -> String {
    format!("provider_revocations/{id}/token")
}

/// Writes down what is to be revoked, in the transaction that gives it up.
pub fn queue(
    conn: &mut PgConnection,
    ring: &KeyRing,
    user_id: Option<UserId>,
    provider: Provider,
    unwanted: &[Unwanted<'_>],
) -> QueryResult<Vec<ProviderRevocationId>> {
    // They may have left meanwhile.
    let user_id: Option<UserId> = match user_id {
        Some(id) => {
            let user = users::table.find(id).for_key_share().select(users::id);
            user.first(conn).optional()?
        }
        None => None,
    };
    let rows: Vec<_> = unwanted
        .iter()
        .map(|(token_type, token)| {
            let id = ProviderRevocationId::new();
            (
                provider_revocations::id.eq(id),
                provider_revocations::user_id.eq(user_id),
                provider_revocations::provider.eq(provider.as_str()),
                provider_revocations::token.eq(sealed::seal(ring, token, &place(id))),
                provider_revocations::token_type_hint.eq(token_type.as_str()),
            )
        })
        .collect();
    diesel::insert_into(provider_revocations::table)
        .values(rows)
        .returning(provider_revocations::id)
        .get_results(conn)
}

/// Takes up to `limit` that are due, of these or of all: whoever takes one
/// moves it ahead, so that nobody else does, and so that it comes again should
/// this process end before it is done.
pub fn take_due(
    conn: &mut PgConnection,
    these: Option<&[ProviderRevocationId]>,
    limit: i64,
) -> QueryResult<Vec<Due>> {
    let due = provider_revocations::table
        .filter(provider_revocations::next_attempt_at.le(diesel::dsl::now))
        .order(provider_revocations::next_attempt_at)
        .limit(limit)
        .select(provider_revocations::id)
        .for_update()
        .skip_locked();
    conn.transaction(|conn| {
        let due: Vec<ProviderRevocationId> = match these {
            Some(these) => due
                .filter(provider_revocations::id.eq_any(these))
                .load(conn)?,
            None => due.load(conn)?,
        };
        let wait = "now() + make_interval(secs => least(";
        let taken: Vec<(ProviderRevocationId, String, String, Vec<u8>)> =
            diesel::update(provider_revocations::table)
                .filter(provider_revocations::id.eq_any(due))
                .set((
                    provider_revocations::attempts.eq(provider_revocations::attempts + 1),
                    provider_revocations::next_attempt_at.eq(sql::<Timestamptz>(wait)
                        .bind::<Double, _>(FIRST_WAIT.as_secs_f64())
                        // Of a number that can be no larger than a day's tries.
                        .sql(" * 2 ^ least(attempts, 20), ")
                        .bind::<Double, _>(LONGEST_WAIT.as_secs_f64())
                        .sql("))")),
                ))
                .returning((
                    provider_revocations::id,
                    provider_revocations::provider,
                    provider_revocations::token_type_hint,
                    provider_revocations::token,
                ))
                .get_results(conn)?;
        let due = taken.into_iter().filter_map(|(id, provider, hint, token)| {
            Some(Due {
                id,
                provider: provider.parse().ok()?,
                token_type: TokenType::from_word(&hint),
                token,
            })
        });
        Ok(due.collect())
    })
}

/// It is revoked.
pub fn done(conn: &mut PgConnection, id: ProviderRevocationId) -> QueryResult<()> {
    diesel::delete(provider_revocations::table.find(id))
        .execute(conn)
        .map(drop)
}

/// A try has failed, and it was moved ahead when it was taken: further, if the
/// provider asks. After a day of tries it is given up, which is noted: `true`.
/// Within a transaction.
pub fn failed(
    conn: &mut PgConnection,
    id: ProviderRevocationId,
    asked: Duration,
) -> QueryResult<bool> {
    let old = sql::<Timestamptz>("now() - make_interval(secs => ")
        .bind::<Double, _>(TRIED_FOR.as_secs_f64())
        .sql(")");
    let given_up: Option<(Option<UserId>, String, String, i32)> =
        diesel::delete(provider_revocations::table.find(id))
            .filter(provider_revocations::created_at.lt(old))
            .returning((
                provider_revocations::user_id,
                provider_revocations::provider,
                provider_revocations::token_type_hint,
                provider_revocations::attempts,
            ))
            .get_result(conn)
            .optional()?;
    if let Some((user_id, provider, hint, attempts)) = given_up {
        let event = NewEvent {
            kind: Kind::ProviderRevocationGivenUp,
            user_id,
            session_id: None,
            visitor: None,
            details: json!({ "provider": provider, "tokenType": hint, "attempts": attempts }),
        };
        event.write(conn)?;
        return Ok(true);
    }
    let until = sql::<Timestamptz>("greatest(next_attempt_at, now() + make_interval(secs => ")
        .bind::<Double, _>(asked.min(LONGEST_WAIT).as_secs_f64())
        .sql("))");
    diesel::update(provider_revocations::table.find(id))
        .set(provider_revocations::next_attempt_at.eq(until))
        .execute(conn)?;
    Ok(false)
}
