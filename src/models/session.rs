//! Sign-ins, as they can be seen and ended.

mod ending;
mod listing;

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Double, Timestamptz};
use ipnet::IpNet;

use super::ids::{SessionId, UserId};
use super::time::from_now;
use super::{OwnSession, Visitor};
use crate::provider::Provider;
use crate::schema::{sessions, users};

pub use ending::{Batch, Ended, EndedReason, Ending};
pub use listing::LiveSession;

/// Nobody has more browsers; a program that signs in over and over might.
pub const MAX_LIVE_SESSIONS: i64 = 100;

/// What a cookie is made of besides its person.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub struct Session {
    pub id: SessionId,
    pub created_at: DateTime<Utc>,
    /// When this was written, by the database's clock: what its cookie's times
    /// are counted from.
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// The person as of now, for a cookie that is issued again.
pub type Renewed = (Session, super::user::User);

/// A live session has not been ended and some cookie of it can still be good.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_live() -> _ {
    let not_ended: diesel::dsl::IsNull<sessions::ended_at> = sessions::ended_at.is_null();
    not_ended.and(sessions::cookie_expires_at.gt(diesel::dsl::now))
}

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

    /// Whether the caller's own session lives; it does until the end of this
    /// transaction.
    pub fn hold(conn: &mut PgConnection, own: OwnSession) -> QueryResult<bool> {
        let found = sessions::table
            .find(own.session_id())
            .filter(sessions::user_id.eq(own.user_id()))
            .filter(sessions::ended_at.is_null())
            .filter(sessions::expires_at.gt(diesel::dsl::now))
            .for_no_key_update()
            .select(sessions::id)
            .first::<SessionId>(conn);
        Ok(found.optional()?.is_some())
    }

    /// A visit: the session lives on for `idle` more, if it lives at all.
    /// `NotFound` when it has ended.
    pub fn renew(conn: &mut PgConnection, own: OwnSession, idle: Duration) -> QueryResult<Renewed> {
        let live = sessions::ended_at
            .is_null()
            .and(sessions::expires_at.gt(diesel::dsl::now));
        conn.transaction(|conn| {
            let session = diesel::update(sessions::table.find(own.session_id()))
                .filter(sessions::user_id.eq(own.user_id()))
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
                .find(own.user_id())
                .select(super::user::User::as_select())
                .first(conn)?;
            Ok((session, user))
        })
    }
}
