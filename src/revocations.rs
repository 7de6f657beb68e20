//! Floor 3: the ids that are over, in memory, so that a request pays no query
//! to be refused.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use uuid::Uuid;

use crate::db::Db;
use crate::error::Error;
use crate::models::ids::SessionId;
use crate::models::revocation;

/// What this process refuses although its signature is good.
#[derive(Default)]
pub struct Revocations {
    /// `None` until the first load: whoever asks earlier has to wait.
    subjects: RwLock<Option<HashSet<Uuid>>>,
}

impl Revocations {
    /// Reads everything that is still to be refused, keeping what was added
    /// meanwhile.
    pub async fn load(&self, db: &Db) -> Result<(), Error> {
        let current = db.run(revocation::all_current).await?;
        self.write(|subjects| subjects.extend(current));
        Ok(())
    }

    pub fn is_loaded(&self) -> bool {
        self.subjects
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Refuses a session at once, here.
    pub fn add(&self, session: SessionId) {
        self.write(|subjects| {
            subjects.insert(session.as_uuid());
        });
    }

    pub fn contains(&self, subject: Uuid) -> bool {
        let subjects = self.subjects.read().unwrap_or_else(PoisonError::into_inner);
        subjects
            .as_ref()
            .is_some_and(|subjects| subjects.contains(&subject))
    }

    fn write(&self, change: impl FnOnce(&mut HashSet<Uuid>)) {
        let mut subjects = self
            .subjects
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        change(subjects.get_or_insert_default());
    }
}
