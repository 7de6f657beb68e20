//! One throw-away cluster a test run, one database a test.

use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use vestibule::db;
use vestibule::demo::postgres::PrivatePostgres;
use vestibule::secret::Secret;

const TEMPLATE: &str = "template_vestibule";

/// Never dropped: it stops by itself when this process ends, however it ends.
static CLUSTER: OnceLock<PrivatePostgres> = OnceLock::new();
static NUMBER: AtomicUsize = AtomicUsize::new(1);

fn cluster() -> &'static PrivatePostgres {
    CLUSTER.get_or_init(|| {
        let postgres = PrivatePostgres::start_throwaway().unwrap();
        postgres.ensure_database(TEMPLATE).unwrap();
        db::migrate(&Secret::new(postgres.url(TEMPLATE))).unwrap();
        postgres
    })
}

/// The URL of a migrated database of one's own.
pub fn migrated() -> String {
    let name = fresh_name();
    cluster().create_from_template(&name, TEMPLATE).unwrap();
    cluster().url(&name)
}

/// The URL of an empty one.
pub fn empty() -> String {
    let name = fresh_name();
    cluster().ensure_database(&name).unwrap();
    cluster().url(&name)
}

/// A cluster of one's own, for what would disturb others.
pub struct OwnCluster {
    pub postgres: PrivatePostgres,
}

impl OwnCluster {
    pub fn start() -> Self {
        let postgres = PrivatePostgres::start_throwaway().unwrap();
        postgres.ensure_database("own").unwrap();
        db::migrate(&Secret::new(postgres.url("own"))).unwrap();
        Self { postgres }
    }

    pub fn url(&self) -> String {
        self.postgres.url("own")
    }

    /// Stops every process of the server in its tracks (`STOP`), or lets them
    /// go on (`CONT`).
    pub fn signal_all(&self, signal: &str) {
        let postmaster = self.postgres.postmaster_pid().unwrap().to_string();
        let children = Command::new("pgrep")
            .args(["-P", &postmaster])
            .output()
            .unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        let sent = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(&postmaster)
            .args(children.split_whitespace())
            .status()
            .unwrap();
        assert!(sent.success());
    }
}

/// How many rows a query counts: `select count(*) as n from …`.
pub fn count(url: &str, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let mut conn = PgConnection::establish(url).unwrap();
    let row: Count = diesel::sql_query(sql).get_result(&mut conn).unwrap();
    row.n
}

/// Everything in a text column: `select … as t from …`.
pub fn texts(url: &str, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        t: String,
    }
    let mut conn = PgConnection::establish(url).unwrap();
    let rows: Vec<Row> = diesel::sql_query(sql).load(&mut conn).unwrap();
    rows.into_iter().map(|row| row.t).collect()
}

fn fresh_name() -> String {
    format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}
