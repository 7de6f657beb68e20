//! Floor 0: what time it is, by the database's clock.
//!
//! Processes on several machines agree on when a session is over only if they
//! follow one clock. The database's is asked with every poll, and a monotonic
//! clock of ours carries it in between, so that a step of this machine's clock
//! changes nothing.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// A step back up to this is waited out, because what has expired must not
/// revive. After a longer one everybody would wait too long: it is believed.
const WAITED_OUT: TimeDelta = TimeDelta::hours(1);

/// An answer that took longer says too little about the time.
const PROMPT: Duration = Duration::from_secs(1);

/// Two clocks drift apart by less between two answers: 200 millionths of the
/// quarter of a second between them.
const DRIFT: i64 = 50;

/// Never goes back by less than an hour. All times in microseconds since 1970.
pub struct Clock {
    /// Where this machine's monotonic clock stood when this was made.
    made: Instant,
    /// What the time was then, by the clock that is followed.
    origin: AtomicI64,
    /// By how much that may be wrong, either way.
    unsure: AtomicI64,
    /// What has been the time already.
    floor: AtomicI64,
    /// Until the database has been asked, this machine's clock has to do.
    follows: AtomicBool,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            made: Instant::now(),
            origin: AtomicI64::new(this_machine().timestamp_micros()),
            unsure: AtomicI64::new(0),
            floor: AtomicI64::new(i64::MIN),
            follows: AtomicBool::new(false),
        }
    }
}

fn this_machine() -> DateTime<Utc> {
    Utc::now()
}

impl Clock {
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.micros()).unwrap_or_default()
    }

    /// Follows a database that was asked and answered then.
    pub fn follow(&self, database: DateTime<Utc>, asked: Instant, answered: Instant) {
        let took = answered.saturating_duration_since(asked);
        let first = !self.follows.swap(true, Ordering::Relaxed);
        if took > PROMPT && !first {
            return;
        }
        let middle = asked.saturating_duration_since(self.made) + took / 2;
        let told = database.timestamp_micros() - micros(middle);
        let (origin, unsure) = if first {
            (told, micros(took / 2))
        } else {
            self.narrowed(told, micros(took / 2))
        };
        self.unsure.store(unsure, Ordering::Relaxed);
        let (before, after) = (self.micros(), origin + micros(self.made.elapsed()));
        let step = before - after;
        if first || step > WAITED_OUT.num_microseconds().unwrap_or(i64::MAX) {
            self.floor.store(after, Ordering::Relaxed);
        } else {
            self.floor.store(before, Ordering::Relaxed);
        }
        self.origin.store(origin, Ordering::Relaxed);
        if !first && step.abs() > micros(PROMPT) {
            tracing::warn!(
                step_s = step / -1_000_000,
                "the database's clock was set, or another server answers"
            );
        }
    }

    /// The answer was made at some time between question and answer: what fits
    /// that and everything before is narrowed down, so that a slow answer does
    /// not spoil what a quick one has taught.
    fn narrowed(&self, told: i64, told_unsure: i64) -> (i64, i64) {
        let known = self.origin.load(Ordering::Relaxed);
        let unsure = self.unsure.load(Ordering::Relaxed) + DRIFT;
        let from = (known - unsure).max(told - told_unsure);
        let to = (known + unsure).min(told + told_unsure);
        if from <= to {
            let middle = from + (to - from) / 2;
            (middle, (to - from) / 2)
        } else {
            // The clock was set.
            (told, told_unsure)
        }
    }

    /// The least that the time can be now, as far as the answers tell.
    pub fn at_least(&self) -> DateTime<Utc> {
        let unsure = self.unsure.load(Ordering::Relaxed);
        DateTime::from_timestamp_micros(self.running() - unsure).unwrap_or_default()
    }

    /// How far this machine's clock is ahead of the database's.
    pub fn ahead(&self) -> TimeDelta {
        this_machine() - self.now()
    }

    fn micros(&self) -> i64 {
        self.running().max(self.floor.load(Ordering::Relaxed))
    }

    /// Without waiting anything out.
    fn running(&self) -> i64 {
        self.origin.load(Ordering::Relaxed) + micros(self.made.elapsed())
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows the clock a database whose own is off by `seconds`.
    fn shown(clock: &Clock, seconds: i64) {
        let now = Instant::now();
        clock.follow(
            this_machine() + TimeDelta::seconds(seconds),
            now,
            Instant::now(),
        );
    }

    fn off_by(clock: &Clock) -> i64 {
        (-clock.ahead())
            .num_milliseconds()
            .div_euclid(500)
            .div_euclid(2) // whole seconds, rounded down
    }

    #[test]
    fn the_database_is_believed_whatever_this_machine_says() {
        for seconds in [-300, 300, 86_400 * 365] {
            let clock = Clock::default();
            shown(&clock, seconds);
            assert!((off_by(&clock) - seconds).abs() <= 1, "{seconds}");
        }
    }

    #[test]
    fn a_step_forward_is_followed_and_a_step_back_waited_out() {
        let clock = Clock::default();
        shown(&clock, 0);
        shown(&clock, 300);
        assert!((off_by(&clock) - 300).abs() <= 1);

        shown(&clock, 0);
        let still = clock.now();
        shown(&clock, 0);
        assert_eq!(clock.now(), still, "it stands still");
        assert!((off_by(&clock) - 300).abs() <= 1);
    }

    #[test]
    fn a_step_back_of_a_day_is_believed_at_once() {
        let clock = Clock::default();
        shown(&clock, 86_400);
        shown(&clock, 0);
        assert!(off_by(&clock).abs() <= 1);
    }

    #[test]
    fn an_answer_that_took_long_is_not_believed() {
        let clock = Clock::default();
        shown(&clock, 0);
        let asked = Instant::now();
        let late = asked + Duration::from_secs(2);
        clock.follow(this_machine() + TimeDelta::seconds(300), asked, late);
        assert!(off_by(&clock).abs() <= 1);
    }
    #[test]
    fn a_slow_answer_does_not_spoil_what_a_quick_one_has_taught() {
        let clock = Clock::default();
        shown(&clock, 0);
        let precisely = clock.ahead();
        let asked = Instant::now();
        let answered = asked + Duration::from_millis(800);
        // Made at once, and long on its way back.
        clock.follow(this_machine(), asked, answered);
        assert!((clock.ahead() - precisely).abs() < TimeDelta::milliseconds(20));
        // This one cannot have been made by the same clock.
        clock.follow(this_machine() + TimeDelta::seconds(5), asked, answered);
        assert!(clock.ahead() < TimeDelta::seconds(-4));
    }
}
