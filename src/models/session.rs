//! Sign-ins, as they can be seen and ended.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Double, Timestamptz};
use ipnet::IpNet;

use super::Scope;
use super::ids::{SessionId, UserId};
use super::revocation;
use super::time::from_now;
use crate::provider::Provider;
use crate::schema::{sessions, users};

/// A user agent longer than this says nothing more.
const USER_AGENT_BYTES: usize = 512;

/// What a browser shows of itself.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub ip: IpAddr,
    pub user_agent: String,
}

impl Visitor {
    pub fn new(ip: IpAddr, user_agent: &str) -> Self {
        // Postgres takes no NUL; pages and logs want no other control either.
        let clean = user_agent.chars().filter(|c| !c.is_control());
        let mut user_agent: String = clean.collect();
        user_agent.truncate(user_agent.floor_char_boundary(USER_AGENT_BYTES));
        Self { ip, user_agent }
    }
}

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedReason {
    SignedOut,
    /// The same browser signed in again.
    SignedInAgain,
    /// Its person has more than [`MAX_LIVE_SESSIONS`].
    TooMany,
}

impl EndedReason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedInAgain => "signed_in_again",
            Self::TooMany => "too_many",
        }
    }
}

/// Nobody has more browsers; a program that signs in over and over might.
pub const MAX_LIVE_SESSIONS: i64 = 100;

/// What a cookie is made of besides its person.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub struct Session {
    pub id: SessionId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// The person as of now, for a cookie that is issued again.
pub type Renewed = (Session, super::user::User);

impl Session {
    /// A new session; `idle` until its cookie expires, `max_age` until it does.
    pub fn start(
        conn: &mut PgConnection,
        user_id: UserId,
        provider: Provider,
        visitor: &Visitor,
        idle: Duration,
        max_age: Duration,
    ) -> QueryResult<Self> {
        diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(SessionId::new()),
                sessions::user_id.eq(user_id),
                sessions::auth_provider.eq(provider.as_str()),
                sessions::cookie_expires_at.eq(from_now(idle.min(max_age))),
                sessions::expires_at.eq(from_now(max_age)),
                sessions::user_agent.eq(&visitor.user_agent),
                sessions::ip.eq(IpNet::from(visitor.ip)),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    /// A visit: the session lives on for `idle` more, if it lives at all.
    /// `NotFound` when it has ended.
    pub fn renew(conn: &mut PgConnection, scope: Scope, idle: Duration) -> QueryResult<Renewed> {
        let live = sessions::ended_at
            .is_null()
            .and(sessions::expires_at.gt(diesel::dsl::now));
        conn.transaction(|conn| {
            let session = diesel::update(sessions::table.find(scope.session_id()))
                .filter(sessions::user_id.eq(scope.user_id()))
                .filter(live)
                .set((
                    sessions::last_seen_at.eq(diesel::dsl::now),
                    // Never earlier than before (the idle time may have been
                    // shortened since), never after the session itself.
                    sessions::cookie_expires_at.eq(sql::<Timestamptz>(
                        "least(expires_at, greatest(cookie_expires_at, now() + make_interval(secs => ",
                    )
                    .bind::<Double, _>(idle.as_secs_f64())
                    .sql(")))")),
                ))
                .returning(Self::as_returning())
                .get_result(conn)?;
            let user = users::table
                .find(scope.user_id())
                .select(super::user::User::as_select())
                .first(conn)?;
            Ok((session, user))
        })
    }

    /// Ends the caller's own session: the row and its revocation together.
    /// Ending what has ended already changes nothing. Within a transaction.
    pub fn end(conn: &mut PgConnection, scope: Scope, reason: EndedReason) -> QueryResult<bool> {
        let ended: Option<DateTime<Utc>> = diesel::update(sessions::table.find(scope.session_id()))
            .filter(sessions::user_id.eq(scope.user_id()))
            .filter(sessions::ended_at.is_null())
            .set((
                sessions::ended_at.eq(diesel::dsl::now),
                sessions::ended_reason.eq(reason.as_str()),
            ))
            .returning(sessions::cookie_expires_at)
            .get_result(conn)
            .optional()?;
        if let Some(last_cookie) = ended {
            revocation::insert(conn, scope.session_id().as_uuid(), last_cookie)?;
        }
        Ok(ended.is_some())
    }

    /// Ends the oldest sessions of a person who has too many; says which.
    pub fn end_surplus(conn: &mut PgConnection, user_id: UserId) -> QueryResult<Vec<SessionId>> {
        let surplus: Vec<SessionId> = sessions::table
            .filter(sessions::user_id.eq(user_id))
            .filter(sessions::ended_at.is_null())
            .order((sessions::created_at.desc(), sessions::id.desc()))
            .offset(MAX_LIVE_SESSIONS)
            .select(sessions::id)
            .load(conn)?;
        let ended: Vec<(SessionId, DateTime<Utc>)> = diesel::update(sessions::table)
            .filter(sessions::id.eq_any(&surplus))
            .filter(sessions::ended_at.is_null())
            .set((
                sessions::ended_at.eq(diesel::dsl::now),
                sessions::ended_reason.eq(EndedReason::TooMany.as_str()),
            ))
            .returning((sessions::id, sessions::cookie_expires_at))
            .get_results(conn)?;
        for (id, last_cookie) in &ended {
            revocation::insert(conn, id.as_uuid(), *last_cookie)?;
        }
        Ok(ended.into_iter().map(|(id, _)| id).collect())
    }
}
