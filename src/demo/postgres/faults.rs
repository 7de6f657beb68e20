//! What tests do to a server to see how the application bears it.

use tracing::warn;

use super::{PrivatePostgres, StartError};

impl PrivatePostgres {
    /// The postmaster's process, for SIGSTOP and SIGKILL.
    pub fn postmaster_pid(&self) -> Option<i32> {
        self.server.postmaster_pid()
    }

    /// The process that stops the server when we are gone.
    pub fn supervisor_pid(&self) -> u32 {
        self.supervisor.pid()
    }

    /// Stops the server and keeps the rest.
    pub fn halt(&self) {
        self.stop_server("fast");
    }

    /// Stops it as a crash would: connections are cut, and the next start
    /// replays the log.
    pub fn stop_immediately(&self) {
        self.stop_server("immediate");
    }

    /// Starts again on the same data and socket, however it was stopped.
    pub fn resume(&self) -> Result<(), StartError> {
        let io = |error| StartError::io("starting Postgres in", &self.server.home)(error);
        self.server.prepare(self.supervisor.leash().map_err(io)?)?;
        self.server.start(&self.supervisor.leash().map_err(io)?)
    }

    fn stop_server(&self, mode: &str) {
        if let Err(error) = self.server.stop(mode) {
            warn!(%error, "the private Postgres could not be stopped");
        }
    }
}
