//! Floor 3: every stored token goes under the active sealing key, in batches,
//! while the app serves.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::Error::DatabaseError;
use uuid::Uuid;

use crate::crypto::keys::{KeyRing, LiveRing};
use crate::crypto::sealed::{self, OpenError};
use crate::models::sealed_value::{self, SealedRow, SealedTable};

/// A moment of work for the database, so that nobody waits for a lock of ours.
pub const BATCH: i64 = 500;
/// Shorter than what Postgres takes to see a deadlock (`deadlock_timeout`, 1 s):
/// when somebody locks the same rows in another order it is we who give way.
const LOCK_TIMEOUT: &str = "set local lock_timeout = '400ms'";
const TRIES: u32 = 10;
const BEFORE_ANOTHER_TRY: Duration = Duration::from_millis(200);

/// What came of it.
#[derive(Debug, Default)]
pub struct Resealed {
    /// Under which key everything lies now.
    pub kid: String,
    /// How many values were re-sealed.
    pub values: usize,
    /// How many did not open, by what their key is called; empty where even
    /// that cannot be read. They are as they were.
    pub broken: BTreeMap<String, usize>,
    /// The same, of people who have to reconnect anyway.
    pub given_up: usize,
    /// Another key became active meanwhile: there is more to be done.
    pub is_behind: bool,
}

/// How many rows there are to do.
pub fn left(conn: &mut PgConnection, ring: &KeyRing) -> QueryResult<u64> {
    let kid = ring.active_sealing().kid();
    let counts = SealedTable::ALL.map(|table| table.count_not_under(conn, kid));
    let [accounts, revocations] = counts;
    Ok(u64::try_from(accounts? + revocations?).unwrap_or_default())
}

/// Re-seals everything that does not lie under the active key yet. `progress`
/// hears of every batch how many rows it was. What was done stays done when
/// this fails, and is skipped when it is called again.
pub fn reseal(
    conn: &mut PgConnection,
    ring: &LiveRing,
    batch: i64,
    mut progress: impl FnMut(usize),
) -> QueryResult<Resealed> {
    let kid = ring.current().active_sealing().kid().to_owned();
    let mut so_far = Resealed {
        kid,
        ..Resealed::default()
    };
    for table in SealedTable::ALL {
        let mut after = Uuid::nil();
        loop {
            if ring.current().active_sealing().kid() != so_far.kid {
                so_far.is_behind = true;
                return Ok(so_far);
            }
            let done = patiently(|| one_batch(conn, ring, table, &so_far.kid, after, batch))?;
            let Some(last) = done.last else {
                break;
            };
            progress(done.rows);
            so_far.add(done);
            after = last;
        }
    }
    Ok(so_far)
}

/// A batch that could not have its locks, or lost a deadlock, is tried again.
fn patiently<T>(mut work: impl FnMut() -> QueryResult<T>) -> QueryResult<T> {
    for _ in 1..TRIES {
        match work() {
            Err(DatabaseError(_, why)) => tracing::debug!("again: {}", why.message()),
            result => return result,
        }
        std::thread::sleep(BEFORE_ANOTHER_TRY);
    }
    work()
}

#[derive(Default)]
struct Batch {
    rows: usize,
    /// Where to go on; `None` when there are no more.
    last: Option<Uuid>,
    values: usize,
    broken: Vec<String>,
    given_up: usize,
}

impl Resealed {
    fn add(&mut self, batch: Batch) {
        self.values += batch.values;
        self.given_up += batch.given_up;
        for kid in batch.broken {
            *self.broken.entry(kid).or_default() += 1;
        }
    }
}

fn one_batch(
    conn: &mut PgConnection,
    ring: &LiveRing,
    table: SealedTable,
    kid: &str,
    after: Uuid,
    limit: i64,
) -> QueryResult<Batch> {
    conn.transaction(|conn| {
        conn.batch_execute(LOCK_TIMEOUT)?;
        let rows = table.lock_not_under(conn, kid, after, limit)?;
        let mut batch = Batch {
            rows: rows.len(),
            last: rows.last().map(|row| row.id),
            ..Batch::default()
        };
        let resealed = rows
            .iter()
            .filter_map(|row| batch.row(ring, table, kid, row));
        table.put(conn, resealed.collect())?;
        Ok(batch)
    })
}

impl Batch {
    /// The row's new values; `None` when there are none.
    fn row(
        &mut self,
        ring: &LiveRing,
        table: SealedTable,
        kid: &str,
        row: &SealedRow,
    ) -> Option<sealed_value::Resealed> {
        let [first_place, second_place] = table.places(row.id);
        let first = self.value(ring, kid, row, &row.first, &first_place);
        let second = row.second.as_ref();
        let second = second.and_then(|value| self.value(ring, kid, row, value, &second_place));
        (first.is_some() || second.is_some()).then_some(sealed_value::Resealed {
            id: row.id,
            first,
            second,
        })
    }

    fn value(
        &mut self,
        ring: &LiveRing,
        kid: &str,
        row: &SealedRow,
        value: &[u8],
        place: &str,
    ) -> Option<Vec<u8>> {
        if sealed::kid_of(value) == Some(kid) {
            return None;
        }
        // A key that nobody knows may be one that the file has brought since.
        let resealed = ring.try_with(
            |ring| {
                let plain = sealed::open(ring, value, place)?;
                let key = ring.sealing(kid).ok_or(OpenError::UnknownKey)?;
                Ok(sealed::seal_under(key, &plain, place))
            },
            |error: &OpenError| *error == OpenError::UnknownKey,
        );
        match resealed {
            Ok(value) => {
                self.values += 1;
                return Some(value);
            }
            Err(_) if row.given_up => self.given_up += 1,
            Err(_) => {
                let kid = sealed::kid_of(value).unwrap_or_default();
                self.broken.push(kid.to_owned());
            }
        }
        None
    }
}
