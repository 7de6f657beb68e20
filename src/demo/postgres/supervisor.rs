//! The process that outlives us for a moment, to stop the server.

use std::{
    fs::File,
    io::{self, PipeWriter, pipe},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tracing::warn;

use super::{bounded, server::Server};

const SCRIPT: &str = include_str!("supervisor.sh");

/// `fast` has 30 s, `immediate` 5 more.
const ENDS_WITHIN: Duration = Duration::from_secs(45);

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A shell that waits for the end of a pipe. However we end, the system closes
/// our side of it; no signal handler and no destructor has to run.
pub(super) struct Supervisor {
    child: Child,
    /// None: let go.
    leash: Option<PipeWriter>,
    /// What it will do, should it be killed and we have to.
    last_will: Option<Command>,
}

impl Supervisor {
    /// Started before there is anything to remove, so that nothing is made that
    /// nobody would remove.
    pub(super) fn spawn(
        server: &Server,
        lock: Option<File>,
        to_remove: &[PathBuf],
    ) -> io::Result<Self> {
        let (end, leash) = pipe()?;
        let command = || {
            let mut command = server.script(SCRIPT);
            command.arg(server.kind.stop_mode()).args(to_remove);
            command
        };
        let child = command()
            .stdin(end)
            .stdout(lock.map_or_else(Stdio::null, Stdio::from))
            .stderr(Stdio::null())
            .spawn()?;

        Ok(Self {
            child,
            leash: Some(leash),
            last_will: Some(command()),
        })
    }

    /// For a command that changes the cluster: the supervisor waits until it
    /// has ended, also when we have not lived to see it.
    pub(super) fn leash(&self) -> io::Result<PipeWriter> {
        match &self.leash {
            Some(leash) => leash.try_clone(),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets go and waits until the server has stopped.
    pub(super) fn finish(&mut self) {
        self.leash = None;
        let Some(last_will) = self.last_will.take() else {
            return;
        };
        if self.has_done_its_work() {
            return;
        }
        warn!("the supervisor of the private Postgres was killed");
        if let Err(error) = bounded::run(last_will, ENDS_WITHIN) {
            warn!(%error, "the private Postgres could not be stopped");
        }
    }

    fn has_done_its_work(&mut self) -> bool {
        let deadline = Instant::now() + ENDS_WITHIN;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(LOOK_EVERY),
                Ok(status) => return status.is_some_and(|status| status.success()),
                Err(_) => return false,
            }
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.finish();
    }
}
