//! When a test is over, no token that its simulator ever issued lies in its
//! database as anybody could read it.

use std::fmt::Write as _;

use diesel::prelude::*;
use diesel::sql_types::Text;
use vestibule::demo::simulator::Issued;

pub struct Canaries {
    pub database_url: String,
    pub issued: Issued,
}

const TABLES: [&str; 8] = [
    "users",
    "accounts",
    "sessions",
    "api_tokens",
    "audit_events",
    "provider_revocations",
    "revocations",
    "used_sign_in_states",
];

impl Drop for Canaries {
    fn drop(&mut self) {
        // A test that has failed already, or whose database is gone.
        if std::thread::panicking() {
            return;
        }
        let Ok(mut conn) = PgConnection::establish(&self.database_url) else {
            return;
        };
        let rows: Vec<String> = TABLES
            .iter()
            .filter_map(|table| everything(&mut conn, table))
            .collect();
        for secret in self.issued.secrets() {
            assert_absent(&secret, &rows);
        }
    }
}

/// As a dump shows it. Some tests fill tables with rubbish of their own.
fn everything(conn: &mut PgConnection, table: &str) -> Option<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let query = format!(
        "select coalesce(string_agg(row.t::text, ' '), '') as text
         from (select t from {table} t limit 20000) row"
    );
    let row: Row = diesel::sql_query(query).get_result(conn).ok()?;
    Some(row.text)
}

/// Neither as it is nor as bytes.
pub fn assert_absent(secret: &str, texts: &[String]) {
    let mut hex = String::new();
    for byte in secret.bytes() {
        let _ = write!(hex, "{byte:02x}");
    }
    for text in texts {
        assert!(!text.contains(secret) && !text.contains(&hex), "{secret}");
    }
}
