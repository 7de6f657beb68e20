//! Keeps the set true: what any process revokes is known to all of them within
//! a poll.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use super::Revocations;
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Dependency, Error};
use crate::models::revocation::{self, Page, Position, Seen};

/// A revocation is known elsewhere within this, and a second is promised.
const POLL_EVERY: Duration = Duration::from_millis(250);
/// So many rows are read within the time that the database may take.
const PAGE: usize = 10_000;
/// Ids leave memory this late at most.
const FORGET_EVERY: Duration = Duration::from_mins(1);
/// People read logs: a clock that is off by more should be set.
const NOTABLE_SKEW_SECONDS: i64 = 60;

/// Reads what is revoked, over and over. It has a connection of its own, so
/// that visitors who use up the pool make nobody's session unknown.
pub struct Feed {
    revocations: Arc<Revocations>,
    clock: Arc<Clock>,
    db: Db,
    seen: Seen,
    /// The server that `seen` is about.
    server: Option<String>,
    is_failing: bool,
}

impl Feed {
    pub fn new(revocations: Arc<Revocations>, clock: Arc<Clock>, db: Db) -> Self {
        Self {
            revocations,
            clock,
            db,
            seen: Seen::default(),
            server: None,
            is_failing: false,
        }
    }

    /// Polls until it is dropped; calls `answered` after each good poll.
    pub async fn run(mut self, answered: impl Fn()) {
        let mut ticks = tokio::time::interval(POLL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut forgotten_at = Instant::now();
        loop {
            ticks.tick().await;
            let result = self.poll().await;
            if result.is_ok() {
                answered();
            } else {
                // Whatever happened to the server meanwhile: begin anew.
                self.seen = Seen::default();
            }
            self.report(result);
            if forgotten_at.elapsed() >= FORGET_EVERY {
                self.revocations.ids.forget_until(self.clock.now()).await;
                forgotten_at = Instant::now();
            }
        }
    }

    /// Reads everything that is new, page by page, and only then counts as
    /// fresh, from the moment at which it began.
    async fn poll(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        let first = self.page(None).await?;
        if self.server.as_ref() == Some(&first.server) {
            return self.read_on(first, began).await;
        }
        // What one server has shown says nothing about another one, nor about
        // the same after a crash: read everything again.
        self.compare_clocks();
        let is_first = self.server.replace(first.server.clone()).is_none();
        if is_first {
            return self.read_on(first, began).await;
        }
        self.seen = Seen::default();
        let whole = self.page(None).await?;
        self.read_on(whole, began).await
    }

    async fn read_on(&mut self, first: Page, began: Instant) -> Result<(), Error> {
        // What is committed while the later pages are read, is in the next
        // poll: it counts from the first page's snapshot.
        let seen = first.seen.clone();
        let mut rest = self.take_in(first)?;
        while let Some(position) = rest {
            let page = self.page(Some(position)).await?;
            rest = self.take_in(page)?;
        }
        self.seen = seen;
        self.revocations.confirm(began);
        Ok(())
    }

    fn take_in(&self, page: Page) -> Result<Option<Position>, Error> {
        if self.server.as_ref() != Some(&page.server) {
            // In the middle of its pages: the next poll begins anew.
            return Err(Error::Unavailable(Dependency::Database));
        }
        for (subject, until) in page.revoked {
            self.revocations.ids.insert(subject, until);
        }
        Ok(page.rest)
    }

    async fn page(&self, position: Option<Position>) -> Result<Page, Error> {
        let (seen, asked) = (self.seen.clone(), Instant::now());
        let page = self
            .db
            .run(move |conn| revocation::new_since(conn, &seen, position.as_ref(), PAGE))
            .await?;
        if page.is_standby {
            tracing::debug!("a standby answered: it may lag behind");
            return Err(Error::Unavailable(Dependency::Database));
        }
        self.clock.follow(page.now, asked, Instant::now());
        Ok(page)
    }

    /// One line when it stops working, one when it works again.
    fn report(&mut self, result: Result<(), Error>) {
        let was_failing = std::mem::replace(&mut self.is_failing, result.is_err());
        match result {
            Err(error) if !was_failing => {
                tracing::error!(
                    "what other processes revoke is not heard of: {error}. \
                     Signed-in visitors will be refused 30 s after the last good poll"
                );
            }
            Ok(()) if was_failing => {
                tracing::info!("what other processes revoke is heard of again");
            }
            _ => {}
        }
    }

    fn compare_clocks(&self) {
        let ahead = self.clock.ahead().num_seconds();
        if ahead.abs() > NOTABLE_SKEW_SECONDS {
            tracing::warn!(
                ahead_s = ahead,
                "this machine's clock differs from the database's, which is followed"
            );
        }
    }
}
