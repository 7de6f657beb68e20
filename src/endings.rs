//! Floor 3: ending sessions, so that it holds at once here, within a second
//! everywhere, and also while the database is away.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use diesel::Connection as _;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::db::Db;
use crate::error::Error;
use crate::models::ids::SessionId;
use crate::models::revocation::{self, SAFETY_MARGIN};
use crate::models::session::{Ended, EndedReason, Ending};
use crate::models::{OwnSession, Scope, Visitor};
use crate::revocations::Revocations;

/// Some 600 bytes each. Every one is the sign-out of a session that was good,
/// so strangers cannot fill this.
const MOST_UNWRITTEN: usize = 10_000;
/// A slower database has the sign-out later.
const WRITTEN_WITHIN: Duration = Duration::from_millis(500);

/// Ends sessions for their people.
pub struct Endings {
    db: Db,
    revocations: Arc<Revocations>,
    clock: Arc<Clock>,
    /// No cookie of a session lives longer.
    longest_session: TimeDelta,
    /// Sign-outs that the database could not take yet.
    unwritten: Mutex<VecDeque<SignOut>>,
    /// Held by whoever writes them.
    writing: tokio::sync::Mutex<()>,
    answered: Notify,
}

/// A sign-out to be written.
#[derive(Clone)]
struct SignOut {
    own: OwnSession,
    visitor: Visitor,
    asked: Instant,
    /// Whether a first try has failed.
    is_late: bool,
}

impl SignOut {
    /// Also when the session's row is gone, lost with a failover say: its
    /// cookies are still good elsewhere.
    fn write(
        &self,
        conn: &mut diesel::PgConnection,
        longest_session: TimeDelta,
    ) -> diesel::QueryResult<Option<Ended>> {
        let ending = Ending {
            reason: EndedReason::SignedOut,
            visitor: Some(&self.visitor),
            from: None,
            ago: if self.is_late {
                self.asked.elapsed()
            } else {
                Duration::ZERO
            },
        };
        conn.transaction(|conn| {
            let ended = ending.of_own(conn, self.own)?;
            if ended.is_none() {
                let subject = self.own.session_id().as_uuid();
                revocation::insert_for(conn, subject, longest_session)?;
            }
            Ok(ended)
        })
    }
}

impl Endings {
    pub fn new(
        db: Db,
        revocations: Arc<Revocations>,
        clock: Arc<Clock>,
        longest_session: Duration,
    ) -> Self {
        Self {
            db,
            revocations,
            clock,
            longest_session: TimeDelta::from_std(longest_session).unwrap_or(TimeDelta::MAX),
            unwritten: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            answered: Notify::new(),
        }
    }

    /// Signs the caller out: refused here from now on, whatever the database
    /// says. `false` when it could not be written yet; then it is, as soon as
    /// the database answers, unless this process ends before.
    ///
    /// It does not wait for long, because the browser may sign in again
    /// meanwhile.
    pub async fn sign_out(&self, own: OwnSession, visitor: Visitor) -> bool {
        self.refuse_for_long(own.session_id());
        let mut sign_out = SignOut {
            own,
            visitor,
            asked: Instant::now(),
            is_late: false,
        };
        let written = tokio::time::timeout(WRITTEN_WITHIN, self.write(sign_out.clone())).await;
        let reason = match written {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(_late) => "the database takes its time".to_owned(),
        };
        let session = own.session_id();
        tracing::warn!(%session, "a sign-out is to be written later: {reason}");
        sign_out.is_late = true;
        let mut unwritten = self.unwritten();
        if unwritten.len() < MOST_UNWRITTEN {
            unwritten.push_back(sign_out);
        } else {
            tracing::error!(%session, "too many sign-outs wait: this one holds here alone");
        }
        false
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// `NotFound` when it is over already, or is not theirs.
    pub async fn end(&self, scope: Scope, id: SessionId, visitor: Visitor) -> Result<Ended, Error> {
        let ended = self
            .db
            .run(move |conn| {
                let ending = Ending::by_user(scope, &visitor);
                conn.transaction(|conn| ending.of_one(conn, scope, id))
            })
            .await?
            .ok_or(Error::NotFound)?;
        self.refuse(std::slice::from_ref(&ended));
        Ok(ended)
    }

    /// Ends all of the caller's sessions but the one they came with; says how
    /// many.
    pub async fn end_others(&self, scope: Scope, visitor: Visitor) -> Result<usize, Error> {
        let ended = self
            .db
            .run(move |conn| {
                let ending = Ending::by_user(scope, &visitor);
                conn.transaction(|conn| ending.of_others(conn, scope))
            })
            .await?;
        self.refuse(&ended);
        Ok(ended.len())
    }

    /// Sessions that were ended in a transaction of somebody else's.
    pub fn refuse(&self, ended: &[Ended]) {
        for ended in ended {
            let until = ended.last_cookie + SAFETY_MARGIN;
            self.revocations.refuse(ended.id.as_uuid(), until);
        }
    }

    /// A session of which only the id is known.
    pub fn refuse_for_long(&self, id: SessionId) {
        let until = self.clock.now() + self.longest_session + SAFETY_MARGIN;
        self.revocations.refuse(id.as_uuid(), until);
    }

    /// The database has just answered.
    pub fn database_answered(&self) {
        if !self.unwritten().is_empty() {
            self.answered.notify_one();
        }
    }

    /// Writes what is unwritten whenever the database answers again. Until it
    /// is dropped.
    pub async fn write_later(&self) {
        loop {
            self.answered.notified().await;
            self.write_unwritten().await;
        }
    }

    /// Tries to write each that is unwritten, once; says how many are left.
    pub async fn write_unwritten(&self) -> usize {
        // One at a time, or two would write the same.
        let _turn = self.writing.lock().await;
        let waiting = self.unwritten().len();
        for _ in 0..waiting {
            let Some(next) = self.unwritten().pop_front() else {
                break;
            };
            let session = next.own.session_id();
            match self.write(next.clone()).await {
                Ok(()) => tracing::info!(%session, "a sign-out was written late"),
                Err(error) => {
                    tracing::debug!(%session, "a sign-out still cannot be written: {error}");
                    self.unwritten().push_back(next);
                }
            }
        }
        self.unwritten().len()
    }

    async fn write(&self, sign_out: SignOut) -> Result<(), Error> {
        let longest = self.longest_session;
        let ended = self
            .db
            .run(move |conn| sign_out.write(conn, longest))
            .await?;
        self.refuse(ended.as_slice());
        Ok(())
    }

    fn unwritten(&self) -> std::sync::MutexGuard<'_, VecDeque<SignOut>> {
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
