//! Floor 3: what is over goes, in the background, in small batches, by one
//! process at a time.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use crate::db::Db;
use crate::error::Error;
use crate::models::Sweepable;

/// Nothing is in a hurry: what is over is refused by its own age.
const EVERY: Duration = Duration::from_mins(1);
/// Soon after the start, and not among its first requests.
const FIRST_AFTER: Duration = Duration::from_secs(5);
/// Milliseconds of work, so that nobody waits for a lock of ours.
const BATCH: i64 = 1_000;
/// Others get to work in between.
const PAUSE: Duration = Duration::from_millis(50);

/// Any number that no other program is likely to lock: "sweep" in ASCII.
const ADVISORY_LOCK: i64 = 0x73_7765_6570;

/// Sweeps now and then, until it is dropped. `keep` is how long events and
/// sessions that are over are kept.
pub async fn run(db: Db, keep: Duration) {
    tokio::time::sleep(FIRST_AFTER).await;
    loop {
        if let Err(error) = sweep(&db, keep).await {
            tracing::warn!("not all that is over was swept: {error}");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Sweeps until nothing is left, or another process is at it. Trouble with one
/// table does not keep the others.
pub async fn sweep(db: &Db, keep: Duration) -> Result<(), Error> {
    let mut result = Ok(());
    for table in Sweepable::ALL {
        let keep = if table.is_history() {
            keep
        } else {
            Duration::ZERO
        };
        if let Err(error) = sweep_table(db, table, keep).await {
            result = Err(error);
        }
    }
    result
}

async fn sweep_table(db: &Db, table: Sweepable, keep: Duration) -> Result<(), Error> {
    let mut total = 0;
    loop {
        let swept = db.run(move |conn| batch(conn, table, keep)).await?;
        total += swept;
        if i64::try_from(swept).is_ok_and(|swept| swept < BATCH) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if total > 0 {
        tracing::info!(?table, total, "swept what is over");
    }
    Ok(())
}

/// Nothing when another process is at it.
fn batch(conn: &mut PgConnection, table: Sweepable, keep: Duration) -> QueryResult<usize> {
    conn.transaction(|conn| {
        if take_turn(conn)? {
            table.sweep(conn, keep, BATCH)
        } else {
            Ok(0)
        }
    })
}

/// Until the transaction ends: a lock of the connection would stay with a
/// pooler's connection.
fn take_turn(conn: &mut PgConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Turn {
        #[diesel(sql_type = Bool)]
        ours: bool,
    }
    let turn: Turn = diesel::sql_query("select pg_try_advisory_xact_lock($1) as ours")
        .bind::<BigInt, _>(ADVISORY_LOCK)
        .get_result(conn)?;
    Ok(turn.ours)
}
