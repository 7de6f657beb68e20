//! Identity -> User, Account, Session: one transaction, so that nothing is
//! ever half done.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::Step;
use crate::config::SessionLimits;
use crate::crypto::keys::KeyRing;
use crate::models::account::{Connection, NewAccount};
use crate::models::audit_event::{Kind, NewEvent};
use crate::models::ids::{ProviderRevocationId, SessionId, UserId};
use crate::models::session::{Ended, EndedReason, Ending, Session};
use crate::models::user::{Profile, User};
use crate::models::{OwnSession, Visitor, departure};
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
    /// When the sign-in was started.
    pub started: DateTime<Utc>,
}

/// What came of it.
pub enum Written {
    SignedIn(Box<Completed>),
    /// The person left while they were signing in: these tokens nobody wants.
    Left(Vec<ProviderRevocationId>),
}

/// What has been written.
pub struct Completed {
    pub user: User,
    pub session: Session,
    /// Tokens that were replaced.
    pub unwanted: Vec<ProviderRevocationId>,
    /// Sessions that ended on the way.
    pub ended: Vec<Ended>,
}

impl NewAccount {
    /// What a provider told, to be kept.
    pub fn of(identity: &Identity, tokens: ProviderTokens) -> Self {
        Self {
            provider: identity.provider,
            provider_user_id: identity.provider_user_id.clone(),
            username: identity.username.clone(),
            email: identity.email.clone(),
            email_verified: identity.email_verified,
            scope: tokens.scopes.join(" "),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            access_token_lives: tokens.expires_in,
            refresh_token_lives: tokens.refresh_token_expires_in,
        }
    }
}

impl From<Identity> for Profile {
    fn from(identity: Identity) -> Self {
        Self {
            username: identity.username,
            email: identity.email,
            name: identity.name,
            avatar_url: identity.avatar_url,
        }
    }
}

/// Runs a transaction again when it met another one.
pub(super) fn retrying<T>(
    conn: &mut PgConnection,
    attempt: impl Fn(&mut PgConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    for _ in 1..TRIES {
        match conn.transaction(&attempt) {
            Err(diesel::result::Error::RollbackTransaction) => {}
            result => return result,
        }
    }
    conn.transaction(attempt)
}

impl Completion {
    /// Writes it all, or nothing.
    pub fn write(&self, conn: &mut PgConnection, ring: &KeyRing) -> QueryResult<Written> {
        retrying(conn, |conn| self.attempt(conn, ring))
    }

    fn attempt(&self, conn: &mut PgConnection, ring: &KeyRing) -> QueryResult<Written> {
        let Some((user, unwanted)) = self.user(conn, ring)? else {
            return Ok(Written::Left(self.account.give_up(conn, ring, None, None)?));
        };
        let mut ended = self.end_previous(conn)?;
        let SessionLimits { idle, max_age } = self.limits;
        let (provider, visitor) = (self.account.provider, &self.visitor);
        let session = Session::start(conn, user.id, provider, visitor, idle, max_age)?;
        ended.extend(Session::end_surplus(conn, user.id, visitor)?);
        let details = json!({ "provider": provider, "trace": self.trace });
        self.event(Kind::SessionStarted, user.id, Some(session.id), details)
            .write(conn)?;

        Ok(Written::SignedIn(Box::new(Completed {
            user,
            session,
            unwanted,
            ended,
        })))
    }

    /// The person behind the identity, made if it is new, and the tokens that
    /// were replaced. `None` when they left since the sign-in was started.
    fn user(
        &self,
        conn: &mut PgConnection,
        ring: &KeyRing,
    ) -> QueryResult<Option<(User, Vec<ProviderRevocationId>)>> {
        let (provider, id) = (self.account.provider, &self.account.provider_user_id);
        if let Some(user_id) = Connection::owner(conn, provider, id)? {
            User::lock(conn, user_id)?;
            // It may have been disconnected, or its person have left, before we
            // had our turn.
            let mine = Connection::of_identity(conn, provider, id)?
                .filter(|connection| connection.user_id == user_id)
                .ok_or(diesel::result::Error::RollbackTransaction)?;
            let unwanted = mine.give_up_tokens(conn, ring, Some(&self.account))?;
            self.account.replace(conn, ring, mine.id)?;
            let user = User::signed_in(conn, user_id, &self.profile)?;
            return Ok(Some((user, unwanted)));
        }
        if departure::is_since(conn, provider, id, self.started)? {
            return Ok(None);
        }
        let user = User::create(conn, &self.profile)?;
        match self.account.create(conn, ring, user.id)? {
            Some(_) => {
                let details = json!({ "provider": provider, "username": self.account.username });
                self.event(Kind::AccountConnected, user.id, None, details)
                    .write(conn)?;
                Ok(Some((user, Vec::new())))
            }
            // Somebody else made it meanwhile: this user was never needed.
            None => Err(diesel::result::Error::RollbackTransaction),
        }
    }

    fn event(
        &self,
        kind: Kind,
        user_id: UserId,
        session_id: Option<SessionId>,
        details: Value,
    ) -> NewEvent<'_> {
        NewEvent {
            kind,
            user_id: Some(user_id),
            session_id,
            visitor: Some(&self.visitor),
            details,
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
