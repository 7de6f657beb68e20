//! Where a key stands among those of its kind: not yet in use, in use, or
//! followed by another.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{About, KeyRing, Keys};

/// How often every process looks whether the ring's file has changed.
pub const READ_EVERY: Duration = Duration::from_secs(30);
/// By then every process has read it, and has written what it was about to.
const READ_BY_ALL_WITHIN: Duration = Duration::from_secs(35);

/// What a key is to its ring.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Its time has not come.
    Pending,
    /// The one that is used for new things.
    Active,
    /// It opens what it made, until nothing of that is left.
    Old {
        /// The next newer one of its kind.
        successor: About,
    },
}

impl About {
    /// When every process makes new things with this key, and none with the
    /// one before it: those that read the ring last did so a while after it
    /// was made, if it was to be used at once.
    pub fn in_use_everywhere_from(&self) -> DateTime<Utc> {
        self.active_from.max(self.made_at) + READ_BY_ALL_WITHIN
    }
}

impl KeyRing {
    /// A key of the ring, and where it stands.
    pub fn standing(&self, kid: &str, now: DateTime<Utc>) -> Option<(About, Standing)> {
        fn of<K>(keys: &Keys<K>, kid: &str, now: DateTime<Utc>) -> Option<(About, Standing)> {
            // The newest first.
            let place = keys.abouts().position(|about| about.kid == kid)?;
            let active = keys.abouts().position(|about| about.active_from <= now);
            let standing = match active {
                Some(active) if place == active => Standing::Active,
                Some(active) if place > active => Standing::Old {
                    successor: keys.0[place - 1].0.clone(),
                },
                _ => Standing::Pending,
            };
            Some((keys.0[place].0.clone(), standing))
        }
        of(&self.signing, kid, now)
            .or_else(|| of(&self.encryption, kid, now))
            .or_else(|| of(&self.sealing, kid, now))
            .or_else(|| of(&self.pre_sign_in, kid, now))
    }
}
