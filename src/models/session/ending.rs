//! Ending sessions: the row, its revocation and its event, always together.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Double, Nullable, Timestamptz};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{MAX_LIVE_SESSIONS, Session, is_live};
use crate::models::audit_event::{self, Kind, NewEvent};
use crate::models::ids::{SessionId, UserId};
use crate::models::{CameWith, OwnSession, Scope, Visitor, revocation};
use crate::schema::sessions;

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedReason {
    SignedOut,
    /// The same browser signed in again.
    SignedInAgain,
    /// From another session of the same person.
    EndedByUser,
    /// From the terminal.
    EndedByOperator,
    /// Its person has more than [`MAX_LIVE_SESSIONS`].
    TooMany,
    AccountDeleted,
}

impl EndedReason {
    pub const ALL: [Self; 6] = [
        Self::SignedOut,
        Self::SignedInAgain,
        Self::EndedByUser,
        Self::EndedByOperator,
        Self::TooMany,
        Self::AccountDeleted,
    ];

    /// The word in the database and in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedInAgain => "signed_in_again",
            Self::EndedByUser => "ended_by_user",
            Self::EndedByOperator => "ended_by_operator",
            Self::TooMany => "too_many",
            Self::AccountDeleted => "account_deleted",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// How sessions come to end: what their events say.
#[derive(Clone, Copy)]
pub struct Ending<'a> {
    pub reason: EndedReason,
    /// Who asked for it, if a visitor did.
    pub visitor: Option<&'a Visitor>,
    /// The other session, or the API token, with which it was asked for.
    pub from: Option<CameWith>,
    /// How long ago: a sign-out may be written late.
    pub ago: Duration,
}

/// A session that has been ended just now.
#[derive(Clone, Debug, Queryable)]
pub struct Ended {
    pub id: SessionId,
    user_id: UserId,
    /// Until then a cookie of it could be presented.
    pub last_cookie: DateTime<Utc>,
    /// What its browser called itself, so that its person knows which it was.
    pub user_agent: String,
}

/// Some of many sessions that are to end.
pub struct Batch {
    pub ended: Vec<Ended>,
    /// Where to go on; `None` when there are no more.
    pub last: Option<SessionId>,
}

/// The id of a session, if it is this person's.
#[diesel::dsl::auto_type(no_type_alias)]
fn owned(id: SessionId, user_id: UserId) -> _ {
    sessions::table
        .filter(sessions::id.eq(id))
        .filter(sessions::user_id.eq(user_id))
        .select(sessions::id)
}

impl<'a> Ending<'a> {
    /// From another session of the same person, or with a token of theirs.
    pub fn by_user(scope: Scope, visitor: &'a Visitor) -> Self {
        Self {
            reason: EndedReason::EndedByUser,
            visitor: Some(visitor),
            from: Some(scope.came_with()),
            ago: Duration::ZERO,
        }
    }
}

