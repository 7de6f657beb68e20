//! What must be refused although its signature is good.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, BigInt, Bool, Nullable, Text, Timestamptz};
use uuid::Uuid;

use super::time::from_now;
use crate::schema::revocations;

/// Kept longer than what it refuses, whatever the clocks say.
pub const SAFETY_MARGIN: TimeDelta = TimeDelta::days(1);

/// Revokes each subject, whose last cookie or token expires then or before.
/// Within the transaction that ends them.
pub(super) fn insert(
    conn: &mut PgConnection,
    ended: impl Iterator<Item = (Uuid, DateTime<Utc>)>,
) -> QueryResult<()> {
    let rows: Vec<_> = ended
        .map(|(subject, last_expiry)| {
            (
                revocations::subject.eq(subject),
                revocations::expires_at.eq(last_expiry + SAFETY_MARGIN),
            )
        })
        .collect();
    diesel::insert_into(revocations::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)
        .map(drop)
}

/// Revokes a subject that nobody goes by for longer than this from now on.
/// Within the transaction that ends it.
pub fn insert_for(
    conn: &mut PgConnection,
    subject: Uuid,
    remembered_for: TimeDelta,
) -> QueryResult<()> {
    let keep = (remembered_for + SAFETY_MARGIN)
        .to_std()
        .unwrap_or_default();
    diesel::insert_into(revocations::table)
        .values((
            revocations::subject.eq(subject),
            revocations::expires_at.eq(from_now(keep)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .map(drop)
}

/// What a poll has read already: everything that its snapshot shows.
#[derive(Clone, Debug)]
pub struct Seen {
    /// As `pg_current_snapshot()` says it.
    snapshot: String,
}

/// No transaction is older than number 3.
const NOTHING_SEEN: &str = "3:3:";

impl Default for Seen {
    fn default() -> Self {
        Self {
            snapshot: NOTHING_SEEN.to_owned(),
        }
    }
}

/// Where the next page of one poll goes on.
#[derive(Clone, Debug)]
pub struct Position {
    xid: String,
    subject: Uuid,
}

/// A page of what was revoked since [`Seen`], and the server's word on itself.
pub struct Page {
    /// What will have been read once all pages have been.
    pub seen: Seen,
    pub revoked: Vec<(Uuid, DateTime<Utc>)>,
    /// `None` on the last page.
    pub rest: Option<Position>,
    /// Which run of which server answered. Another server tells another, and so
    /// does the same one after a restart, or after a crash of one of its
    /// processes, which it may outlive itself while it gives out transaction
    /// numbers anew that were lost.
    pub server: String,
    /// A standby may lag behind without knowing.
    pub is_standby: bool,
    pub now: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    snapshot: String,
    #[diesel(sql_type = Text)]
    server: String,
    #[diesel(sql_type = Bool)]
    is_standby: bool,
    #[diesel(sql_type = Timestamptz)]
    here: DateTime<Utc>,
    #[diesel(sql_type = Nullable<sql_types::Uuid>)]
    subject: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    xid: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
}

/// One statement, so that the rows and the snapshot that stands for them are
/// of one moment.
///
/// A row is new if the last snapshot does not show the transaction that wrote
/// it: one that was open then, however long it stayed so, or one that began
/// later. Neither a timestamp nor the highest number seen would tell. Both are
/// ranges of the index, so that nothing old is looked at, also while somebody
/// leaves a transaction open for hours.
///
/// Numbers that the server has not given out yet come from another cluster's
/// dump: they are read once, with everything else.
const NEW_SINCE: &str = "
    with server as materialized (
        select pg_current_snapshot()::text as snapshot,
               concat_ws(' ', pg_postmaster_start_time(), (select stats_reset from pg_stat_wal)) as server,
               pg_is_in_recovery() as is_standby,
               clock_timestamp() as here
    ),
    was_open as (
        select subject, xid, expires_at from revocations
        where xid = any(array(select pg_snapshot_xip($3::pg_snapshot)))
          and (xid, subject) > ($1::xid8, $2) and expires_at > now()
        order by xid, subject limit $4
    ),
    began_later as (
        select subject, xid, expires_at from revocations
        where xid >= pg_snapshot_xmax($3::pg_snapshot)
          and (xid, subject) > ($1::xid8, $2) and expires_at > now()
          and ($5 or xid < pg_snapshot_xmax(pg_current_snapshot()))
        order by xid, subject limit $4
    )
    select server.*, new.subject, new.xid::text as xid, new.expires_at
    from server left join lateral (
        select * from was_open union all select * from began_later
        order by xid, subject limit $4
    ) new on true";

/// Reads what was revoked since `seen`, from `position` on: at most `limit`.
pub fn new_since(
    conn: &mut PgConnection,
    seen: &Seen,
    position: Option<&Position>,
    limit: usize,
) -> QueryResult<Page> {
    let (xid, subject) = position.map_or(("0", Uuid::nil()), |at| (&*at.xid, at.subject));
    let rows: Vec<Row> = diesel::sql_query(NEW_SINCE)
        .bind::<Text, _>(xid)
        .bind::<sql_types::Uuid, _>(subject)
        .bind::<Text, _>(&seen.snapshot)
        .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind::<Bool, _>(seen.snapshot == NOTHING_SEEN)
        .load(conn)?;

    page(rows, limit).ok_or(diesel::result::Error::NotFound)
}

fn page(rows: Vec<Row>, limit: usize) -> Option<Page> {
    let last = rows.last()?;
    let rest = (rows.len() == limit).then_some(last);
    Some(Page {
        seen: Seen {
            snapshot: last.snapshot.clone(),
        },
        rest: rest.and_then(|last| {
            Some(Position {
                xid: last.xid.clone()?,
                subject: last.subject?,
            })
        }),
        server: last.server.clone(),
        is_standby: last.is_standby,
        now: last.here,
        revoked: rows
            .into_iter()
            .filter_map(|row| Some((row.subject?, row.expires_at?)))
            .collect(),
    })
}
