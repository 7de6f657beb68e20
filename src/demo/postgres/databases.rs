//! Databases of a cluster.

use diesel::{
    Connection, OptionalExtension, PgConnection, RunQueryDsl, sql_query,
    sql_types::{Integer, Text},
};

use super::StartError;

/// A server that is stopped or stuck is told from one that is busy. libpq and
/// Postgres keep these bounds themselves, in seconds and milliseconds.
const BOUNDS: &str = "&connect_timeout=10&options=-c%20statement_timeout%3D60000";

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = Integer)]
    _one: i32,
}

pub(super) struct Databases(PgConnection);

impl Databases {
    /// `url` is that of the database `postgres`.
    pub(super) fn of(url: &str) -> Result<Self, StartError> {
        PgConnection::establish(&format!("{url}{BOUNDS}"))
            .map(Self)
            .map_err(|error| failed("connecting to Postgres", &error))
    }

    pub(super) fn exists(&mut self, name: &str) -> Result<bool, StartError> {
        sql_query("select 1 as _one from pg_database where datname = $1")
            .bind::<Text, _>(name)
            .get_result::<Found>(&mut self.0)
            .optional()
            .map(|found| found.is_some())
            .map_err(|error| failed("looking for a database", &error))
    }

    pub(super) fn create(&mut self, name: &str, template: Option<&str>) -> Result<(), StartError> {
        let from = match template {
            Some(template) => format!(" template {}", identifier(template)?),
            None => String::new(),
        };
        sql_query(format!("create database {}{from}", identifier(name)?))
            .execute(&mut self.0)
            .map(|_| ())
            .map_err(|error| failed(&format!("creating database {name}"), &error))
    }
}

/// Names cannot be bound as parameters, so they are kept harmless.
fn identifier(name: &str) -> Result<String, StartError> {
    let is_harmless = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.is_empty() && name.chars().all(is_harmless) {
        Ok(format!("\"{name}\""))
    } else {
        Err(StartError::BadName(name.to_owned()))
    }
}

fn failed(doing: &str, error: &dyn std::error::Error) -> StartError {
    StartError::Sql {
        doing: doing.to_owned(),
        reason: error.to_string(),
    }
}
