//! Whose rows a query may touch.

use super::ids::{SessionId, UserId};
use crate::crypto::session_token::VerifiedSession;

/// Only a verified caller hands one out, so an id from a URL cannot pass for
/// it: there is no way to make one but from a token that was verified.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    user_id: UserId,
    session_id: SessionId,
}

impl Scope {
    pub fn user_id(self) -> UserId {
        self.user_id
    }

    /// The session that the caller came with.
    pub fn session_id(self) -> SessionId {
        self.session_id
    }
}

impl From<&VerifiedSession> for Scope {
    fn from(session: &VerifiedSession) -> Self {
        let claims = session.claims();
        Self {
            user_id: UserId::from_uuid(claims.sub),
            session_id: SessionId::from_uuid(claims.sid),
        }
    }
}
