//! What rides in the pre-sign-in cookie: sign-ins under way, and a message for
//! the next page.

use actix_session::Session;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::models::ids::SessionId;
use crate::models::session::EndedReason;
use crate::provider::Provider;
use crate::sign_in::PendingSignIns;

const PENDING: &str = "pending";
const FLASH: &str = "flash";

/// A message for the next page, shown once.
#[derive(Clone, Serialize, Deserialize)]
pub enum Flash {
    SignedOut(SignedOut),
    /// The session of the page that was asked for is over.
    SessionOver(Over),
    /// What ending sessions from their page came to.
    SessionsEnded(SessionsEnded),
    /// What became of the connected accounts.
    Connections(ConnectionsChanged),
    /// The account is deleted.
    Left,
    /// The API token of this name was revoked; `None`: it was not there.
    TokenRevoked(Option<String>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SessionsEnded {
    /// It was over already.
    None,
    /// The one of this device.
    One(String),
    /// All others, so many.
    Some(usize),
    /// Nothing was done: the form was shown to somebody else.
    OtherPerson,
}

impl SessionsEnded {
    pub fn words(&self) -> String {
        match self {
            Self::None => "Nothing was left to end: that session was over already.".to_owned(),
            Self::One(device) => format!("{device} is signed out."),
            Self::Some(0) => "Nothing was left to end.".to_owned(),
            Self::Some(1) => "One other session was ended. Its browser is signed out.".to_owned(),
            Self::Some(count) => {
                format!("{count} other sessions were ended. Their browsers are signed out.")
            }
            Self::OtherPerson => "Nothing was ended: you have signed in anew since that page was opened. These are your sessions now.".to_owned(),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ConnectionsChanged {
    Connected(Provider),
    Reconnected(Provider),
    Disconnected(Provider),
    /// There was no such connection.
    NotThere(Provider),
    /// It is the only one.
    Last(Provider),
    /// Nothing was done: the form was shown to somebody else.
    OtherPerson,
}

impl ConnectionsChanged {
    pub fn words(&self) -> String {
        match self {
            Self::Connected(provider) => {
                format!(
                    "{} is connected: you can sign in with it from now on.",
                    provider.label()
                )
            }
            Self::Reconnected(provider) => {
                format!("The connection to {} is renewed.", provider.label())
            }
            Self::Disconnected(provider) => format!(
                "{0} is disconnected. Its tokens are removed here, and {0} is told to revoke them.",
                provider.label()
            ),
            Self::NotThere(provider) => format!("{} was not connected.", provider.label()),
            Self::OtherPerson => "Nothing was changed: you have signed in anew since that page was opened. These are your accounts now.".to_owned(),
            Self::Last(provider) => format!(
                "{} is the only account that you can sign in with, so it stays. Connect another one first.",
                provider.label()
            ),
        }
    }
}

/// Why somebody who was signed in is not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Over {
    /// The reason, if the database could tell it.
    Ended(Option<EndedReason>),
    Expired,
    /// It may not be over at all: that cannot be told now.
    Unknown,
}

impl Over {
    /// In words, for the person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Expired => "Your session expired.",
            Self::Unknown => {
                "Whether you are signed in cannot be told right now. Please try again in a moment; you need not sign in anew."
            }
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
    /// Whether what providers granted was given back, if that was wished.
    #[serde(default)]
    pub gave_back: Option<bool>,
}

/// The sign-ins under way in this browser. What cannot be read is none.
pub fn pending(session: &Session) -> PendingSignIns {
    session.get(PENDING).ok().flatten().unwrap_or_default()
}

/// Whether there are any.
pub fn is_signing_in(session: &Session) -> bool {
    session.contains_key(PENDING)
}

pub fn set_pending(session: &Session, pending: &PendingSignIns) -> Result<(), Error> {
    if pending.is_empty() {
        session.remove(PENDING);
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

/// An empty cookie is no cookie. At the end: what is purged takes nothing more.
pub fn purge_if_empty(session: &Session) {
    if session.entries().is_empty() {
        session.purge();
    }
}
