//! What rides in the pre-sign-in cookie: sign-ins under way, and a message for
//! the next page.

use actix_session::Session;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::models::ids::SessionId;
use crate::models::session::EndedReason;
use crate::sign_in::PendingSignIns;

const PENDING: &str = "pending";
const FLASH: &str = "flash";

/// A message for the next page, shown once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Flash {
    SignedOut(SignedOut),
    /// The session of the page that was asked for is over.
    SessionOver(Over),
    /// So many sessions of the same person were ended.
    SessionsEnded(usize),
}

/// Why somebody who was signed in is not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Over {
    /// The reason, if the database could tell it.
    Ended(Option<EndedReason>),
    Expired,
}

impl Over {
    /// In words, for the person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Expired => "Your session expired.",
            Self::Ended(None) => "Your session was ended.",
            Self::Ended(Some(reason)) => match reason {
                EndedReason::SignedOut => "You signed out.",
                EndedReason::SignedInAgain => {
                    "This session ended when you signed in again in the same browser."
                }
                EndedReason::EndedByUser => "Your session was ended on another device.",
                EndedReason::EndedByOperator => "Your session was ended by whoever runs this site.",
                EndedReason::TooMany => {
                    "Your session was ended, because you signed in on many devices since."
                }
                EndedReason::AccountDeleted => "Your account was deleted.",
            },
        }
    }
}

/// What a sign-out did, enough to tell its story.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedOut {
    pub at: DateTime<Utc>,
    pub session: SessionId,
    /// Whether other processes will hear of it: the database took it.
    pub recorded: bool,
}

/// The sign-ins under way in this browser. What cannot be read is none.
pub fn pending(session: &Session) -> PendingSignIns {
    session.get(PENDING).ok().flatten().unwrap_or_default()
}

pub fn set_pending(session: &Session, pending: &PendingSignIns) -> Result<(), Error> {
    if pending.is_empty() {
        session.remove(PENDING);
        purge_if_empty(session);
        return Ok(());
    }
    session
        .insert(PENDING, pending)
        .map_err(|error| Error::Internal(error.into()))
}

pub fn set_flash(session: &Session, flash: &Flash) -> Result<(), Error> {
    session
        .insert(FLASH, flash)
        .map_err(|error| Error::Internal(error.into()))
}

/// The message, which is gone with this.
pub fn take_flash(session: &Session) -> Option<Flash> {
    let flash = session.get(FLASH).ok().flatten();
    if session.contains_key(FLASH) {
        session.remove(FLASH);
        purge_if_empty(session);
    }
    flash
}

/// An empty cookie is no cookie.
fn purge_if_empty(session: &Session) {
    if session.entries().is_empty() {
        session.purge();
    }
}
