//! Who has left a moment ago: a sign-in that was under way meanwhile must not
//! bring them back.
//!
//! What is kept is a hash, for as long as a sign-in may take, among the states
//! of sign-ins that cannot be used any more.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{Double, Timestamptz};
use sha2::{Digest as _, Sha256};

use super::account::Connection;
use crate::provider::Provider;
use crate::schema::used_sign_in_states;

/// Longer than a sign-in may take.
const KEPT_FOR: Duration = Duration::from_mins(20);

fn hash(provider: Provider, provider_user_id: &str) -> [u8; 32] {
    Sha256::digest(format!("departure {provider} {provider_user_id}")).into()
}

/// The person behind this identity leaves. As late in the transaction as can
/// be.
pub fn note(conn: &mut PgConnection, connection: &Connection) -> QueryResult<()> {
    let Some(provider) = connection.provider() else {
        return Ok(());
    };
    let hash = hash(provider, &connection.provider_user_id);
    // The moment itself, rather than when the transaction began: a sign-in that
    // was started before it is to be told from one that was started after it.
    let until = || {
        let until = sql::<Timestamptz>("clock_timestamp() + make_interval(secs => ")
            .bind::<Double, _>(KEPT_FOR.as_secs_f64())
            .sql(")");
        used_sign_in_states::expires_at.eq(until)
    };
    diesel::insert_into(used_sign_in_states::table)
        .values((used_sign_in_states::state_hash.eq(hash.as_slice()), until()))
        .on_conflict(used_sign_in_states::state_hash)
        .do_update()
        .set(until())
        .execute(conn)
        .map(drop)
}

/// Whether whoever is behind this identity left after `started`.
pub fn is_since(
    conn: &mut PgConnection,
    provider: Provider,
    provider_user_id: &str,
    started: DateTime<Utc>,
) -> QueryResult<bool> {
    let kept_for = TimeDelta::from_std(KEPT_FOR).unwrap_or_default();
    let hash = hash(provider, provider_user_id);
    let noted = used_sign_in_states::table
        .find(hash.as_slice())
        .filter(used_sign_in_states::expires_at.gt(started + kept_for));
    diesel::select(exists(noted)).get_result(conn)
}
