//! Whose rows a query may touch.

use super::api_token::VerifiedToken;
use super::ids::{ApiTokenId, SessionId, UserId};
use crate::crypto::session_token::VerifiedSession;

/// Only a verified caller hands one out, so an id from a URL cannot pass for
/// it: there is no way to make one but from a session or an API token that was
/// verified.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    user_id: UserId,
    came_with: CameWith,
}

/// What a caller came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameWith {
    Session(SessionId),
    Token(ApiTokenId),
}

/// A [`Scope`] of somebody who came with a session, which is theirs to end.
#[derive(Clone, Copy, Debug)]
pub struct OwnSession {
    user_id: UserId,
    session_id: SessionId,
}

impl Scope {
    pub fn user_id(self) -> UserId {
        self.user_id
    }

    pub fn came_with(self) -> CameWith {
        self.came_with
    }

    /// The session that the caller came with, if it was one.
    pub fn session_id(self) -> Option<SessionId> {
        match self.came_with {
            CameWith::Session(id) => Some(id),
            CameWith::Token(_) => None,
        }
    }
}

impl OwnSession {
    pub fn user_id(self) -> UserId {
        self.user_id
    }

    pub fn session_id(self) -> SessionId {
        self.session_id
    }
}

impl From<&VerifiedSession> for OwnSession {
    fn from(session: &VerifiedSession) -> Self {
        let claims = session.claims();
        Self {
            user_id: UserId::from_uuid(claims.sub),
            session_id: SessionId::from_uuid(claims.sid),
        }
    }
}

impl From<OwnSession> for Scope {
    fn from(own: OwnSession) -> Self {
        Self {
            user_id: own.user_id,
            came_with: CameWith::Session(own.session_id),
        }
    }
}

impl From<&VerifiedSession> for Scope {
    fn from(session: &VerifiedSession) -> Self {
        OwnSession::from(session).into()
    }
}

impl From<&VerifiedToken> for Scope {
    fn from(token: &VerifiedToken) -> Self {
        Self {
            user_id: token.user().id,
            came_with: CameWith::Token(token.id()),
        }
    }
}
