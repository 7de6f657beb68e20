//! Sealed values wherever they lie, by the key that they lie under. Without a
//! scope: for operators and their commands alone, never for a request.

use std::ops::Add;

use diesel::deserialize::QueryableByName;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Nullable, Uuid as SqlUuid};
use uuid::Uuid;

use super::account::TokenColumn;
use super::audit_event::Kind;
use super::ids::{AccountId, ProviderRevocationId};
use super::provider_revocation;
use crate::crypto::sealed;

/// A table with sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedTable {
    Accounts,
    ProviderRevocations,
}

/// A row's sealed values, as they lie.
#[derive(QueryableByName)]
pub struct SealedRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Bytea)]
    pub first: Vec<u8>,
    #[diesel(sql_type = Nullable<Bytea>)]
    pub second: Option<Vec<u8>>,
    /// Nobody counts on these any more.
    #[diesel(sql_type = Bool)]
    pub given_up: bool,
}

/// What takes the place of a row's values; `None` leaves one as it is.
pub struct Resealed {
    pub id: Uuid,
    pub first: Option<Vec<u8>>,
    pub second: Option<Vec<u8>>,
}

/// How much lies under a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Under {
    pub accounts: i64,
    pub revocations: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl SealedTable {
    pub const ALL: [Self; 2] = [Self::Accounts, Self::ProviderRevocations];

    const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::ProviderRevocations => "provider_revocations",
        }
    }

    /// The values' columns, the second of them if there is one.
    const fn columns(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Accounts => ("access_token", Some("refresh_token")),
            Self::ProviderRevocations => ("token", None),
        }
    }

    const fn given_up(self) -> &'static str {
        match self {
            Self::Accounts => "needs_reconnect",
            Self::ProviderRevocations => "false",
        }
    }

    /// What a row's first value is sealed to, and its second.
    pub fn places(self, id: Uuid) -> [String; 2] {
        match self {
            Self::Accounts => [TokenColumn::Access, TokenColumn::Refresh]
                .map(|column| column.place(AccountId::from_uuid(id))),
            Self::ProviderRevocations => [
                provider_revocation::place(ProviderRevocationId::from_uuid(id)),
                String::new(),
            ],
        }
    }

    /// True for rows of which a value begins like this, or does not. Null, for
    /// a value that is not there, is neither.
    fn begins(self, operator: &str) -> String {
        let begins = |column| format!("substr({column}, 1, length($1)) {operator} $1");
        let (first, second) = self.columns();
        let second = second.map(|column| format!(" or {}", begins(column)));
        format!("({}{})", begins(first), second.unwrap_or_default())
    }

    fn count(self, conn: &mut PgConnection, begins: &str, kid: &str) -> QueryResult<i64> {
        let statement = format!("select count(*) as n from {} where {begins}", self.name());
        let counted: Count = sql_query(statement)
            .bind::<Bytea, _>(sealed::beginning(kid))
            .get_result(conn)?;
        Ok(counted.n)
    }

    /// How many rows have a value that lies under another key.
    pub fn count_not_under(self, conn: &mut PgConnection, kid: &str) -> QueryResult<i64> {
        self.count(conn, &self.begins("<>"), kid)
    }

    /// The next rows behind `after` of which a value lies under another key,
    /// by their ids, locked until the transaction ends.
    pub fn lock_not_under(
        self,
        conn: &mut PgConnection,
        kid: &str,
        after: Uuid,
        limit: i64,
    ) -> QueryResult<Vec<SealedRow>> {
        let statement = format!(
            "{} where id > $2 and {} order by id limit $3 for no key update",
            self.select(),
            self.begins("<>")
        );
        sql_query(statement)
            .bind::<Bytea, _>(sealed::beginning(kid))
            .bind::<SqlUuid, _>(after)
            .bind::<BigInt, _>(limit)
            .load(conn)
    }

    fn select(self) -> String {
        let (first, second) = self.columns();
        format!(
            "select id, {first} as first, {} as second, {} as given_up from {}",
            second.unwrap_or("null::bytea"),
            self.given_up(),
            self.name()
        )
    }

    /// Puts other values into rows, all at once.
    pub fn put(self, conn: &mut PgConnection, rows: Vec<Resealed>) -> QueryResult<usize> {
        if rows.is_empty() {
            return Ok(0);
        }
        let (first, second) = self.columns();
        let set = |column: &str, new: &str| {
            format!("{column} = coalesce(new.{new}, {}.{column})", self.name())
        };
        let second = second.map(|column| format!(", {}", set(column, "second")));
        let statement = format!(
            "update {table} set {}{} from unnest($1, $2, $3) as new (id, first, second) where {table}.id = new.id",
            set(first, "first"),
            second.unwrap_or_default(),
            table = self.name(),
        );
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let (first, second): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|row| (row.first, row.second)).unzip();
        sql_query(statement)
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<Array<Nullable<Bytea>>, _>(first)
            .bind::<Array<Nullable<Bytea>>, _>(second)
            .execute(conn)
    }
}

impl Under {
    /// How much lies under this key.
    pub fn count(conn: &mut PgConnection, kid: &str) -> QueryResult<Self> {
        let [accounts, revocations] =
            SealedTable::ALL.map(|table| table.count(conn, &table.begins("="), kid));
        Ok(Self {
            accounts: accounts?,
            revocations: revocations?,
        })
    }

    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Gives up what lies under a key that goes: people have to reconnect, and
    /// what was still to be revoked never will be. Says how much of it was
    /// counted on until now.
    pub fn give_up(conn: &mut PgConnection, kid: &str) -> QueryResult<Self> {
        conn.transaction(|conn| {
            let (accounts, revocations) = (SealedTable::Accounts, SealedTable::ProviderRevocations);
            // Each of them finds out why.
            let reconnect = format!(
                "with hit as (
                     update accounts set needs_reconnect = true
                     where not needs_reconnect and {} returning user_id, provider
                 )
                 insert into audit_events (id, user_id, kind, details)
                 select gen_random_uuid(), user_id, '{}',
                        jsonb_build_object('provider', provider, 'reason', 'key_retired')
                 from hit",
                accounts.begins("="),
                Kind::ProviderTokenRefused.as_str()
            );
            let forget = format!(
                "delete from provider_revocations where {}",
                revocations.begins("=")
            );
            let mut run = |statement| -> QueryResult<i64> {
                let rows = sql_query::<String>(statement)
                    .bind::<Bytea, _>(sealed::beginning(kid))
                    .execute(conn)?;
                Ok(i64::try_from(rows).unwrap_or(i64::MAX))
            };
            Ok(Self {
                accounts: run(reconnect)?,
                revocations: run(forget)?,
            })
        })
    }
}

impl Add for Under {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            accounts: self.accounts + other.accounts,
            revocations: self.revocations + other.revocations,
        }
    }
}

/// Access tokens that somebody counts on: of the `limit` oldest and the
/// `limit` newest accounts.
pub fn sample(conn: &mut PgConnection, limit: i64) -> QueryResult<Vec<SealedRow>> {
    let select = SealedTable::Accounts.select();
    let statement =
        format!("({select} order by id limit $1) union all ({select} order by id desc limit $1)");
    let mut rows: Vec<SealedRow> = sql_query(statement).bind::<BigInt, _>(limit).load(conn)?;
    // Few accounts are among the oldest and among the newest.
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    rows.retain(|row| !row.given_up);
    Ok(rows)
}
