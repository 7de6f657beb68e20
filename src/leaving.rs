//! Floor 3: somebody leaves. Everything of theirs goes in one transaction that
//! also writes what has to be refused and revoked from now on.
//!
//! Rows are locked in one order, everywhere: the user, then accounts, then
//! sessions. A sign-in or a connection that is under way waits here, and finds
//! nobody afterwards.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use serde_json::json;

use crate::crypto::keys::KeyRing;
use crate::db::Db;
use crate::error::{Dependency, Error, Problem};
use crate::models::account::Connection;
use crate::models::api_token::ApiToken;
use crate::models::audit_event::{self, Kind, NewEvent};
use crate::models::ids::{ApiTokenId, ProviderRevocationId};
use crate::models::session::{Ended, EndedReason, Ending, Session};
use crate::models::user::User;
use crate::models::{OwnSession, Visitor, departure};

/// Their events lose what is personal so many at a time.
const BATCH: i64 = 5_000;
/// Whoever has more events than can be gone through in this time asks again.
const FORGET_WITHIN: Duration = Duration::from_secs(20);

/// What has been written, and has to be made known.
pub struct Left {
    pub sessions: Vec<Ended>,
    pub tokens: Vec<ApiTokenId>,
    pub unwanted: Vec<ProviderRevocationId>,
}

/// Why somebody has not left.
pub enum NotLeft {
    /// What they typed is not their username.
    OtherName,
    /// They have left already, or their session is over.
    NotThere,
    Database(diesel::result::Error),
}

impl From<diesel::result::Error> for NotLeft {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<NotLeft> for Error {
    fn from(reason: NotLeft) -> Self {
        match reason {
            NotLeft::OtherName => Self::Invalid(Problem {
                code: "other_username",
                message: "That is not your username. Nothing was deleted.",
            }),
            NotLeft::NotThere => Self::Unauthenticated,
            NotLeft::Database(error) => error.into(),
        }
    }
}

/// Checks that it is meant: the username was typed, by somebody who is there,
/// in a session that lives. Within a transaction.
pub fn check(conn: &mut PgConnection, own: OwnSession, typed: &str) -> Result<(), NotLeft> {
    let user = User::of(conn, own)?.ok_or(NotLeft::NotThere)?;
    if !Session::hold(conn, own)? {
        return Err(NotLeft::NotThere);
    }
    if user.username.trim() == typed.trim() {
        Ok(())
    } else {
        Err(NotLeft::OtherName)
    }
}

/// Takes what is personal out of what happened with somebody who is about to
/// leave, where it is too much to be done in [`leave`]. Of such a person the
/// oldest events may be gone although they are still there, should this or
/// that fail.
pub async fn forget_events(db: &Db, own: OwnSession) -> Result<(), Error> {
    let (began, user_id) = (Instant::now(), own.user_id());
    while began.elapsed() < FORGET_WITHIN {
        let are_few = db
            .run(move |conn| -> QueryResult<bool> {
                if !audit_event::are_more_than(conn, user_id, BATCH)? {
                    return Ok(true);
                }
                audit_event::forget(conn, user_id, BATCH).map(|_| false)
            })
            .await?;
        if are_few {
            return Ok(());
        }
    }
    tracing::warn!("somebody who leaves has more events than could be gone through at once");
    Err(Error::Unavailable(Dependency::Database))
}

/// Removes the caller. Within a transaction.
pub fn leave(
    conn: &mut PgConnection,
    ring: &KeyRing,
    own: OwnSession,
    visitor: &Visitor,
) -> Result<Left, NotLeft> {
    let user_id = own.user_id();
    if !User::lock(conn, user_id)? {
        return Err(NotLeft::NotThere);
    }
    let connections = Connection::all_of(conn, user_id)?;
    let ending = Ending {
        reason: EndedReason::AccountDeleted,
        visitor: Some(visitor),
        from: None,
        ago: Duration::ZERO,
    };
    let sessions = ending.of_all(conn, user_id)?;
    if !sessions.iter().any(|ended| ended.id == own.session_id()) {
        return Err(NotLeft::NotThere);
    }
    let tokens = ApiToken::revoke_all(conn, user_id)?;
    let mut unwanted = Vec::new();
    for connection in &connections {
        unwanted.extend(connection.give_up_tokens(conn, ring, None)?);
    }
    User::seal_off(conn, user_id)?;
    while audit_event::forget(conn, user_id, BATCH)? > 0 {}
    User::delete(conn, user_id)?;
    NewEvent {
        kind: Kind::AccountDeleted,
        user_id: None,
        session_id: None,
        visitor: None,
        details: json!({}),
    }
    .write(conn)?;
    for connection in &connections {
        departure::note(conn, connection)?;
    }
    Ok(Left {
        sessions,
        tokens,
        unwanted,
    })
}
