//! What a kept cluster and a throwaway have in common, and what not.

use std::path::Path;

/// A socket in a closed directory is the only way in, which is why nobody is
/// asked for a password.
const COMMON: [&str; 5] = [
    "listen_addresses=",
    "port=5432",
    "timezone=UTC",
    "log_timezone=UTC",
    // Compiling a query costs more than any of ours takes.
    "jit=off",
];

const KEPT: [&str; 2] = ["shared_buffers=32MB", "max_connections=100"];

/// Nothing here has to survive the machine, but what was committed survives a
/// killed server, as it would elsewhere: so `synchronous_commit` stays on, which
/// without `fsync` costs next to nothing.
const THROWAWAY: [&str; 5] = [
    "shared_buffers=64MB",
    // Many tests at once, each with a pool.
    "max_connections=300",
    "fsync=off",
    "full_page_writes=off",
    // In the data directory and not in /dev/shm, so that it vanishes too.
    "dynamic_shared_memory_type=mmap",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Kept,
    Throwaway,
}

impl Kind {
    /// All but the place and the locale.
    pub(super) fn initdb_options(self) -> Vec<&'static str> {
        let mut options = vec!["--username=vestibule", "--auth=trust", "--encoding=UTF8"];
        if self == Self::Throwaway {
            options.push("--no-sync");
        }
        options
    }

    /// As one word for `pg_ctl`, which hands it to a shell: nothing in it needs
    /// quoting, the socket's path was chosen so.
    pub(super) fn server_options(self, socket: &Path) -> String {
        let own: &[&str] = match self {
            Self::Kept => &KEPT,
            Self::Throwaway => &THROWAWAY,
        };
        let settings = COMMON
            .iter()
            .chain(own)
            .map(|setting| format!(" -c {setting}"));
        format!("-k {}{}", socket.display(), settings.collect::<String>())
    }

    /// How the supervisor stops it.
    pub(super) fn stop_mode(self) -> &'static str {
        match self {
            Self::Kept => "fast",
            Self::Throwaway => "immediate",
        }
    }
}
