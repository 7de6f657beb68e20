//! What makes a state work once.

use std::time::Duration;

use diesel::prelude::*;

use super::time::from_now;
use crate::schema::used_sign_in_states;

/// SHA-256 of a state parameter.
pub type StateHash = [u8; 32];

/// Marks a state as used. `false` when it was used before: of any number of
/// callers at once exactly one hears `true`.
pub fn consume(conn: &mut PgConnection, hash: &StateHash, keep: Duration) -> QueryResult<bool> {
    let inserted = diesel::insert_into(used_sign_in_states::table)
        .values((
            used_sign_in_states::state_hash.eq(hash.as_slice()),
            used_sign_in_states::expires_at.eq(from_now(keep)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}
