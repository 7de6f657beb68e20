//! Who refreshes an account's tokens, and what comes of it. All of it by the
//! database's clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Double, Nullable, Timestamptz};
use serde_json::json;
use uuid::Uuid;

use super::connection::{Connection, Opened, is_same, unwanted};
use super::tokens::nobody_refreshes;
use super::{StoredTokens, TokenColumn, from_now_if};
use crate::crypto::keys::KeyRing;
use crate::crypto::sealed;
use crate::models::audit_event::{Kind, NewEvent};
use crate::models::ids::{AccountId, UserId};
use crate::models::provider_revocation;
use crate::models::time::from_spending_if;
use crate::provider::Provider;
use crate::schema::accounts;
use crate::secret::Secret;

/// How long whoever refreshes has the account to themselves: longer than a call
/// to a provider can last, so that no two present one refresh token at once.
pub const LEASE: Duration = Duration::from_secs(30);
/// How often a refresh token is presented without an answer.
pub const MOST_UNANSWERED: i32 = 2;
/// The first wait after a provider could not refresh; twice as long each time.
const FIRST_WAIT_SECONDS: f64 = 1.0;
const LONGEST_WAIT_SECONDS: f64 = 300.0;
/// What a provider may ask for at most.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// Who refreshes: tells one attempt from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    id: Uuid,
    account: AccountId,
    generation: i64,
}

/// What a refresh brought.
pub struct NewTokens {
    pub access_token: Secret,
    /// `None`: the old one stays good.
    pub refresh_token: Option<Secret>,
    pub access_token_lives: Option<Duration>,
    pub refresh_token_lives: Option<Duration>,
    /// What is granted, separated by spaces.
    pub scope: String,
}

/// The row of a lease, if nobody has replaced the tokens or taken the lease
/// since.
#[diesel::dsl::auto_type(no_type_alias)]
fn held(account: AccountId, generation: i64, lease: Uuid) -> _ {
    accounts::table
        .filter(accounts::id.eq(account))
        .filter(accounts::token_generation.eq(generation))
        .filter(accounts::refresh_lease_id.eq(lease))
}

impl Lease {
    pub fn of(stored: &StoredTokens) -> Self {
        Self {
            id: Uuid::now_v7(),
            account: stored.id,
            generation: stored.generation,
        }
    }

    /// Takes it, and writes down that the refresh token is presented: from now
    /// on it may be spent. `false` when somebody else was quicker.
    pub fn take(self, conn: &mut PgConnection) -> QueryResult<bool> {
        let now = diesel::dsl::now;
        let may_be_asked = accounts::refresh_not_before
            .is_null()
            .or(accounts::refresh_not_before.le(now));
        let taken = diesel::update(accounts::table.find(self.account))
            .filter(accounts::token_generation.eq(self.generation))
            .filter(accounts::needs_reconnect.eq(false))
            .filter(accounts::refresh_unanswered.lt(MOST_UNANSWERED))
            .filter(nobody_refreshes())
            .filter(may_be_asked)
            .set((
                accounts::refresh_lease_id.eq(self.id),
                accounts::refresh_lease_until.eq(from_now_if(Some(LEASE))),
                accounts::refresh_spent_at.eq(now),
                accounts::refresh_unanswered.eq(accounts::refresh_unanswered + 1),
            ))
            .execute(conn)?;
        Ok(taken == 1)
    }

    /// Gives it back: the refresh token is as good as before. `false` when the
    /// lease is not ours.
    pub fn give_back(self, conn: &mut PgConnection) -> QueryResult<bool> {
        let given_back = diesel::update(held(self.account, self.generation, self.id))
            .set((
                accounts::refresh_lease_id.eq(None::<Uuid>),
                accounts::refresh_lease_until.eq(None::<DateTime<Utc>>),
                // An earlier attempt without an answer is still without one.
                accounts::refresh_spent_at.eq(sql::<Nullable<Timestamptz>>(
                    "case when refresh_unanswered > 1 then refresh_spent_at end",
                )),
                accounts::refresh_unanswered.eq(accounts::refresh_unanswered - 1),
            ))
            .execute(conn)?;
        Ok(given_back == 1)
    }

