//! Where clusters live: directories that only their user can enter.
//!
//! A home holds `data` (what initdb makes), `server.log` and, where its path is
//! short enough, the socket.

use std::{
    env, fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use tracing::warn;

use super::{StartError, run_as::RunAs};

/// What every directory that we make outside of a data directory is called.
const PREFIX: &str = "vestibule-";

/// Where a cluster that is kept lives when not under its data directory:
/// survives a reboot, unlike `/tmp`.
const KEPT_ELSEWHERE: &str = "/var/tmp";

/// Names the home that is elsewhere.
const LOCATION_FILE: &str = "postgres-location";

/// `sun_path` without its closing zero.
const LONGEST_SOCKET: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The home of the cluster that belongs to `data_dir`, made if need be.
pub(super) fn kept(data_dir: &Path, run_as: &RunAs) -> Result<PathBuf, StartError> {
    if let Some(home) = recorded(data_dir, run_as) {
        return Ok(home);
    }
    let home = data_dir.join("postgres");
    if is_speakable(&home) && run_as.can_enter(data_dir) {
        match make(&home, run_as) {
            Err(StartError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
            }
            made => made?,
        }
        if is_private(&home, run_as) {
            return Ok(home);
        }
        // Another user's, or on a mount that does not keep modes.
        warn!(home = %home.display(), "not a directory of mode 0700 of user {}, so not used",
            run_as.name());
    }
    elsewhere(data_dir, run_as)
}

/// The home that is there already, wherever it is.
pub(super) fn existing(data_dir: &Path, run_as: &RunAs) -> Option<PathBuf> {
    let home = data_dir.join("postgres");
    recorded(data_dir, run_as).or_else(|| is_private(&home, run_as).then_some(home))
}

/// The home that an earlier run recorded. Trusted only as far as it can be seen
/// to be ours: `/var/tmp` is everybody's.
fn recorded(data_dir: &Path, run_as: &RunAs) -> Option<PathBuf> {
    let record = fs::read_to_string(data_dir.join(LOCATION_FILE)).ok()?;
    let home = PathBuf::from(record.trim_end());
    let name = home.file_name()?.to_str()?;
    let is_ours = home.parent() == Path::new(KEPT_ELSEWHERE).canonicalize().ok().as_deref()
        && name.starts_with(PREFIX)
        && is_private(&home, run_as);

    is_ours.then_some(home)
}

/// Recorded before it is made, so that none is made and then forgotten.
fn elsewhere(data_dir: &Path, run_as: &RunAs) -> Result<PathBuf, StartError> {
    let home = fresh(&[KEPT_ELSEWHERE.into()], run_as)?;
    let record = data_dir.join(LOCATION_FILE);
    fs::write(&record, format!("{}\n", home.display()))
        .map_err(StartError::io("writing", record))?;
    make(&home, run_as)?;
    Ok(home)
}

/// Removes the record of a home that is elsewhere.
pub(super) fn forget(data_dir: &Path) -> Result<(), StartError> {
    let record = data_dir.join(LOCATION_FILE);
    match fs::remove_file(&record) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StartError::io("removing", record)(error))
        }
        _ => Ok(()),
    }
}

/// The path of a home that will be thrown away; not made yet.
pub(super) fn throwaway(run_as: &RunAs) -> Result<PathBuf, StartError> {
    fresh(&[env::temp_dir(), "/tmp".into(), "/var/tmp".into()], run_as)
}

/// Where the socket goes: home, unless the system would not take that path or
/// a connection string would have to quote it. Made already if it is home.
pub(super) fn socket(home: &Path, run_as: &RunAs) -> Result<PathBuf, StartError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let fits = home.join(SOCKET_NAME).as_os_str().len() <= LONGEST_SOCKET;
    if fits && home.to_str().is_some_and(|path| path.chars().all(is_plain)) {
        return Ok(home.to_owned());
    }
    fresh(&["/tmp".into(), "/var/tmp".into()], run_as)
}

/// A name that nobody has yet, in the first of `bases` that will do. Without
/// symbolic links and double slashes: `pg_ctl` removes those from paths, and the
/// path is how we know our postmaster.
fn fresh(bases: &[PathBuf], run_as: &RunAs) -> Result<PathBuf, StartError> {
    let base = bases
        .iter()
        .filter_map(|base| base.canonicalize().ok())
        .find(|base| is_speakable(base) && run_as.can_write_in(base))
        .ok_or_else(|| StartError::NoPlace {
            user: run_as.name(),
            tried: bases.to_vec(),
        })?;
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|error| StartError::io("naming a directory in", &base)(error.into()))?;

    Ok(base.join(format!("{PREFIX}{:016x}", u64::from_ne_bytes(random))))
}

/// Makes a directory of theirs. One that exists, a symbolic link too, is an
/// error: somebody else may have put it there.
pub(super) fn make(path: &Path, run_as: &RunAs) -> Result<(), StartError> {
    fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .and_then(|()| run_as.give(path))
        .map_err(StartError::io("making", path))
}

/// A real directory, theirs, closed to everybody else.
fn is_private(path: &Path, run_as: &RunAs) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| {
        found.is_dir() && found.uid() == run_as.uid() && found.mode() & 0o777 == 0o700
    })
}

/// `pg_ctl` writes paths between double quotes into a shell command, unescaped.
pub(super) fn is_speakable(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|path| !path.contains(['"', '$', '`', '\\', '\n']))
}
