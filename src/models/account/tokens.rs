//! An account's tokens, as the vault reads them.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;

use super::lease::{AtRest, event};
use crate::models::Scope;
use crate::models::audit_event::Kind;
use crate::models::ids::{AccountId, UserId};
use crate::provider::Provider;
use crate::schema::accounts;

/// What the vault has to know of an account, read in one go.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = accounts, check_for_backend(diesel::pg::Pg))]
pub struct StoredTokens {
    pub id: AccountId,
    pub user_id: UserId,
    provider: String,
    /// What was granted, separated by spaces.
    pub scope: String,
    pub access_token: Vec<u8>,
    pub refresh_token: Option<Vec<u8>>,
    /// As told.
    pub access_token_expires_at: Option<DateTime<Utc>>,
    pub refresh_token_expires_at: Option<DateTime<Utc>>,
    #[diesel(column_name = token_generation)]
    pub generation: i64,
    #[diesel(column_name = refresh_lease_until)]
    pub lease_until: Option<DateTime<Utc>>,
    #[diesel(column_name = refresh_unanswered)]
    pub unanswered: i32,
    #[diesel(column_name = refresh_not_before)]
    pub not_before: Option<DateTime<Utc>>,
    pub needs_reconnect: bool,
    /// When the tokens were written.
    #[diesel(column_name = updated_at)]
    pub written_at: DateTime<Utc>,
    /// `None` when they are those of a sign-in.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// When this was read.
    #[diesel(select_expression = sql::<Timestamptz>("clock_timestamp()"))]
    #[diesel(select_expression_type = SqlLiteral<Timestamptz>)]
    pub now: DateTime<Utc>,
}

#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn nobody_refreshes() -> _ {
    let no_lease: diesel::dsl::IsNull<accounts::refresh_lease_until> =
        accounts::refresh_lease_until.is_null();
    no_lease.or(accounts::refresh_lease_until.le(diesel::dsl::now))
}

impl StoredTokens {
    /// The caller's at this provider.
    pub fn of_caller(
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

    pub fn provider(&self) -> Option<Provider> {
        self.provider.parse().ok()
    }

    /// The access token is of no use any more, whatever it was said: it has to
    /// be refreshed before it is used. Nothing happens when it was replaced
    /// meanwhile, or is being.
    pub fn expire(&self, conn: &mut PgConnection) -> QueryResult<()> {
        diesel::update(accounts::table.find(self.id))
            .filter(accounts::token_generation.eq(self.generation))
            .filter(nobody_refreshes())
            .set((
                accounts::access_token_expires_at.eq(diesel::dsl::now),
                accounts::refreshed_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .map(drop)
    }

    /// These tokens are of no use any more: only the person can mend that.
    /// Nothing happens when they were replaced meanwhile, or are being.
    pub fn end(&self, conn: &mut PgConnection, reason: &'static str) -> QueryResult<()> {
        conn.transaction(|conn| {
            let ended = diesel::update(accounts::table.find(self.id))
                .filter(accounts::token_generation.eq(self.generation))
                .filter(accounts::needs_reconnect.eq(false))
                .filter(nobody_refreshes())
                .set((accounts::needs_reconnect.eq(true), AtRest::default()))
                .execute(conn)?;
            match self.provider() {
                Some(provider) if ended == 1 => event(
                    Kind::ProviderTokenRefused,
                    (self.user_id, provider),
                    Some(reason),
                )
                .write(conn),
                _ => Ok(()),
            }
        })
    }
}
