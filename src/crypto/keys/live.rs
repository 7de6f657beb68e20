//! The ring as it is now. Its file may change while it is used: a rotation adds
//! keys, a retirement takes one away.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Guard};

use super::{KeyRing, RingError, file};
use crate::config::KeySource;

/// Whoever brings a key id that nobody knows makes us look at the file, and no
/// more often than this.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(50);

/// A ring that everybody shares, and that is replaced as a whole.
pub struct LiveRing {
    current: ArcSwap<KeyRing>,
    source: Option<KeySource>,
    looked: Mutex<Looked>,
}

/// What was seen of the file.
#[derive(Default)]
struct Looked {
    file: Option<Seen>,
    at: Option<Instant>,
}

/// A file that is written anew has another inode; one that is written over has
/// another time or length.
#[derive(PartialEq, Eq)]
struct Seen {
    inode: (u64, u64),
    modified: (i64, i64),
    length: u64,
}

impl LiveRing {
    /// A ring that was read from there a moment ago.
    pub fn new(ring: KeyRing, source: KeySource) -> Self {
        Self {
            current: ArcSwap::from_pointee(ring),
            source: Some(source),
            looked: Mutex::default(),
        }
    }

    /// One without a file.
    pub fn fixed(ring: KeyRing) -> Self {
        Self {
            current: ArcSwap::from_pointee(ring),
            source: None,
            looked: Mutex::default(),
        }
    }

    /// Whether it can be read again.
    pub fn has_file(&self) -> bool {
        matches!(self.source, Some(KeySource::File(_)))
    }

    pub fn current(&self) -> Arc<KeyRing> {
        self.current.load_full()
    }

    /// For a moment's look: cheaper than [`Self::current`].
    pub(in crate::crypto) fn glance(&self) -> Guard<Arc<KeyRing>> {
        self.current.load()
    }

    /// From now on this one is used.
    pub fn replace(&self, ring: KeyRing) {
        self.current.store(Arc::new(ring));
    }

    /// Reads the file again. Says whether the ring is another one now; a ring
    /// that is refused leaves the one before in use.
    pub fn reload(&self) -> Result<bool, RingError> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_again(&mut looked)
    }

    /// The same, if the file has changed since it was last looked at.
    pub fn reload_if_changed(&self) -> Result<bool, RingError> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.file.is_some() && looked.file == self.see() {
            return Ok(false);
        }
        self.read_again(&mut looked)
    }

    /// Tries `work`, and once more when the key that it needs is not known and
    /// the file has brought others: a process that reads a new ring a moment
    /// later than its neighbours turns nobody away for it.
    pub fn try_with<T, E>(
        &self,
        work: impl Fn(&Arc<KeyRing>) -> Result<T, E>,
        is_unknown_key: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        let ring = self.current();
        match work(&ring) {
            Err(error) if is_unknown_key(&error) && self.is_newer_than(&ring) => {
                work(&self.current())
            }
            result => result,
        }
    }

    /// Whether there is another ring than `seen` by now; looks at the file.
    fn is_newer_than(&self, seen: &Arc<KeyRing>) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&self.current.load(), seen) {
            return true;
        }
        let looked_a_moment_ago = looked
            .at
            .is_some_and(|at| at.elapsed() < LOOK_AT_MOST_EVERY);
        if looked_a_moment_ago || !self.has_file() {
            return false;
        }
        looked.at = Some(Instant::now());
        if looked.file.is_some() && looked.file == self.see() {
            return false;
        }
        self.read_again(&mut looked).unwrap_or_else(|error| {
            // Whoever watches the file says it louder, and less often.
            tracing::debug!("the key ring has changed and is not taken: {error}");
            false
        })
    }

    fn read_again(&self, looked: &mut Looked) -> Result<bool, RingError> {
        let Some(source) = &self.source else {
            return Ok(false);
        };
        // Before it is read, so that what is written meanwhile is seen next
        // time; and only of a ring that is taken: one that is refused may be
        // mended without a trace in its time.
        let seen = self.see();
        looked.file = None;
        let (new, old) = (file::load(source)?, self.current());
        if new.is_demo() && !old.is_demo() {
            return Err(RingError::DemoRing);
        }
        if let Some(kid) = old.contradicts(&new) {
            return Err(RingError::OtherKey(kid));
        }
        looked.file = seen;
        if old.is_same_as(&new) {
            return Ok(false);
        }
        tracing::info!(keys = new.len(), "the key ring has changed");
        self.replace(new);
        Ok(true)
    }

    fn see(&self) -> Option<Seen> {
        let Some(KeySource::File(path)) = &self.source else {
            return None;
        };
        let found = fs::metadata(path).ok()?;
        Some(Seen {
            inode: (found.dev(), found.ino()),
            modified: (found.mtime(), found.mtime_nsec()),
            length: found.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::write_new;

    fn in_a_file() -> (tempfile::TempDir, LiveRing) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let ring = write_new(&path, false).ok().unwrap();
        (folder, LiveRing::new(ring, KeySource::File(path)))
    }

    fn error<T>(result: Result<T, RingError>) -> String {
        result
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_file_that_is_the_same_is_no_other_ring() {
        let (_folder, live) = in_a_file();
        let before = live.current();
        assert!(!live.reload().ok().unwrap());
        assert!(!live.reload_if_changed().ok().unwrap());
        assert!(Arc::ptr_eq(&before, &live.current()));
    }

    #[test]
    fn a_ring_that_is_refused_leaves_the_one_before_in_use() {
        let (folder, live) = in_a_file();
        let (before, path) = (live.current(), folder.path().join("keys.json"));
        fs::write(&path, "{}").unwrap();
        assert!(error(live.reload_if_changed()).contains("no JWK Set") || live.reload().is_err());
        assert!(Arc::ptr_eq(&before, &live.current()));

        fs::remove_file(&path).unwrap();
        assert!(live.reload().is_err());
        write_new(&path, true).ok().unwrap();
        assert!(error(live.reload()).contains("demo"));
        assert!(Arc::ptr_eq(&before, &live.current()));
    }

    #[test]
    fn a_key_id_names_one_key_for_ever() {
        let (folder, live) = in_a_file();
        let path = folder.path().join("keys.json");
        let text = |path| serde_json::from_slice::<serde_json::Value>(&fs::read(path).unwrap());
        let mut ours = text(&path).unwrap();
        let other = folder.path().join("other.json");
        write_new(&other, false).ok().unwrap();
        ours["keys"][2]["k"] = text(&other).unwrap()["keys"][2]["k"].clone();
        fs::write(&path, ours.to_string()).unwrap();

        let kid = ours["keys"][2]["kid"].as_str().unwrap();
        assert!(error(live.reload()).contains(kid));
    }
}
