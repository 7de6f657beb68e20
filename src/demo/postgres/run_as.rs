//! Whose processes a cluster's are, and the clean room they start in.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    os::unix::{fs as unix_fs, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use nix::unistd::{Uid, User, geteuid};

use super::{StartError, bounded};

/// For commands that only look.
const A_LOOK: Duration = Duration::from_secs(10);

/// Where programs are, when nobody says.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Postgres and initdb refuse to run as root: then they run as a lesser user.
#[derive(Clone, Debug)]
pub(super) enum RunAs {
    Ourselves,
    Lesser(User),
}

impl RunAs {
    pub(super) fn choose() -> Result<Self, StartError> {
        if !geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        ["postgres", "nobody"]
            .into_iter()
            .filter_map(|name| User::from_name(name).ok().flatten())
            .map(Self::Lesser)
            .find(Self::can_run)
            .ok_or(StartError::NoUser)
    }

    /// Some containers have a root that may not become anybody else.
    fn can_run(&self) -> bool {
        self.succeeds(":", None)
    }

    pub(super) fn uid(&self) -> u32 {
        match self {
            Self::Ourselves => geteuid().as_raw(),
            Self::Lesser(user) => user.uid.as_raw(),
        }
    }

    /// For messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Ourselves => User::from_uid(Uid::effective())
                .ok()
                .flatten()
                .map_or_else(|| self.uid().to_string(), |user| user.name),
            Self::Lesser(user) => user.name.clone(),
        }
    }

    /// Makes what we made theirs.
    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Lesser(user) => {
                unix_fs::lchown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
            }
        }
    }

    /// A command of theirs. Nothing of our surroundings reaches it but PATH:
    /// a `PGDATA` or `PGOPTIONS` would mislead it, and our working directory
    /// may be one that they cannot enter. A process group of its own, so that
    /// Ctrl-C at our terminal does not cut it short.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", search_path())
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null());
        if let Self::Lesser(user) = self {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// A shell script of theirs; `arguments` are its `$1`, `$2`…
    pub(super) fn script<I>(&self, script: &str, arguments: I) -> Command
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        let mut command = self.command("/bin/sh");
        command.args(["-c", script, "sh"]).args(arguments);
        command
    }

    /// Whether they can enter a directory and make files in it. Tried, not
    /// computed: modes of every parent, ACLs and mounts all have a say.
    pub(super) fn can_write_in(&self, directory: &Path) -> bool {
        self.succeeds(r#"cd "$1" && [ -w . ]"#, Some(directory))
    }

    /// Whether they can pass through a directory.
    pub(super) fn can_enter(&self, directory: &Path) -> bool {
        self.succeeds(r#"cd "$1""#, Some(directory))
    }

    fn succeeds(&self, script: &str, directory: Option<&Path>) -> bool {
        let look = self.script(script, directory);
        bounded::run(look, A_LOOK).is_ok_and(|outcome| outcome.succeeded())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "PATH is where programs are, not configuration"
)]
pub(super) fn search_path() -> OsString {
    env::var_os("PATH")
        .filter(|path| !path.is_empty())
        .unwrap_or_else(|| DEFAULT_PATH.into())
}
