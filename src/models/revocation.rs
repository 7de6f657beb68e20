//! What must be refused although its signature is good.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::schema::revocations;

/// Kept longer than what it refuses, whatever the clocks say.
const SAFETY_MARGIN: TimeDelta = TimeDelta::days(1);

/// Revokes `subject`, whose last cookie or token expires at `last_expiry` or
/// before. Within the transaction that ends it.
pub(super) fn insert(
    conn: &mut PgConnection,
    subject: Uuid,
    last_expiry: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(revocations::table)
        .values((
            revocations::subject.eq(subject),
            revocations::expires_at.eq(last_expiry + SAFETY_MARGIN),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .map(drop)
}

/// Everything that is still to be refused.
pub fn all_current(conn: &mut PgConnection) -> QueryResult<Vec<Uuid>> {
    revocations::table
        .filter(revocations::expires_at.gt(diesel::dsl::now))
        .select(revocations::subject)
        .load(conn)
}