    /// Answered with tokens. `false` when this lease has lost: to a
    /// disconnection, a deletion, a new sign-in, or to another attempt. Then
    /// the tokens are queued for revocation, in the same transaction.
    pub fn store(
        self,
        conn: &mut PgConnection,
        ring: &KeyRing,
        of: (UserId, Provider),
        new: &NewTokens,
    ) -> QueryResult<bool> {
        let seal =
            |token, column: TokenColumn| sealed::seal(ring, token, &column.place(self.account));
        let refresh = new.refresh_token.as_ref().map(|token| {
            (
                accounts::refresh_token.eq(Some(seal(token, TokenColumn::Refresh))),
                accounts::refresh_token_expires_at.eq(from_spending_if(new.refresh_token_lives)),
            )
        });
        conn.transaction(|conn| {
            let stored = diesel::update(held(self.account, self.generation, self.id))
                .set((
                    accounts::access_token.eq(seal(&new.access_token, TokenColumn::Access)),
                    accounts::access_token_expires_at.eq(from_spending_if(new.access_token_lives)),
                    refresh,
                    accounts::scope.eq(&new.scope),
                    accounts::needs_reconnect.eq(false),
                    accounts::token_generation.eq(accounts::token_generation + 1),
                    accounts::updated_at.eq(diesel::dsl::now),
                    accounts::refreshed_at.eq(diesel::dsl::now),
                    AtRest::default(),
                ))
                .execute(conn)?;
            if stored == 1 {
                event(Kind::ProviderTokenRefreshed, of, None).write(conn)?;
                return Ok(true);
            }
            self.lost(conn, ring, of, new)
        })
    }

    /// Whether it was stored all the same: a first try may have been written
    /// although its answer did not come. If not, what the row does not hold is
    /// not wanted.
    fn lost(
        self,
        conn: &mut PgConnection,
        ring: &KeyRing,
        (user_id, provider): (UserId, Provider),
        new: &NewTokens,
    ) -> QueryResult<bool> {
        let row = Connection::of_account(conn, self.account)?;
        let holds = row.map(|row| row.open(ring));
        let holds = holds.as_ref().map(Opened::pair).unwrap_or_default();
        let came = (Some(&new.access_token), new.refresh_token.as_ref());
        if is_same(came.0, holds.0) {
            return Ok(true);
        }
        let unwanted = unwanted(provider, came, holds);
        provider_revocation::queue(conn, ring, Some(user_id), provider, &unwanted)?;
        Ok(false)
    }

    /// The provider takes back what it granted. `false` when the tokens were
    /// replaced meanwhile.
    pub fn refused(self, conn: &mut PgConnection, of: (UserId, Provider)) -> QueryResult<bool> {
        conn.transaction(|conn| {
            let refused = diesel::update(held(self.account, self.generation, self.id))
                .set((accounts::needs_reconnect.eq(true), AtRest::default()))
                .execute(conn)?;
            if refused == 1 {
                event(Kind::ProviderTokenRefused, of, Some("refresh_refused")).write(conn)?;
            }
            Ok(refused == 1)
        })
    }

    /// No answer: the lease is left to lapse, and nobody is to wait for it.
    pub fn unanswered(self, conn: &mut PgConnection) -> QueryResult<()> {
        diesel::update(held(self.account, self.generation, self.id))
            .set(accounts::refresh_not_before.eq(accounts::refresh_lease_until))
            .execute(conn)
            .map(drop)
    }

    /// The provider did not do it, for certain. It is left in peace for a while, longer each time, or for as long
    /// as it asks.
    pub fn put_off(self, conn: &mut PgConnection, asked: Option<Duration>) -> QueryResult<()> {
        let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
        let wait = sql::<Nullable<Timestamptz>>("now() + make_interval(secs => greatest(")
            .bind::<Double, _>(asked.as_secs_f64())
            .sql(", least(")
            .bind::<Double, _>(LONGEST_WAIT_SECONDS)
            .sql(", ")
            .bind::<Double, _>(FIRST_WAIT_SECONDS)
            // Not all who wait come back at the same moment.
            .sql(" * 2 ^ least(refresh_failures, 20) * (1 + random() / 2))))");
        conn.transaction(|conn| {
            diesel::update(held(self.account, self.generation, self.id))
                .set((
                    accounts::refresh_failures.eq(accounts::refresh_failures + 1),
                    accounts::refresh_not_before.eq(wait),
                ))
                .execute(conn)?;
            self.give_back(conn).map(drop)
        })
    }
}

/// Nobody refreshes, nothing is spent, nothing has failed.
#[expect(clippy::struct_field_names, reason = "they are the columns' names")]
#[derive(Default, AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_null = true)]
pub(super) struct AtRest {
    refresh_lease_id: Option<Uuid>,
    refresh_lease_until: Option<DateTime<Utc>>,
    refresh_spent_at: Option<DateTime<Utc>>,
    refresh_unanswered: i32,
    refresh_failures: i32,
    refresh_not_before: Option<DateTime<Utc>>,
}

pub(super) fn event(
    kind: Kind,
    (user_id, provider): (UserId, Provider),
    reason: Option<&'static str>,
) -> NewEvent<'static> {
    let mut details = json!({ "provider": provider });
    if let Some(reason) = reason {
        details["reason"] = json!(reason);
    }
    NewEvent {
        kind,
        user_id: Some(user_id),
        session_id: None,
        visitor: None,
        details,
    }
}
