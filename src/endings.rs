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
use crate::models::revocation::SAFETY_MARGIN;
use crate::models::session::{Ended, EndedReason, Ending};
use crate::models::{OwnSession, Scope, Visitor};
use crate::revocations::Revocations;

/// Some 600 bytes each. Every one is the sign-out of a session that was good,
/// so strangers cannot fill this.
const MOST_UNWRITTEN: usize = 10_000;

/// Ends sessions for their people.
pub struct Endings {
    db: Db,
    revocations: Arc<Revocations>,
    clock: Arc<Clock>,
    /// No cookie of a session lives longer.
    longest_session: TimeDelta,
    /// Sign-outs that the database could not take yet.
    unwritten: Mutex<VecDeque<SignOut>>,
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
    fn write(&self, conn: &mut diesel::PgConnection) -> diesel::QueryResult<Option<Ended>> {
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
        conn.transaction(|conn| ending.of_own(conn, self.own))
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
            answered: Notify::new(),
        }
    }

    /// Signs the caller out: refused here from now on, whatever the database
    /// says. `false` when it could not be written yet; then it is, as soon as
    /// the database answers, unless this process ends before.
    pub async fn sign_out(&self, own: OwnSession, visitor: Visitor) -> bool {
        self.refuse_for_long(own.session_id());
        let mut sign_out = SignOut {
            own,
            visitor,
            asked: Instant::now(),
            is_late: false,
        };
        let Err(error) = self.write(sign_out.clone()).await else {
            return true;
        };
        tracing::warn!(session = %own.session_id(), "a sign-out is to be written later: {error}");
        sign_out.is_late = true;
        let mut unwritten = self.unwritten();
        if unwritten.len() < MOST_UNWRITTEN {
            unwritten.push_back(sign_out);
        } else {
            tracing::error!(session = %own.session_id(), "too many sign-outs wait: this one holds here alone");
        }
        false
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// `NotFound` when it is over already, or is not theirs.
    pub async fn end(&self, scope: Scope, id: SessionId, visitor: Visitor) -> Result<Ended, Error> {
        let from = scope.came_with();
        let ended = self
            .db
            .run(move |conn| {
                let ending = Ending {
                    reason: EndedReason::EndedByUser,
                    visitor: Some(&visitor),
                    from: Some(from),
                    ago: Duration::ZERO,
                };
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
        let from = scope.came_with();
        let ended = self
            .db
            .run(move |conn| {
                let ending = Ending {
                    reason: EndedReason::EndedByUser,
                    visitor: Some(&visitor),
                    from: Some(from),
                    ago: Duration::ZERO,
                };
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

    /// Writes what is unwritten, as far as the database takes it; says how
    /// much is left.
    pub async fn write_unwritten(&self) -> usize {
        loop {
            let Some(next) = self.unwritten().front().cloned() else {
                return 0;
            };
            let session = next.own.session_id();
            let written = self.write(next).await;
            let mut unwritten = self.unwritten();
            let tried = unwritten.pop_front();
            if let Err(error) = written {
                tracing::debug!(%session, "a sign-out still cannot be written: {error}");
                // Behind the others, should it be this one that is the trouble.
                unwritten.extend(tried);
                return unwritten.len();
            }
            tracing::info!(%session, "a sign-out was written late");
        }
    }

    async fn write(&self, sign_out: SignOut) -> Result<(), Error> {
        let ended = self.db.run(move |conn| sign_out.write(conn)).await?;
        self.refuse(ended.as_slice());
        Ok(())
    }

    fn unwritten(&self) -> std::sync::MutexGuard<'_, VecDeque<SignOut>> {
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
