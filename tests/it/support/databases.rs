//! One throw-away cluster a test run, one database a test.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

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

fn fresh_name() -> String {
    format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}
