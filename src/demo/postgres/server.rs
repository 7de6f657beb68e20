//! One server: made, started, stopped. Every step has its bound.

use std::{
    fs,
    io::PipeWriter,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::{
    StartError,
    binaries::{self, Binaries},
    bounded::{self, Outcome, tail},
    place,
    run_as::RunAs,
    settings::Kind,
};

/// The shell functions that we and the supervisor share. The first line is for
/// who finds it in a list of processes.
pub(super) const FUNCTIONS: &str = concat!(
    ": the private Postgres of vestibule\n",
    "pg_ctl=$1 home=$2 socket=$3\nshift 3\n",
    include_str!("server.sh")
);

/// Stopping a server left behind may take 35 s, initdb on a slow disk a minute.
const READY_WITHIN: Duration = Duration::from_secs(150);

/// For `pg_ctl` itself, in seconds: replaying the log after a crash takes time.
const STARTS_WITHIN: &str = "60";

/// Beyond what the stopping script allows itself.
const STOPS_WITHIN: Duration = Duration::from_secs(40);

/// Processes of a killed postmaster notice its death within moments, and until
/// then its shared memory is in use.
const ORPHANS_END_WITHIN: Duration = Duration::from_secs(10);

pub(super) struct Server {
    pub binaries: Binaries,
    pub run_as: RunAs,
    pub kind: Kind,
    pub home: PathBuf,
    pub socket: PathBuf,
}

impl Server {
    pub(super) fn new(run_as: RunAs, kind: Kind, home: PathBuf) -> Result<Self, StartError> {
        let places = binaries::places(&run_as);
        let binaries = match made_by(&home) {
            None => binaries::newest(&places, &run_as)?,
            Some(made_by) => binaries::of_major(made_by, &places, &run_as).ok_or_else(|| {
                StartError::OtherVersion {
                    home: home.clone(),
                    made_by,
                }
            })?,
        };
        let socket = place::socket(&home, &run_as)?;

        Ok(Self {
            binaries,
            run_as,
            kind,
            home,
            socket,
        })
    }

    /// One that will only be stopped, which any version's `pg_ctl` can do.
    pub(super) fn to_erase(run_as: RunAs, home: PathBuf) -> Result<Self, StartError> {
        let binaries = binaries::newest(&binaries::places(&run_as), &run_as)?;
        Ok(Self {
            binaries,
            run_as,
            kind: Kind::Kept,
            socket: home.clone(),
            home,
        })
    }

    /// Makes what is missing, clears what was left behind. Commands that change
    /// the cluster hold the leash, so that the supervisor waits for them.
    pub(super) fn prepare(&self, leash: PipeWriter) -> Result<(), StartError> {
        let made = made_by(&self.home).is_some();
        let mut script = self.script(if made {
            "settle"
        } else {
            r#"settle; initialise "$@""#
        });
        script
            .arg(self.binaries.program("initdb"))
            .args(self.kind.initdb_options())
            .stdin(leash);
        let outcome = self.run(script, READY_WITHIN)?;

        if outcome.succeeded() {
            Ok(())
        } else {
            Err(StartError::InitFailed {
                output: tail(&outcome.output),
            })
        }
    }

    pub(super) fn start(&self, leash: &PipeWriter) -> Result<(), StartError> {
        let deadline = Instant::now() + ORPHANS_END_WITHIN;
        loop {
            let leash = leash
                .try_clone()
                .map_err(StartError::io("starting", &self.home))?;
            let started = self.try_start(leash);
            match &started {
                Err(StartError::DidNotStart { log })
                    if log.contains("shared memory block") && Instant::now() < deadline =>
                {
                    thread::sleep(Duration::from_millis(100));
                }
                _ => return started,
            }
        }
    }

    fn try_start(&self, leash: PipeWriter) -> Result<(), StartError> {
        let mut command = self.run_as.command(self.binaries.program("pg_ctl"));
        command
            .args(["start", "--wait", "--silent", "--timeout", STARTS_WITHIN])
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(self.log())
            .arg("--options")
            .arg(self.kind.server_options(&self.socket))
            .stdin(leash);
        let outcome = self.run(command, READY_WITHIN)?;
        if outcome.succeeded() {
            return Ok(());
        }

        let log = fs::read(self.log()).unwrap_or_default();
        let log = tail(&String::from_utf8_lossy(&log));
        Err(StartError::DidNotStart {
            log: if log.is_empty() {
                tail(&outcome.output)
            } else {
                log
            },
        })
    }

    /// `mode` is one of `pg_ctl`'s: `fast`, or `immediate` for a crash.
    pub(super) fn stop(&self, mode: &str) -> Result<(), StartError> {
        let mut script = self.script(r#"stop "$1""#);
        script.arg(mode);
        self.run(script, STOPS_WITHIN).map(|_| ())
    }

    /// Stops it and removes its home, or all that is in it.
    pub(super) fn erase(&self) -> Result<(), StartError> {
        let script = self.script(r#"stop immediate; rm -rf "$home""#);
        self.run(script, STOPS_WITHIN).map(|_| ())
    }

    /// The first line of `postmaster.pid`.
    pub(super) fn postmaster_pid(&self) -> Option<i32> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// Functions of `server.sh` and what to do with them.
    pub(super) fn script(&self, then: &str) -> Command {
        let mut script = self.run_as.script(&format!("{FUNCTIONS}\n{then}"), [""; 0]);
        script
            .arg(self.binaries.program("pg_ctl"))
            .arg(&self.home)
            .arg(&self.socket);
        script
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn log(&self) -> PathBuf {
        self.home.join("server.log")
    }

    fn run(&self, command: Command, limit: Duration) -> Result<Outcome, StartError> {
        bounded::run(command, limit).map_err(StartError::io("running Postgres in", &self.home))
    }
}

/// The major version whose initdb made the data in this home.
fn made_by(home: &Path) -> Option<u32> {
    let version = fs::read_to_string(home.join("data/PG_VERSION")).ok()?;
    version.trim().parse().ok()
}