impl Ending<'_> {
    /// Ends the caller's own session. `None` when it has ended already. Within
    /// a transaction, as all of these.
    pub fn of_own(self, conn: &mut PgConnection, own: OwnSession) -> QueryResult<Option<Ended>> {
        let found: Option<SessionId> = owned(own.session_id(), own.user_id())
            .first(conn)
            .optional()?;
        Ok(self.of(conn, found.as_slice())?.pop())
    }

    /// Ends one session of the caller's. `None` when it is over, or not theirs.
    pub fn of_one(
        self,
        conn: &mut PgConnection,
        scope: Scope,
        id: SessionId,
    ) -> QueryResult<Option<Ended>> {
        let found: Option<SessionId> = owned(id, scope.user_id())
            .filter(is_live())
            .first(conn)
            .optional()?;
        Ok(self.of(conn, found.as_slice())?.pop())
    }

    /// Ends all sessions of the caller's but the one they came with, if any.
    pub fn of_others(self, conn: &mut PgConnection, scope: Scope) -> QueryResult<Vec<Ended>> {
        let mut others = sessions::table
            .filter(sessions::user_id.eq(scope.user_id()))
            .filter(is_live())
            .select(sessions::id)
            .into_boxed();
        if let Some(own) = scope.session_id() {
            others = others.filter(sessions::id.ne(own));
        }
        let others: Vec<SessionId> = others.load(conn)?;
        self.of(conn, &others)
    }

    /// Ends all of a person who leaves.
    pub fn of_all(self, conn: &mut PgConnection, user_id: UserId) -> QueryResult<Vec<Ended>> {
        let all: Vec<SessionId> = sessions::table
            .filter(sessions::user_id.eq(user_id))
            .filter(is_live())
            .select(sessions::id)
            .load(conn)?;
        self.of(conn, &all)
    }

    /// Ends up to `limit` live sessions behind `after`, of one person or of
    /// everybody, that began before then.
    pub fn of_anybodys(
        self,
        conn: &mut PgConnection,
        user_id: Option<UserId>,
        before: DateTime<Utc>,
        after: Option<SessionId>,
        limit: i64,
    ) -> QueryResult<Batch> {
        let mut live = sessions::table
            .filter(is_live())
            .filter(sessions::created_at.le(before))
            .order(sessions::id)
            .limit(limit)
            .select(sessions::id)
            .into_boxed();
        if let Some(user_id) = user_id {
            live = live.filter(sessions::user_id.eq(user_id));
        }
        if let Some(after) = after {
            live = live.filter(sessions::id.gt(after));
        }
        let live: Vec<SessionId> = live.load(conn)?;
        Ok(Batch {
            // Somebody else may end some of them first.
            ended: self.of(conn, &live)?,
            last: live.last().copied(),
        })
    }

    /// Those of them that have not ended yet.
    fn of(self, conn: &mut PgConnection, ids: &[SessionId]) -> QueryResult<Vec<Ended>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Self::lock(conn, ids)?;
        let ended: Vec<Ended> = diesel::update(sessions::table)
            .filter(sessions::id.eq_any(ids))
            .filter(sessions::ended_at.is_null())
            .set((
                sessions::ended_at.eq(sql::<Nullable<Timestamptz>>(
                    "greatest(created_at, now() - make_interval(secs => ",
                )
                .bind::<Double, _>(self.ago.as_secs_f64())
                .sql("))")),
                sessions::ended_reason.eq(self.reason.as_str()),
            ))
            .returning((
                sessions::id,
                sessions::user_id,
                sessions::cookie_expires_at,
                sessions::user_agent,
            ))
            .get_results(conn)?;
        let subjects = ended
            .iter()
            .map(|ended| (ended.id.as_uuid(), ended.last_cookie));
        revocation::insert(conn, subjects)?;
        let events = ended.iter().map(|ended| self.event(ended));
        audit_event::write_all(conn, events)?;

        Ok(ended)
    }

    /// In one order, whoever ends which of them: two who end some of the same
    /// at once wait for one another, not for each other.
    fn lock(conn: &mut PgConnection, ids: &[SessionId]) -> QueryResult<()> {
        sessions::table
            .filter(sessions::id.eq_any(ids))
            .order(sessions::id)
            .select(sessions::id)
            .for_no_key_update()
            .load::<SessionId>(conn)
            .map(drop)
    }

    fn event(&self, ended: &Ended) -> NewEvent<'_> {
        let mut details = json!({
            "reason": self.reason.as_str(),
            "userAgent": ended.user_agent,
        });
        if !self.ago.is_zero() {
            details["writtenLate"] = json!(self.ago.as_secs());
        }
        match self.from {
            Some(CameWith::Session(id)) => details["from"] = json!(id),
            Some(CameWith::Token(id)) => details["token"] = json!(id),
            None => {}
        }
        NewEvent {
            kind: Kind::SessionEnded,
            user_id: Some(ended.user_id),
            session_id: Some(ended.id),
            visitor: self.visitor,
            details,
        }
    }
}

impl Session {
    /// Ends the oldest sessions of a person who has too many; says which.
    pub fn end_surplus(
        conn: &mut PgConnection,
        user_id: UserId,
        visitor: &Visitor,
    ) -> QueryResult<Vec<Ended>> {
        let surplus: Vec<SessionId> = sessions::table
            .filter(sessions::user_id.eq(user_id))
            .filter(is_live())
            .order((sessions::created_at.desc(), sessions::id.desc()))
            .offset(MAX_LIVE_SESSIONS)
            .select(sessions::id)
            .load(conn)?;
        let ending = Ending {
            reason: EndedReason::TooMany,
            visitor: Some(visitor),
            from: None,
            ago: Duration::ZERO,
        };
        ending.of(conn, &surplus)
    }
}
