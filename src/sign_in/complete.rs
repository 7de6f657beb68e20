//! Identity -> User, Account, Session: one transaction, so that nothing is
//! ever half done.

use std::time::Duration;

use diesel::prelude::*;
use serde_json::json;

use super::Step;
use crate::config::SessionLimits;
use crate::crypto::keys::KeyRing;
use crate::models::account::NewAccount;
use crate::models::audit_event::{Kind, NewEvent};
use crate::models::session::{Ended, EndedReason, Ending, Session};
use crate::models::user::{Profile, User};
use crate::models::{OwnSession, Visitor};
use crate::oauth::{Identity, ProviderTokens};

/// Two first sign-ins of one person can meet; the one that loses finds the
/// winner's account at its second try.
const TRIES: usize = 3;

/// Everything that a successful callback knows.
pub struct Completion {
    pub account: NewAccount,
    pub profile: Profile,
    pub visitor: Visitor,
    pub limits: SessionLimits,
    /// The session that this browser came with: it ends.
    pub previous: Option<OwnSession>,
    pub trace: Vec<Step>,
}

/// What has been written.
pub struct Completed {
    pub user: User,
    pub session: Session,
    /// Sessions that ended on the way.
    pub ended: Vec<Ended>,
}

impl Completion {
    pub fn new(
        identity: Identity,
        tokens: ProviderTokens,
        visitor: Visitor,
        limits: SessionLimits,
        previous: Option<OwnSession>,
        trace: Vec<Step>,
    ) -> Self {
        let profile = Profile {
            username: identity.username.clone(),
            email: identity.email.clone(),
            name: identity.name,
            avatar_url: identity.avatar_url,
        };
        let account = NewAccount {
            provider: identity.provider,
            provider_user_id: identity.provider_user_id,
            username: identity.username,
            email: identity.email,
            email_verified: identity.email_verified,
            scope: tokens.scopes.join(" "),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            access_token_lives: tokens.expires_in,
            refresh_token_lives: tokens.refresh_token_expires_in,
        };
        Self {
            account,
            profile,
            visitor,
            limits,
            previous,
            trace,
        }
    }

    /// Writes it all, or nothing.
    pub fn write(&self, conn: &mut PgConnection, ring: &KeyRing) -> QueryResult<Completed> {
        for _ in 1..TRIES {
            match conn.transaction(|conn| self.attempt(conn, ring)) {
                Err(diesel::result::Error::RollbackTransaction) => {}
                result => return result,
            }
        }
        conn.transaction(|conn| self.attempt(conn, ring))
    }

    fn attempt(&self, conn: &mut PgConnection, ring: &KeyRing) -> QueryResult<Completed> {
        let user = self.user(conn, ring)?;
        let mut ended = self.end_previous(conn)?;
        let SessionLimits { idle, max_age } = self.limits;
        let (provider, visitor) = (self.account.provider, &self.visitor);
        let session = Session::start(conn, user.id, provider, visitor, idle, max_age)?;
        ended.extend(Session::end_surplus(conn, user.id, visitor)?);
        NewEvent {
            kind: Kind::SessionStarted,
            user_id: Some(user.id),
            session_id: Some(session.id),
            visitor: Some(visitor),
            details: json!({ "provider": provider, "trace": self.trace }),
        }
        .write(conn)?;

        Ok(Completed {
            user,
            session,
            ended,
        })
    }

    /// The person behind the identity, made if it is new.
    fn user(&self, conn: &mut PgConnection, ring: &KeyRing) -> QueryResult<User> {
        let (provider, id) = (self.account.provider, &self.account.provider_user_id);
        if let Some((user_id, account_id)) = User::find_by_identity(conn, provider, id)? {
            self.account.replace(conn, ring, account_id)?;
            return User::signed_in(conn, user_id, &self.profile);
        }
        let user = User::create(conn, &self.profile)?;
        match self.account.create(conn, ring, user.id)? {
            Some(_) => {
                let details = json!({ "provider": provider, "username": self.account.username });
                NewEvent {
                    kind: Kind::AccountConnected,
                    user_id: Some(user.id),
                    session_id: None,
                    visitor: Some(&self.visitor),
                    details,
                }
                .write(conn)?;
                Ok(user)
            }
            // Somebody else made it meanwhile: this user was never needed.
            None => Err(diesel::result::Error::RollbackTransaction),
        }
    }

    fn end_previous(&self, conn: &mut PgConnection) -> QueryResult<Vec<Ended>> {
        let Some(previous) = self.previous else {
            return Ok(Vec::new());
        };
        let ending = Ending {
            reason: EndedReason::SignedInAgain,
            visitor: Some(&self.visitor),
            from: None,
            ago: Duration::ZERO,
        };
        Ok(ending.of_own(conn, previous)?.into_iter().collect())
    }
}
