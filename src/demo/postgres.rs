//! A Postgres of our own: kept under a data directory for the demo, thrown
//! away after use for tests and benchmarks.
//!
//! ```text
//! binaries  install     which server, or how to get one
//! run_as    bounded     whose processes; commands that end in time
//! place     lock        where it lives; one run at a time
//! server    settings    made, started, stopped
//! supervisor            stops it however we end, kill -9 included
//! databases             what is in it
//! faults    erase       what tests and --reset do to it
//! ```

mod binaries;
mod bounded;
mod databases;
mod erase;
mod error;
mod faults;
mod install;
mod lock;
mod place;
mod run_as;
mod server;
mod settings;
mod supervisor;

use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use tracing::info;

use self::{
    databases::Databases, lock::Locks, run_as::RunAs, server::Server, settings::Kind,
    supervisor::Supervisor,
};

pub use self::error::StartError;

/// A running cluster. Dropping it stops it.
pub struct PrivatePostgres {
    server: Server,
    supervisor: Supervisor,
    /// None: thrown away, so nobody else can want it.
    locks: Option<Locks>,
}

impl PrivatePostgres {
    /// The demo's cluster: kept under `data_dir` (created 0700 if missing)
    /// across runs, durable.
    pub fn start(data_dir: &Path) -> Result<Self, StartError> {
        let data_dir = absolute(data_dir)?;
        let locks = Locks::take(&data_dir)?;
        let run_as = RunAs::choose()?;
        let home = place::kept(&data_dir, &run_as)?;
        let server = Server::new(run_as, Kind::Kept, home)?;

        Self::launch(server, Some(locks))
    }

    /// A cluster for one test run or benchmark: nothing is synced to disk, and
    /// it vanishes, files too, when dropped or when this process ends in any
    /// way, kill -9 included.
    pub fn start_throwaway() -> Result<Self, StartError> {
        let run_as = RunAs::choose()?;
        let home = place::throwaway(&run_as)?;
        let server = Server::new(run_as, Kind::Throwaway, home)?;

        Self::launch(server, None)
    }

    fn launch(server: Server, locks: Option<Locks>) -> Result<Self, StartError> {
        info!(home = %server.home.display(), version = server.binaries.version.0,
            "starting the private Postgres");
        let to_make = missing(&server);
        let to_remove: &[PathBuf] = match server.kind {
            Kind::Throwaway => &to_make,
            Kind::Kept if server.socket == server.home => &[],
            Kind::Kept => std::slice::from_ref(&server.socket),
        };
        let io = |error| StartError::io("starting Postgres in", &server.home)(error);
        let lock = locks.as_ref().map(Locks::share).transpose().map_err(io)?;
        let supervisor = Supervisor::spawn(&server, lock, to_remove).map_err(io)?;

        for directory in &to_make {
            place::make(directory, &server.run_as)?;
        }
        let _ = fs::remove_file(server.home.join("server.log"));
        let postgres = Self {
            server,
            supervisor,
            locks,
        };
        postgres.resume()?;
        Ok(postgres)
    }

    /// A libpq URL of a database of this cluster, as its superuser, over the
    /// Unix socket. The port names the socket; without it `PGPORT` would.
    pub fn url(&self, database: &str) -> String {
        // The socket's path has no other character that needs it.
        let host = self.server.socket.display().to_string().replace('/', "%2F");
        format!("postgresql://vestibule@/{database}?host={host}&port=5432")
    }

    /// Creates a database, if it does not exist yet.
    pub fn ensure_database(&self, name: &str) -> Result<(), StartError> {
        let mut databases = self.databases()?;
        if databases.exists(name)? {
            return Ok(());
        }
        let created = databases.create(name, None);
        // Somebody may have been faster.
        if created.is_err() && databases.exists(name)? {
            return Ok(());
        }
        created
    }

    /// Copies a database that nobody is connected to.
    pub fn create_from_template(&self, name: &str, template: &str) -> Result<(), StartError> {
        self.databases()?.create(name, Some(template))
    }

    fn databases(&self) -> Result<Databases, StartError> {
        Databases::of(&self.url("postgres"))
    }

    /// A clean stop. Dropping does the same.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        info!("stopping the private Postgres");
        self.supervisor.finish();
        self.locks = None;
    }
}

/// Absolute and without symbolic links, because the server's processes start
/// somewhere else.
fn absolute(data_dir: &Path) -> Result<PathBuf, StartError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .and_then(|()| data_dir.canonicalize())
        .map_err(StartError::io("making", data_dir))
}

/// The directories that a server needs and that do not exist yet.
fn missing(server: &Server) -> Vec<PathBuf> {
    let mut directories = vec![server.home.clone(), server.socket.clone()];
    directories.dedup();
    if server.kind == Kind::Kept {
        directories.remove(0);
    }
    directories
}
