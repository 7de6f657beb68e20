//! Changing a ring's file: one at a time, written whole or not at all, and
//! nothing lost that we do not know.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

use super::jwk::Jwk;
use super::{About, KeyRing, Kind, RingError, file};

/// A ring's file that nobody else changes until this is dropped.
pub struct Change {
    /// The file itself, where `KEYS_FILE` names a link to it.
    path: PathBuf,
    /// The one that lies there now, locked.
    file: File,
    set: Wiped,
    ring: KeyRing,
}

/// A key that was taken out, and where it stood.
pub struct TakenOut {
    position: usize,
    key: Wiped,
}

impl Change {
    /// Waits for whoever changes the ring now. A ring that is refused anyway
    /// is not changed.
    pub fn begin(path: &Path) -> Result<Self, RingError> {
        let (path, mut file) = lock(path)?;
        file::is_private(&file.metadata(), &path)?;
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text)
            .map_err(|error| file::unreadable(&path, &error))?;
        let ring = file::parse(&text)?;
        // It was read as a JWK Set a moment ago, so it is JSON.
        let set = serde_json::from_str(&text).map_err(|error| file::not_a_set(&error))?;
        Ok(Self {
            path,
            file,
            set: Wiped(set),
            ring,
        })
    }

    /// As it lies in the file.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Adds a new key of each kind.
    pub fn add(
        &mut self,
        now: DateTime<Utc>,
        active_from: DateTime<Utc>,
    ) -> Result<Vec<About>, RingError> {
        let mut abouts = Vec::new();
        for kind in Kind::ALL {
            let mut key = Jwk::generate(kind, now);
            key.nbf = active_from.timestamp();
            abouts.push(key.about()?);
            let key = serde_json::to_value(&key).map_err(|error| file::not_a_set(&error))?;
            self.keys().push(key);
        }
        Ok(abouts)
    }

    /// Takes a key out, if there is one of that name.
    pub fn take_out(&mut self, kid: &str) -> Option<TakenOut> {
        let keys = self.keys();
        let position = keys.iter().position(|key| key["kid"] == kid)?;
        let key = Wiped(keys.remove(position));
        Some(TakenOut { position, key })
    }

    pub fn put_back(&mut self, mut taken: TakenOut) {
        let key = std::mem::take(&mut taken.key.0);
        self.keys().insert(taken.position, key);
    }

    /// Writes what was changed. The new file is locked before it has its name.
    pub fn write(&mut self) -> Result<(), RingError> {
        let text = serde_json::to_vec_pretty(&self.set.0).map(Zeroizing::new);
        let text = text.map_err(|error| file::not_a_set(&error))?;
        let written = std::str::from_utf8(&text).unwrap_or_default();
        let ring = file::parse(written)?;

        let unwritable = |error: io::Error| file::unwritable(&self.path, &error);
        let new = file::write_beside(&self.path, &text)?;
        keep_owner(&self.file, new.as_file()).map_err(unwritable)?;
        new.as_file().lock().map_err(unwritable)?;
        let new = new
            .persist(&self.path)
            .map_err(|error| unwritable(error.error))?;
        file::sync_folder(&self.path)?;
        self.file = new;
        self.ring = ring;
        Ok(())
    }

    fn keys(&mut self) -> &mut Vec<Value> {
        self.set.0["keys"]
            .as_array_mut()
            .expect("a JWK Set without keys is refused when it is read")
    }
}

/// The real file, open and locked.
fn lock(path: &Path) -> Result<(PathBuf, File), RingError> {
    loop {
        let real = fs::canonicalize(path).map_err(|error| file::unreadable(path, &error))?;
        let unwritable = |error: io::Error| file::unwritable(&real, &error);
        let locked = OpenOptions::new().read(true).write(true).open(&real);
        let locked = locked.map_err(unwritable)?;
        locked.lock().map_err(unwritable)?;
        // While we waited, somebody may have put another file in its place.
        let ours = locked.metadata().map_err(unwritable)?;
        let there = fs::metadata(path).map_err(|error| file::unreadable(path, &error))?;
        if (ours.dev(), ours.ino()) == (there.dev(), there.ino()) {
            return Ok((real, locked));
        }
    }
}

/// Root changes the ring of whoever runs the service, who must still be able
/// to read it.
fn keep_owner(old: &File, new: &File) -> io::Result<()> {
    let (old, made) = (old.metadata()?, new.metadata()?);
    if (old.uid(), old.gid()) == (made.uid(), made.gid()) {
        return Ok(());
    }
    match fchown(new, Some(old.uid()), Some(old.gid())) {
        // The group may not be ours to give; at mode 0600 it has no say.
        Err(_) if old.uid() == made.uid() => Ok(()),
        result => result,
    }
}

/// JSON with secrets in it.
struct Wiped(Value);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}
