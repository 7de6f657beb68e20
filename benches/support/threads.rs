//! How long threads have worked, where the system tells: on Linux.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Some threads of this process.
pub struct Threads(Vec<PathBuf>);

impl Threads {
    /// Those that this starts. A server has all of its own once it has answered.
    pub fn of<T>(start: impl FnOnce() -> T) -> (T, Self) {
        let before = all();
        let started = start();
        let new = all().into_iter().filter(|thread| !before.contains(thread));
        (started, Self(new.collect()))
    }

    /// On a processor, all together; nothing where that cannot be told.
    pub fn worked(&self) -> Duration {
        let each = self.0.iter().filter_map(|thread| worked(thread));
        Duration::from_nanos(each.sum())
    }
}

fn all() -> Vec<PathBuf> {
    let entries = fs::read_dir("/proc/self/task").into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

fn worked(thread: &Path) -> Option<u64> {
    let told = fs::read_to_string(thread.join("schedstat")).ok()?;
    told.split(' ').next()?.parse().ok()
}
