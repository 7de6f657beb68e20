//! Floor 3: identities that are connected, and how a connection ends.

use diesel::prelude::*;
use serde_json::json;

use crate::crypto::keys::KeyRing;
use crate::error::{Error, Problem};
use crate::models::account::Connection;
use crate::models::audit_event::{Kind, NewEvent};
use crate::models::ids::ProviderRevocationId;
use crate::models::{CameWith, Scope, Visitor};
use crate::provider::Provider;

/// Why a connection stays.
#[derive(Debug)]
pub enum NotDisconnected {
    /// There is none.
    NotConnected,
    /// Nobody could sign in with the account any more.
    Last,
    Database(diesel::result::Error),
}

impl From<diesel::result::Error> for NotDisconnected {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<NotDisconnected> for Error {
    fn from(reason: NotDisconnected) -> Self {
        match reason {
            NotDisconnected::NotConnected => Self::NotFound,
            NotDisconnected::Last => Self::Conflict(Problem {
                code: "last_account",
                message: "This is the only account that you can sign in with, so it stays. Connect another one first, or delete your account here.",
            }),
            NotDisconnected::Database(error) => error.into(),
        }
    }
}

/// Disconnects the caller from a provider: the identity is gone here, and its
/// tokens are queued for revocation there. Within a transaction.
pub fn disconnect(
    conn: &mut PgConnection,
    ring: &KeyRing,
    scope: Scope,
    provider: Provider,
    visitor: &Visitor,
) -> Result<Vec<ProviderRevocationId>, NotDisconnected> {
    // All of them, so that two who disconnect the last two take turns.
    let all = Connection::all_of(conn, scope.user_id())?;
    let found = all.iter().find(|it| it.provider() == Some(provider));
    let connection = found.ok_or(NotDisconnected::NotConnected)?;
    if all.len() == 1 {
        return Err(NotDisconnected::Last);
    }
    let unwanted = connection.give_up_tokens(conn, ring, None)?;
    connection.remove(conn)?;
    event(scope, connection, visitor, false).write(conn)?;
    Ok(unwanted)
}

/// Gives back all of the caller's tokens. The identities stay, so that they can
/// sign in again, which brings new ones. Within a transaction.
pub fn give_up_tokens(
    conn: &mut PgConnection,
    ring: &KeyRing,
    scope: Scope,
    visitor: &Visitor,
) -> QueryResult<Vec<ProviderRevocationId>> {
    let mut unwanted = Vec::new();
    for connection in Connection::all_of(conn, scope.user_id())? {
        unwanted.extend(connection.give_up_tokens(conn, ring, None)?);
        connection.forget_tokens(conn, ring)?;
        event(scope, &connection, visitor, true).write(conn)?;
    }
    Ok(unwanted)
}

fn event<'a>(
    scope: Scope,
    connection: &Connection,
    visitor: &'a Visitor,
    at_sign_out: bool,
) -> NewEvent<'a> {
    let mut details = json!({
        "provider": connection.provider(),
        "username": connection.username,
    });
    if at_sign_out {
        details["atSignOut"] = json!(true);
    }
    if let CameWith::Token(id) = scope.came_with() {
        details["token"] = json!(id);
    }
    NewEvent {
        kind: Kind::AccountDisconnected,
        user_id: Some(scope.user_id()),
        session_id: scope.session_id(),
        visitor: Some(visitor),
        details,
    }
}
