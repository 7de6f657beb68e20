//! The database is what its files say it is.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use vestibule::db;
use vestibule::secret::Secret;

use crate::support::databases;

#[derive(QueryableByName, Debug, PartialEq, Eq)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
}

const COLUMNS: &str = "
    select c.relname::text as table, a.attname::text as name, t.typname::text as kind,
           not a.attnotnull as nullable, col_description(c.oid, a.attnum) as comment
    from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0
      and not a.attisdropped and c.relname <> '__diesel_schema_migrations'
    order by c.relname, a.attnum";

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn names(url: &str, sql: &str) -> Vec<String> {
    let mut conn = PgConnection::establish(url).unwrap();
    let rows: Vec<Name> = diesel::sql_query(sql).load(&mut conn).unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

/// What `schema.rs` says, read as text.
fn declared() -> Vec<Column> {
    let types: BTreeMap<_, _> = [
        ("Uuid", "uuid"),
        ("Text", "text"),
        ("Timestamptz", "timestamptz"),
        ("Bytea", "bytea"),
        ("Int4", "int4"),
        ("Int8", "int8"),
        ("Bool", "bool"),
        ("Inet", "inet"),
        ("Jsonb", "jsonb"),
        ("Xid8", "xid8"),
    ]
    .into();
    let (mut columns, mut table, mut comment) = (Vec::new(), String::new(), None);
    for line in include_str!("../../src/schema.rs").lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            comment = Some(text.to_owned());
        } else if let Some((name, kind)) = line
            .strip_suffix(',')
            .and_then(|line| line.split_once(" -> "))
        {
            let inner = kind
                .strip_prefix("Nullable<")
                .and_then(|kind| kind.strip_suffix('>'));
            columns.push(Column {
                table: table.clone(),
                name: name.to_owned(),
                kind: types[inner.unwrap_or(kind)].to_owned(),
                nullable: inner.is_some(),
                comment: comment.take(),
            });
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            name.clone_into(&mut table);
        }
    }
    columns.sort_by(|a, b| a.table.cmp(&b.table));
    columns
}

#[test]
fn schema_rs_is_what_the_migrations_make_down_to_the_comments() {
    let mut conn = PgConnection::establish(&databases::migrated()).unwrap();
    let actual: Vec<Column> = diesel::sql_query(COLUMNS).load(&mut conn).unwrap();

    assert!(actual.len() > 40);
    assert!(
        actual.iter().all(|column| column.comment.is_some()),
        "every column says what it is for"
    );
    for (actual, declared) in actual.iter().zip(declared()) {
        assert_eq!(*actual, declared);
    }
    assert_eq!(actual.len(), declared().len());
}

#[test]
fn every_table_says_what_it_is_for_and_every_constraint_has_a_name_of_its_table() {
    let url = databases::migrated();
    let silent = "select relname::text as name from pg_class where relnamespace = 'public'::regnamespace
        and relkind = 'r' and obj_description(oid) is null and relname <> '__diesel_schema_migrations'";
    assert!(names(&url, silent).is_empty());
    let odd = "select conname::text as name from pg_constraint where connamespace = 'public'::regnamespace
        and conrelid <> '__diesel_schema_migrations'::regclass and contype <> 'n'
        and (conname !~ ('^' || conrelid::regclass::text || '_') or conname !~ '_(pkey|fkey|key|check)$' or conname ~ '[0-9]$')";
    assert!(names(&url, odd).is_empty());
}

#[test]
fn down_undoes_up() {
    let url = databases::empty();
    let everything = "select relname::text as name from pg_class where relnamespace = 'public'::regnamespace
        and relname !~ '^__diesel' union select typname::text from pg_type where typnamespace = 'public'::regnamespace
        and typname !~ '__diesel' order by 1";
    let secret = Secret::new(url.clone());
    let first = db::migrate(&secret).unwrap();
    let made = names(&url, everything);
    assert!(!first.is_empty() && !made.is_empty());

    db::revert_all(&secret).unwrap();
    assert_eq!(names(&url, everything), Vec::<String>::new());
    assert_eq!(db::migrate(&secret).unwrap(), first);
    assert_eq!(names(&url, everything), made);
    assert!(db::migrate(&secret).unwrap().is_empty());
}

#[test]
fn nothing_of_a_person_outlives_them() {
    let url = databases::migrated();
    let rules =
        "select conrelid::regclass::text || ' ' || confdeltype::text as name from pg_constraint
        where contype = 'f' and confrelid = 'users'::regclass order by 1";

    assert_eq!(
        names(&url, rules),
        [
            "accounts c",
            "api_tokens c",
            "audit_events n",
            "provider_revocations n",
            "sessions c"
        ]
    );
    let owned = "select table_name::text as name from information_schema.columns
        where table_schema = 'public' and column_name = 'user_id' order by 1";
    assert_eq!(
        names(&url, owned),
        [
            "accounts",
            "api_tokens",
            "audit_events",
            "provider_revocations",
            "sessions"
        ],
        "each has its rule above"
    );
}

#[test]
fn schema_rs_names_the_primary_keys_and_the_tables_as_the_database_does() {
    let (mut declared, mut comment) = (Vec::new(), "");
    for line in include_str!("../../src/schema.rs").lines() {
        let head = line.trim().strip_suffix(") {");
        if let Some(text) = line.strip_prefix("    /// ") {
            comment = text;
        } else if let Some((table, key)) = head.and_then(|head| head.split_once(" (")) {
            declared.push(format!("{table} ({key}): {comment}"));
        }
    }
    declared.sort();
    let actual =
        "select c.relname || ' (' || string_agg(a.attname, ', ' order by a.attnum) || '): '
          || obj_description(c.oid) as name
        from pg_class c join pg_index i on i.indrelid = c.oid and i.indisprimary
        join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
        where c.relnamespace = 'public'::regnamespace and c.relname <> '__diesel_schema_migrations'
        group by c.oid order by c.relname";
    let mut actual = names(&databases::migrated(), actual);
    actual.sort();

    assert!(actual.len() >= 6);
    assert_eq!(actual, declared);
}
