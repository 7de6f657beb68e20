//! A Postgres of our own: starts everywhere, leaves nothing behind.

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use vestibule::demo::postgres::PrivatePostgres;

#[test]
fn it_starts_and_answers_sql() {
    let postgres = PrivatePostgres::start_throwaway().unwrap();
    postgres.ensure_database("hall").unwrap();

    let mut hall = PgConnection::establish(&postgres.url("hall")).unwrap();

    sql_query("select 1").execute(&mut hall).unwrap();
}
