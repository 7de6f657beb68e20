//! The ring's file: read with suspicion, written whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chrono::Utc;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::jwk::JwkSet;
use super::{KeyRing, Kind};
use crate::config::KeySource;

/// Only the owner may read the ring.
const FILE_MODE: u32 = 0o600;

/// Why a ring is refused, with what to do about it. Never says key material.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    #[error("{path} cannot be read ({cause}). Make one with: vestibule keys generate {path}")]
    Unreadable { path: PathBuf, cause: io::ErrorKind },
    #[error("{path} is readable by others (mode {mode:04o}). Mend it with: chmod 600 {path}")]
    OpenToOthers { path: PathBuf, mode: u32 },
    #[error(
        "it is not a JWK Set: {0}. Restore it from its backup; without one, make a new ring: vestibule keys generate"
    )]
    NotAJwkSet(String),
    #[error("key {kid} is broken: {why}. Make a new ring with: vestibule keys generate")]
    BrokenKey { kid: String, why: String },
    #[error("two keys are called {0}. Remove one of them")]
    DuplicateKid(String),
    #[error("no key {} (alg {}). Make a whole ring with: vestibule keys generate", .0.purpose(), .0.alg())]
    MissingKind(Kind),
    #[error("no key that {} (alg {}) is active yet: every nbf lies in the future", .0.purpose(), .0.alg())]
    NoneActive(Kind),
    #[error("{0} exists already and is not overwritten: its keys may still be needed")]
    Exists(PathBuf),
    #[error("it is the demo's ring, and the one before was not. The one before stays in use")]
    DemoRing,
    #[error(
        "{0} is another key than before. A kid names one key for ever: give the new one a name of its own. \
         The ring before stays in use"
    )]
    OtherKey(String),
    #[error("{path} cannot be written ({cause})")]
    Unwritable { path: PathBuf, cause: io::ErrorKind },
}

/// Reads and checks a ring.
pub fn load(source: &KeySource) -> Result<KeyRing, RingError> {
    let text = match source {
        KeySource::File(path) => read_private(path)?,
        KeySource::Text(secret) => Zeroizing::new(secret.expose().to_owned()),
    };
    parse(&text)
}

/// Makes a new ring at `path`, mode 0600. An existing file is left alone.
pub fn write_new(path: &Path, demo: bool) -> Result<KeyRing, RingError> {
    let set = JwkSet::generate(Utc::now(), demo);
    let ring = KeyRing::try_from(&set)?;
    let text = serde_json::to_vec_pretty(&set).map(Zeroizing::new);
    let text = text.map_err(|error| not_a_set(&error))?;
    // Giving it its name fails if the name is taken.
    write_beside(path, &text)?
        .persist_noclobber(path)
        .map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => RingError::Exists(path.to_owned()),
            _ => unwritable(path, &error.error),
        })?;
    sync_folder(path)?;

    Ok(ring)
}

/// A temporary file of mode 0600 in the same folder, made durable.
pub(super) fn write_beside(path: &Path, text: &[u8]) -> Result<NamedTempFile, RingError> {
    let unwritable = |error: io::Error| unwritable(path, &error);
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(FILE_MODE))
        .tempfile_in(folder(path))
        .map_err(unwritable)?;
    file.write_all(text).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    Ok(file)
}

/// Makes durable which file it is that has the name.
pub(super) fn sync_folder(path: &Path) -> Result<(), RingError> {
    let synced = fs::File::open(folder(path)).and_then(|folder| folder.sync_all());
    synced.map_err(|error| unwritable(path, &error))
}

fn folder(path: &Path) -> &Path {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn read_private(path: &Path) -> Result<Zeroizing<String>, RingError> {
    is_private(&fs::metadata(path), path)?;
    fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| unreadable(path, &error))
}

