//! What happened, and to whom.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use ipnet::IpNet;
use serde_json::Value;

use super::ids::{AuditEventId, SessionId, UserId};
use super::{OwnSession, Scope, Visitor};
use crate::schema::audit_events;

/// A noun and a past participle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    AccountConnected,
    AccountDeleted,
    AccountDisconnected,
    AccountReconnected,
    ApiTokenCreated,
    ApiTokenRevoked,
    ProviderRevocationGivenUp,
    ProviderTokenHandedOut,
    ProviderTokenRefreshed,
    ProviderTokenRefused,
    SessionStarted,
    SessionEnded,
    SignInFailed,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::AccountConnected,
        Self::AccountDeleted,
        Self::AccountDisconnected,
        Self::AccountReconnected,
        Self::ApiTokenCreated,
        Self::ApiTokenRevoked,
        Self::ProviderRevocationGivenUp,
        Self::ProviderTokenHandedOut,
        Self::ProviderTokenRefreshed,
        Self::ProviderTokenRefused,
        Self::SessionStarted,
        Self::SessionEnded,
        Self::SignInFailed,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountConnected => "account.connected",
            Self::AccountDeleted => "account.deleted",
            Self::AccountDisconnected => "account.disconnected",
            Self::AccountReconnected => "account.reconnected",
            Self::ApiTokenCreated => "api_token.created",
            Self::ApiTokenRevoked => "api_token.revoked",
            Self::ProviderRevocationGivenUp => "provider_revocation.given_up",
            Self::ProviderTokenHandedOut => "provider_token.handed_out",
            Self::ProviderTokenRefreshed => "provider_token.refreshed",
            Self::ProviderTokenRefused => "provider_token.refused",
            Self::SessionStarted => "session.started",
            Self::SessionEnded => "session.ended",
            Self::SignInFailed => "sign_in.failed",
        }
    }

    /// `None` for what a newer version wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
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
        write_all(conn, [self])
    }
}

/// Writes them at once, all by the same clock.
pub fn write_all<'a>(
    conn: &mut PgConnection,
    events: impl IntoIterator<Item = NewEvent<'a>>,
) -> QueryResult<()> {
    let rows: Vec<_> = events
        .into_iter()
        .map(|event| {
            (
                audit_events::id.eq(AuditEventId::new()),
                audit_events::kind.eq(event.kind.as_str()),
                audit_events::user_id.eq(event.user_id),
                audit_events::session_id.eq(event.session_id),
                audit_events::ip.eq(event.visitor.map(|visitor| IpNet::from(visitor.ip))),
                audit_events::user_agent.eq(event.visitor.map(|visitor| &visitor.user_agent)),
                audit_events::details.eq(event.details),
            )
        })
        .collect();
    diesel::insert_into(audit_events::table)
        .values(rows)
        .execute(conn)
        .map(drop)
}

/// What was written when the caller's session began. `NotFound` when it is
/// older than the audit trail.
pub fn session_started(conn: &mut PgConnection, own: OwnSession) -> QueryResult<Value> {
    audit_events::table
        .filter(audit_events::user_id.eq(own.user_id()))
        .filter(audit_events::session_id.eq(own.session_id()))
        .filter(audit_events::kind.eq(Kind::SessionStarted.as_str()))
        .select(audit_events::details)
        .first(conn)
}

/// An event, as its person sees it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_events, check_for_backend(diesel::pg::Pg))]
pub struct AuditEvent {
    pub id: AuditEventId,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub session_id: Option<SessionId>,
    pub ip: Option<IpNet>,
    pub user_agent: Option<String>,
    pub details: Value,
}

/// How many API tokens the caller has made within the last hour.
pub fn made_within_an_hour(conn: &mut PgConnection, scope: Scope) -> QueryResult<i64> {
    audit_events::table
        .filter(audit_events::user_id.eq(scope.user_id()))
        .filter(audit_events::kind.eq(Kind::ApiTokenCreated.as_str()))
        .filter(audit_events::at.gt(sql::<Timestamptz>("now() - interval '1 hour'")))
        .count()
        .get_result(conn)
}

/// Where a page of events ends: the next one goes on behind it.
pub type Position = (DateTime<Utc>, AuditEventId);

/// The caller's own events, the newest first, from `after` on.
pub fn of_caller(
    conn: &mut PgConnection,
    scope: Scope,
    after: Option<Position>,
    limit: i64,
) -> QueryResult<Vec<AuditEvent>> {
    let mut events = audit_events::table
        .filter(audit_events::user_id.eq(scope.user_id()))
        .order((audit_events::at.desc(), audit_events::id.desc()))
        .limit(limit)
        .select(AuditEvent::as_select())
        .into_boxed();
    if let Some((at, id)) = after {
        let same_moment = audit_events::at.eq(at).and(audit_events::id.lt(id));
        // The first condition is what the index understands.
        events = events
            .filter(audit_events::at.le(at))
            .filter(audit_events::at.lt(at).or(same_moment));
    }
    events.load(conn)
}

/// Whether somebody has more events than this.
pub fn are_more_than(conn: &mut PgConnection, user_id: UserId, number: i64) -> QueryResult<bool> {
    let beyond = audit_events::table
        .filter(audit_events::user_id.eq(user_id))
        .order((audit_events::at, audit_events::id))
        .offset(number)
        .limit(1)
        .select(audit_events::id);
    Ok(beyond.first::<AuditEventId>(conn).optional()?.is_some())
}

/// Takes everything personal out of up to `limit` events of a person who
/// leaves, and lets go of them; says of how many.
pub fn forget(conn: &mut PgConnection, user_id: UserId, limit: i64) -> QueryResult<usize> {
    let some = audit_events::table
        .filter(audit_events::user_id.eq(user_id))
        .order((audit_events::at, audit_events::id))
        .limit(limit)
        .select(audit_events::id);
    let some: Vec<AuditEventId> = some.load(conn)?;
    diesel::update(audit_events::table.filter(audit_events::id.eq_any(some)))
        .set((
            audit_events::user_id.eq(None::<UserId>),
            audit_events::session_id.eq(None::<SessionId>),
            audit_events::ip.eq(None::<IpNet>),
            audit_events::user_agent.eq(None::<String>),
            audit_events::details.eq(Value::Object(serde_json::Map::new())),
        ))
        .execute(conn)
}
