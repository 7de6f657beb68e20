//! Rows that are over, and go.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double};

/// What can be swept: a table, its key, and the time after which a row is
/// over, which has an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweepable {
    Sessions,
    SignInStates,
    Revocations,
    AuditEvents,
    ApiTokens,
}

impl Sweepable {
    pub const ALL: [Self; 5] = [
        Self::Sessions,
        Self::SignInStates,
        Self::Revocations,
        Self::AuditEvents,
        Self::ApiTokens,
    ];

    /// Whether its rows are for people to look up, and so kept for a while.
    pub const fn is_history(self) -> bool {
        matches!(self, Self::Sessions | Self::AuditEvents | Self::ApiTokens)
    }

    const fn names(self) -> [&'static str; 3] {
        match self {
            Self::Sessions => ["sessions", "id", "coalesce(ended_at, cookie_expires_at)"],
            Self::SignInStates => ["used_sign_in_states", "state_hash", "expires_at"],
            Self::Revocations => ["revocations", "subject", "expires_at"],
            Self::AuditEvents => ["audit_events", "id", "at"],
            Self::ApiTokens => ["api_tokens", "id", "expires_at"],
        }
    }

    /// Removes up to `limit` rows that were over longer than `keep` ago, the
    /// oldest first; says how many.
    pub fn sweep(self, conn: &mut PgConnection, keep: Duration, limit: i64) -> QueryResult<usize> {
        let [table, key, over] = self.names();
        let statement = format!(
            "delete from {table} where {key} in (
                select {key} from {table}
                where {over} < now() - make_interval(secs => $1)
                order by {over} limit $2
            )"
        );
        diesel::sql_query(statement)
            .bind::<Double, _>(keep.as_secs_f64())
            .bind::<BigInt, _>(limit)
            .execute(conn)
    }
}
