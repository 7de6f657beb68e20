//! Identity -> Account of somebody who is signed in already: one transaction.

use diesel::prelude::*;
use serde_json::json;

use crate::crypto::keys::KeyRing;
use crate::models::account::{Account, Connection, NewAccount};
use crate::models::audit_event::{Kind, NewEvent};
use crate::models::ids::{ProviderRevocationId, UserId};
use crate::models::session::Session;
use crate::models::user::User;
use crate::models::{OwnSession, Visitor};

use super::Refusal;
use super::complete::retrying;

/// Everything that a successful callback knows.
pub struct Connecting {
    pub account: NewAccount,
    /// Who asked for it. The session has to live still.
    pub own: OwnSession,
    pub visitor: Visitor,
}

/// What has been written.
pub struct Connected {
    pub result: Result<Connectedness, Refusal>,
    /// Tokens that nobody wants: the old ones, or the new ones of a refusal.
    pub unwanted: Vec<ProviderRevocationId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connectedness {
    New,
    Renewed,
}

impl Connecting {
    /// Writes it all, or nothing but what is to be revoked.
    pub fn write(&self, conn: &mut PgConnection, ring: &KeyRing) -> QueryResult<Connected> {
        retrying(conn, |conn| self.attempt(conn, ring))
    }

    fn attempt(&self, conn: &mut PgConnection, ring: &KeyRing) -> QueryResult<Connected> {
        let user_id = self.own.user_id();
        let (provider, id) = (self.account.provider, &self.account.provider_user_id);
        let is_there = User::lock(conn, user_id)?;
        let existing = Connection::of_identity(conn, provider, id)?;
        if !is_there || !Session::hold(conn, self.own)? {
            return self.refuse(conn, ring, existing.as_ref(), Refusal::SessionOver);
        }
        match existing {
            Some(mine) if mine.user_id == user_id => {
                let unwanted = mine.give_up_tokens(conn, ring, Some(&self.account))?;
                self.account.replace(conn, ring, mine.id)?;
                self.event(Kind::AccountReconnected).write(conn)?;
                Ok(Connected {
                    result: Ok(Connectedness::Renewed),
                    unwanted,
                })
            }
            Some(theirs) => self.refuse(conn, ring, Some(&theirs), Refusal::IdentityTaken),
            None => self.create(conn, ring, user_id),
        }
    }

    fn create(
        &self,
        conn: &mut PgConnection,
        ring: &KeyRing,
        user_id: UserId,
    ) -> QueryResult<Connected> {
        if self.account.create(conn, ring, user_id)?.is_some() {
            self.event(Kind::AccountConnected).write(conn)?;
            return Ok(Connected {
                result: Ok(Connectedness::New),
                unwanted: Vec::new(),
            });
        }
        match Account::at(conn, self.own.into(), self.account.provider)? {
            Some(_) => self.refuse(conn, ring, None, Refusal::OtherIdentity),
            // Somebody signed in with it this very moment.
            None => Err(diesel::result::Error::RollbackTransaction),
        }
    }

    /// What was granted for nothing is given back, unless it is what somebody
    /// has already.
    fn refuse(
        &self,
        conn: &mut PgConnection,
        ring: &KeyRing,
        existing: Option<&Connection>,
        refusal: Refusal,
    ) -> QueryResult<Connected> {
        let user_id = Some(self.own.user_id());
        Ok(Connected {
            result: Err(refusal),
            unwanted: self.account.give_up(conn, ring, user_id, existing)?,
        })
    }

    fn event(&self, kind: Kind) -> NewEvent<'_> {
        NewEvent {
            kind,
            user_id: Some(self.own.user_id()),
            session_id: Some(self.own.session_id()),
            visitor: Some(&self.visitor),
            details: json!({
                "provider": self.account.provider,
                "username": self.account.username,
            }),
        }
    }
}
