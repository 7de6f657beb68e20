//! `vestibule keys retire`: a key is taken out, once nothing needs it any more.

mod sealing;

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use super::file_of;
use crate::cli::{Failure, terminal};
use crate::config::{Environment, Reader, SessionLimits};
use crate::crypto::keys::{About, Change, KeyRing, Kind, READ_EVERY, Standing};
use crate::sign_in::PENDING_FOR;

/// What is to be done, and with what.
#[derive(Clone, Copy)]
struct Retirement<'a> {
    kid: &'a str,
    path: &'a Path,
    force: bool,
    environment: &'a Environment,
}

pub fn retire(
    kid: &str,
    path: Option<PathBuf>,
    force: bool,
    environment: &Environment,
) -> Result<(), Failure> {
    let path = file_of(path, environment)?;
    let wish = Retirement {
        kid,
        path: &path,
        force,
        environment,
    };
    let mut change = Change::begin(&path).map_err(Failure::new)?;
    match change.ring().standing(kid, Utc::now()) {
        None => wish.unknown(&change),
        Some((about, Standing::Active)) => Err(wish.is_active(&about)),
        Some((_, Standing::Pending)) => {
            take_out(&mut change, kid)?;
            wish.tell("it was not in use yet: nothing ends, and the keys before it go on. Rotate again for a new one");
            Ok(())
        }
        Some((about, Standing::Old { successor })) if about.kind == Kind::Sealing => {
            // It may take a while: others may change the ring meanwhile.
            drop(change);
            wish.old_sealing_key(&successor)
        }
        Some((about, Standing::Old { successor })) => {
            wish.of_cookies(&mut change, about.kind, &successor)
        }
    }
}

impl Retirement<'_> {
    fn unknown(self, change: &Change) -> Result<(), Failure> {
        if self.force && self.give_up_without_key()? {
            return Ok(());
        }
        let mut lines = vec![format!(
            "{} holds no key {}. It holds:",
            self.path.display(),
            self.kid
        )];
        let all = change.ring().overview(Utc::now());
        lines.extend(all.iter().map(|(about, _)| format!("  {}", about.kid)));
        Err(Failure(lines))
    }

    fn is_active(self, about: &About) -> Failure {
        Failure::new(format!(
            "{} is the active key that {}. Make another first: vestibule keys rotate",
            self.kid,
            about.kind.purpose()
        ))
    }

    /// A key of cookies: they cannot be counted, and so go by their time.
    fn of_cookies(self, change: &mut Change, kind: Kind, successor: &About) -> Result<(), Failure> {
        let until = successor.in_use_everywhere_from() + self.cookies_last(kind)?;
        let needed = Utc::now() < until;
        if needed && !self.force {
            return Err(Failure::new(format!(
                "{} is needed until {}: {} made under it can be valid so long. --force ends them",
                self.kid,
                terminal::time(until),
                cookies(kind)
            )));
        }
        take_out(change, self.kid)?;
        self.tell(match kind {
            _ if !needed => "nothing that it made is valid any more: nothing ends",
            Kind::PreSignIn => "sign-ins that were begun under it have to be started again",
            _ => "sessions whose cookies were made under it are over: their people have to sign in again",
        });
        Ok(())
    }

    fn cookies_last(self, kind: Kind) -> Result<TimeDelta, Failure> {
        if kind == Kind::PreSignIn {
            return Ok(PENDING_FOR);
        }
        let mut reader = Reader::new(self.environment);
        let limits = SessionLimits::read(&mut reader);
        let problems = reader.problems();
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let last = TimeDelta::from_std(limits.idle.min(limits.max_age));
        last.map_err(Failure::new)
    }

    fn tell(self, what_ends: &str) {
        terminal::say(&format!(
            "retired {}: {what_ends}. Processes drop it within {} s, or at once on SIGHUP",
            self.kid,
            READ_EVERY.as_secs()
        ));
    }
}

fn cookies(kind: Kind) -> &'static str {
    match kind {
        Kind::PreSignIn => "cookies of sign-ins under way",
        _ => "session cookies",
    }
}

fn take_out(change: &mut Change, kid: &str) -> Result<(), Failure> {
    change.take_out(kid);
    change.write().map_err(Failure::new)
}

/// Whether the key is still one that another has followed.
fn is_old(ring: &KeyRing, kid: &str, now: DateTime<Utc>) -> bool {
    matches!(ring.standing(kid, now), Some((_, Standing::Old { .. })))
}
