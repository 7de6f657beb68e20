//! A person's sessions, as they see them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use ipnet::IpNet;

use super::{EndedReason, Session, is_live};
use crate::models::ids::{SessionId, UserId};
use crate::models::{OwnSession, Scope};
use crate::schema::sessions;

/// A session that its person can end.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub struct LiveSession {
    pub id: SessionId,
    /// `github` or `vercel`.
    pub auth_provider: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    /// When it ends unless it is visited before.
    pub cookie_expires_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    pub user_agent: String,
    /// An address, as Postgres keeps it: a network of one.
    pub ip: IpNet,
}

impl Session {
    /// The newest first.
    pub fn live(conn: &mut PgConnection, scope: Scope) -> QueryResult<Vec<LiveSession>> {
        sessions::table
            .filter(sessions::user_id.eq(scope.user_id()))
            .filter(is_live())
            .order((sessions::created_at.desc(), sessions::id.desc()))
            .select(LiveSession::as_select())
            .load(conn)
    }

    /// How many are live, of one person or of everybody, and when that was.
    pub fn count_live(
        conn: &mut PgConnection,
        user_id: Option<UserId>,
    ) -> QueryResult<(i64, DateTime<Utc>)> {
        let now = diesel::select(diesel::dsl::now.into_sql::<Timestamptz>()).get_result(conn)?;
        let mut live = sessions::table.filter(is_live()).count().into_boxed();
        if let Some(user_id) = user_id {
            live = live.filter(sessions::user_id.eq(user_id));
        }
        Ok((live.get_result(conn)?, now))
    }

    /// Why the caller's own session was ended; `None` when nobody knows.
    pub fn ended_reason(
        conn: &mut PgConnection,
        own: OwnSession,
    ) -> QueryResult<Option<EndedReason>> {
        let word: Option<Option<String>> = sessions::table
            .find(own.session_id())
            .filter(sessions::user_id.eq(own.user_id()))
            .select(sessions::ended_reason)
            .first(conn)
            .optional()?;
        Ok(word
            .flatten()
            .and_then(|word| EndedReason::from_word(&word)))
    }
}
