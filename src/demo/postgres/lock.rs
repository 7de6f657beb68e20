//! One run at a time on a data directory.
//!
//! Two locks, because two things end at different times. `lock` is held by our
//! process alone: whoever holds it runs, however old the process id in it is.
//! `postgres.lock` is shared with the supervisor, and so is held until the
//! server has stopped, also when we were killed.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process, thread,
    time::{Duration, Instant},
};

use super::StartError;

/// Longer than a supervisor needs to stop a server, the hard way too.
const STOPS_WITHIN: Duration = Duration::from_secs(40);

/// A lock outlives its holder in a process that was just forked, until that
/// runs its own program: only one that stays is held.
const LETS_GO_WITHIN: Duration = Duration::from_secs(2);

const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) struct Locks {
    /// Held while we run.
    _run: File,
    /// Held until the server has stopped.
    server: File,
}

impl Locks {
    pub(super) fn take(data_dir: &Path) -> Result<Self, StartError> {
        let run = take_run(data_dir)?;
        let server = take_server(data_dir)?;
        Ok(Self { _run: run, server })
    }

    /// The supervisor's share.
    pub(super) fn share(&self) -> io::Result<File> {
        self.server.try_clone()
    }
}

fn take_run(data_dir: &Path) -> Result<File, StartError> {
    let path = data_dir.join("lock");
    let mut file = open(&path)?;
    if stays_taken(&file, &path, LETS_GO_WITHIN)? {
        return Err(StartError::AlreadyRunning {
            data_dir: data_dir.to_owned(),
            pid: holder(&path),
        });
    }

    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", process::id()))
        .map_err(StartError::io("writing", path))?;
    Ok(file)
}

/// Who holds a lock, for a message. Its number follows the lock by a moment.
fn holder(path: &Path) -> Option<u32> {
    let number = || fs::read_to_string(path).ok()?.trim().parse().ok();
    number().or_else(|| {
        thread::sleep(LOOK_EVERY);
        number()
    })
}

fn take_server(data_dir: &Path) -> Result<File, StartError> {
    let path = data_dir.join("postgres.lock");
    let file = open(&path)?;
    if stays_taken(&file, &path, STOPS_WITHIN)? {
        return Err(StartError::StillStopping {
            data_dir: data_dir.to_owned(),
        });
    }
    Ok(file)
}

/// Takes the lock as soon as it is free; true when it does not become so.
fn stays_taken(file: &File, path: &Path, patience: Duration) -> Result<bool, StartError> {
    let deadline = Instant::now() + patience;
    while is_taken(file, path)? {
        if Instant::now() >= deadline {
            return Ok(true);
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(false)
}

fn open(path: &Path) -> Result<File, StartError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(StartError::io("opening", path))
}

fn is_taken(file: &File, path: &Path) -> Result<bool, StartError> {
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(source)) => Err(StartError::io("locking", path)(source)),
    }
}
