//! What happened, and to whom.

use diesel::prelude::*;
use ipnet::IpNet;
use serde_json::Value;

use super::Scope;
use super::ids::{AuditEventId, SessionId, UserId};
use super::session::Visitor;
use crate::schema::audit_events;

/// A noun and a past participle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    AccountConnected,
    SessionStarted,
    SessionEnded,
    SignInFailed,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountConnected => "account.connected",
            Self::SessionStarted => "session.started",
            Self::SessionEnded => "session.ended",
            Self::SignInFailed => "sign_in.failed",
        }
    }
}

/// An event about to be written.
pub struct NewEvent<'a> {
    pub kind: Kind,
    pub user_id: Option<UserId>,
    pub session_id: Option<SessionId>,
    pub visitor: Option<&'a Visitor>,
    /// Never a secret.
    pub details: Value,
}

impl NewEvent<'_> {
    pub fn write(self, conn: &mut PgConnection) -> QueryResult<()> {
        diesel::insert_into(audit_events::table)
            .values((
                audit_events::id.eq(AuditEventId::new()),
                audit_events::kind.eq(self.kind.as_str()),
                audit_events::user_id.eq(self.user_id),
                audit_events::session_id.eq(self.session_id),
                audit_events::ip.eq(self.visitor.map(|visitor| IpNet::from(visitor.ip))),
                audit_events::user_agent.eq(self.visitor.map(|visitor| &visitor.user_agent)),
                audit_events::details.eq(self.details),
            ))
            .execute(conn)
            .map(drop)
    }
}

/// What was written when the caller's session began. `NotFound` when it is
/// older than the audit trail.
pub fn session_started(conn: &mut PgConnection, scope: Scope) -> QueryResult<Value> {
    audit_events::table
        .filter(audit_events::user_id.eq(scope.user_id()))
        .filter(audit_events::session_id.eq(scope.session_id()))
        .filter(audit_events::kind.eq(Kind::SessionStarted.as_str()))
        .select(audit_events::details)
        .first(conn)
}
