//! A Postgres of our own: starts everywhere, leaves nothing behind.

mod kept;
mod owner;
mod places;
mod throwaway;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use vestibule::demo::postgres::PrivatePostgres;

/// A data directory; what was made for it elsewhere goes with it.
struct DataDir(tempfile::TempDir);

impl DataDir {
    /// As the demo makes it: nobody else can enter.
    fn closed() -> Self {
        let only_ours = fs::Permissions::from_mode(0o700);
        let directory = tempfile::Builder::new().permissions(only_ours).tempdir();
        Self(directory.unwrap())
    }

    /// One that the server's user can reach when we are root.
    fn open() -> Self {
        let directory = Self::closed();
        open(directory.path());
        directory
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where its cluster lives.
    fn home(&self) -> PathBuf {
        home_of(self.path())
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        PrivatePostgres::erase(self.path()).unwrap();
    }
}

fn open(directory: &Path) {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
}

fn home_of(data_dir: &Path) -> PathBuf {
    match fs::read_to_string(data_dir.join("postgres-location")) {
        Ok(elsewhere) => elsewhere.trim_end().into(),
        Err(_) => data_dir.join("postgres"),
    }
}

fn answers(url: &str) -> bool {
    PgConnection::establish(url)
        .is_ok_and(|mut conn| sql_query("select 1").execute(&mut conn).is_ok())
}

fn run(url: &str, sql: &str) {
    let mut conn = PgConnection::establish(url).unwrap();
    sql_query(sql).execute(&mut conn).unwrap();
}

/// Leaves a sign in the data, to be found by `remembers`.
fn write_down(postgres: &PrivatePostgres) {
    postgres.ensure_database("diary").unwrap();
    run(
        &postgres.url("diary"),
        "create table if not exists written ()",
    );
}

fn remembers(postgres: &PrivatePostgres) -> bool {
    let mut diary = PgConnection::establish(&postgres.url("diary")).unwrap();
    sql_query("select from written").execute(&mut diary).is_ok()
}
