//! `vestibule keys rotate`: a new key of each kind.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use super::file_of;
use crate::cli::{Failure, terminal};
use crate::config::Environment;
use crate::crypto::keys::{About, Change, KeyRing, READ_EVERY};

/// Many times what it takes until every process has read the ring, on machines
/// whose clocks differ.
const ACTIVE_AFTER: TimeDelta = TimeDelta::minutes(10);

pub fn rotate(
    path: Option<PathBuf>,
    at_once: bool,
    environment: &Environment,
) -> Result<(), Failure> {
    let path = file_of(path, environment)?;
    let mut change = Change::begin(&path).map_err(Failure::new)?;
    let now = Utc::now();
    let pending = pending(change.ring(), now);
    let active_from = if at_once { now } else { now + ACTIVE_AFTER };
    let added = change.add(now, active_from).map_err(Failure::new)?;
    change.write().map_err(Failure::new)?;
    drop(change);

    let when = terminal::time(active_from);
    let when = if at_once { "now".to_owned() } else { when };
    terminal::say(&format!(
        "added to {}, active from {when} on:",
        path.display()
    ));
    for about in &added {
        terminal::say(&format!("  {:<24} {}", about.kid, about.kind.purpose()));
    }
    tell_of_pending(&pending, at_once);
    tell_what_is_next(at_once);
    Ok(())
}

fn pending(ring: &KeyRing, now: DateTime<Utc>) -> Vec<About> {
    let all = ring.overview(now).into_iter().map(|(about, _)| about);
    all.filter(|about| about.active_from > now).collect()
}

fn tell_of_pending(pending: &[About], at_once: bool) {
    if pending.is_empty() {
        return;
    }
    terminal::say("not active yet, from an earlier rotation:");
    for about in pending {
        let when = terminal::time(about.active_from);
        terminal::say(&format!("  {:<24} active from {when} on", about.kid));
    }
    if at_once {
        terminal::say("If they may have leaked as well, retire them first of all.");
    }
}

fn tell_what_is_next(at_once: bool) {
    terminal::say(&format!(
        "Next: every process reads the ring within {} s, or at once on SIGHUP.",
        READ_EVERY.as_secs()
    ));
    terminal::say(if at_once {
        "Seal stored tokens anew: vestibule tokens reseal"
    } else {
        "When the new keys are active, seal stored tokens anew: vestibule tokens reseal"
    });
    terminal::say(
        "Then take the old keys out, which says what still needs them: vestibule keys retire KID",
    );
}