pub(super) fn is_private(found: &io::Result<fs::Metadata>, path: &Path) -> Result<(), RingError> {
    let found = found.as_ref().map_err(|error| unreadable(path, error))?;
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(RingError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> RingError {
    RingError::Unreadable {
        path: path.to_owned(),
        cause: error.kind(),
    }
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> RingError {
    RingError::Unwritable {
        path: path.to_owned(),
        cause: error.kind(),
    }
}

/// Serde's message may quote what it read; only the place is passed on.
pub(super) fn not_a_set(error: &serde_json::Error) -> RingError {
    RingError::NotAJwkSet(format!("line {}, column {}", error.line(), error.column()))
}

pub(super) fn parse(text: &str) -> Result<KeyRing, RingError> {
    let set: JwkSet = serde_json::from_str(text).map_err(|error| not_a_set(&error))?;
    KeyRing::try_from(&set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn whole_set() -> serde_json::Value {
        serde_json::to_value(JwkSet::generate(Utc::now(), false)).unwrap()
    }

    fn refusal(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut set = whole_set();
        change(&mut set);
        let loaded = load(&KeySource::Text(Secret::new(set.to_string())));
        loaded
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_new_ring_is_private_and_whole_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        write_new(&path, true).ok().unwrap();

        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let ring = load(&KeySource::File(path.clone())).ok().unwrap();
        assert!(ring.is_demo());
        assert_eq!(ring.overview(Utc::now()).len(), 4);
        assert!(matches!(write_new(&path, true), Err(RingError::Exists(_))));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        write_new(&path, false).ok().unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();

        let refused = load(&KeySource::File(path)).err().unwrap().to_string();
        assert!(
            refused.contains("0640") && refused.contains("chmod 600"),
            "{refused}"
        );
    }

    #[test]
    fn every_unsafe_ring_is_refused_with_its_reason() {
        assert_eq!(refusal(|_| ()), "", "the whole ring is taken");
        for (position, word) in ["EdDSA", "ECDH-ES", "A256GCM-SIV", "pre-sign-in"]
            .iter()
            .enumerate()
        {
            let missing = refusal(|set| {
                set["keys"].as_array_mut().unwrap().remove(position);
            });
            assert!(missing.contains(word), "{missing}");
            let future = refusal(|set| set["keys"][position]["nbf"] = 99_999_999_999_i64.into());
            assert!(future.contains("future"), "{future}");
        }
        let duplicate = refusal(|set| set["keys"][1]["kid"] = set["keys"][0]["kid"].clone());
        assert!(duplicate.contains("two keys"), "{duplicate}");
        let short = refusal(|set| set["keys"][2]["k"] = "c2hvcnQ".into());
        assert!(short.contains("32 bytes"), "{short}");
        let foreign_half = refusal(|set| set["keys"][0]["x"] = set["keys"][1]["x"].clone());
        assert!(foreign_half.contains("public half"), "{foreign_half}");
        let wrong_use = refusal(|set| set["keys"][0]["use"] = "enc".into());
        assert!(wrong_use.contains("do not fit"), "{wrong_use}");
        let odd_kid = refusal(|set| set["keys"][0]["kid"] = "a b".into());
        assert!(odd_kid.contains("a kid is"), "{odd_kid}");
    }

    #[test]
    fn of_several_keys_the_newest_that_has_begun_is_active() {
        let mut set = JwkSet::generate(Utc::now() - chrono::TimeDelta::days(2), false);
        let newer = super::super::jwk::Jwk::generate(Kind::Signing, Utc::now());
        let mut pending = super::super::jwk::Jwk::generate(Kind::Signing, Utc::now());
        pending.nbf += 600;
        let (newer_kid, old_kid) = (newer.kid.clone(), set.keys[0].kid.clone());
        set.keys.extend([newer, pending]);

        let ring = KeyRing::try_from(&set).ok().unwrap();
        assert_eq!(ring.active_signing().kid(), newer_kid);
        assert!(ring.signing(&old_kid).is_some(), "the old one still opens");
    }
}
