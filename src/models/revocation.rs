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
pub(super) fn insert_for(
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

impl Default for Seen {
    /// Nothing yet. No transaction is older than number 3.
    fn default() -> Self {
        Self {
            snapshot: "3:3:".to_owned(),
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
    /// When the server that answered was started: another server, or the same
    /// after a restart, tells another time.
    pub server: DateTime<Utc>,
    /// A standby may lag behind without knowing.
    pub is_standby: bool,
    pub now: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    snapshot: String,
    #[diesel(sql_type = Timestamptz)]
    server: DateTime<Utc>,
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
/// it: also when that began early and committed late, which neither a
/// timestamp nor the highest number seen would tell. The transaction numbers
/// below the snapshot's `xmin` were over by then, so the index leaves them out.
const NEW_SINCE: &str = "
    with server as materialized (
        select pg_current_snapshot()::text as snapshot,
               pg_postmaster_start_time() as server,
               pg_is_in_recovery() as is_standby,
               clock_timestamp() as here
    )
    select server.*, new.subject, new.xid::text as xid, new.expires_at
    from server left join lateral (
        select subject, xid, expires_at from revocations
        where (xid, subject) > ($1::xid8, $2)
          and not pg_visible_in_snapshot(xid, $3::pg_snapshot)
          and expires_at > now()
        order by xid, subject
        limit $4
    ) new on true";

/// Reads what was revoked since `seen`, from `position` on: at most `limit`.
pub fn new_since(
    conn: &mut PgConnection,
    seen: &Seen,
    position: Option<&Position>,
    limit: usize,
) -> QueryResult<Page> {
    let (xmin, _) = seen.snapshot.split_once(':').unwrap_or_default();
    let (xid, subject) = position.map_or((xmin, Uuid::nil()), |at| (at.xid.as_str(), at.subject));
    let rows: Vec<Row> = diesel::sql_query(NEW_SINCE)
        .bind::<Text, _>(xid)
        .bind::<sql_types::Uuid, _>(subject)
        .bind::<Text, _>(&seen.snapshot)
        .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
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
        server: last.server,
        is_standby: last.is_standby,
        now: last.here,
        revoked: rows
            .into_iter()
            .filter_map(|row| Some((row.subject?, row.expires_at?)))
            .collect(),
    })
}
