//! Sessions, straight into the table.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, sql_query};

/// Half a million sessions of the last fortnight, the others older; three of
/// five were ended, a day later. Begun in the last 170 days, so that none is
/// old enough to be swept. The first of the people is ada, who has no other
/// live session.
const FILL: &str = "
    create temporary table people as
        select row_number() over (order by username <> 'ada', id) - 1 as number, id from users;
    create unique index on people (number);
    analyze people;
    insert into sessions (id, user_id, auth_provider, created_at, last_seen_at,
        cookie_expires_at, expires_at, ended_at, ended_reason, user_agent, ip)
    select (lpad(to_hex((extract(epoch from began) * 1000)::bigint), 12, '0')
            || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
        people.id, 'github', began, began, began + interval '14 days',
        began + interval '90 days',
        case when n % 5 in (0, 3, 4) then least(began + interval '1 day', now()) end,
        case when n % 5 in (0, 3, 4) then 'signed_out' end,
        'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
        '192.0.2.1'
    from generate_series(1, 5000000) n
    cross join lateral (select now() - interval '170 days'
        + n * interval '170 days' / 5000000 as began) times
    join people on people.number = n % 200000;";

const PEOPLE: &str = "
    insert into users (id, username)
    select md5(n::text)::uuid, 'person-' || n from generate_series(1, 199999) n;";

/// A few hundred that were over long ago.
const ADD_OLD: &str = "
    insert into sessions (id, user_id, auth_provider, created_at, last_seen_at,
        cookie_expires_at, expires_at, user_agent, ip)
    select gen_random_uuid(), users.id, 'github', began, began,
        began + interval '14 days', began + interval '90 days', '', '192.0.2.1'
    from generate_series(1, 500) n
    cross join (select now() - interval '200 days' as began) times
    cross join (select id from users where username = 'ada') users;";

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    words: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn connect(url: &str) -> PgConnection {
    PgConnection::establish(url).unwrap()
}

fn count(url: &str, query: &str) -> i64 {
    let found: Count = sql_query(query).get_result(&mut connect(url)).unwrap();
    found.count
}

/// Half a minute: the indexes are built afterwards, and nobody looks up whether
/// each row's user exists.
pub fn fill(url: &str) {
    let mut conn = connect(url);
    let quickly = "set session_replication_role = replica; set maintenance_work_mem = '512MB'";
    run(&mut conn, [quickly, PEOPLE]);
    let indexes = "from pg_indexes
        where tablename = 'sessions' and indexname <> 'sessions_pkey'";
    let create = words(&mut conn, &format!("select indexdef as words {indexes}"));
    let drop = format!("select format('drop index %I', indexname) as words {indexes}");
    let drop = words(&mut conn, &drop);
    run(&mut conn, drop);
    run(&mut conn, [FILL]);
    run(&mut conn, create);
    let settle = [
        "vacuum analyze sessions",
        "vacuum analyze users",
        "checkpoint",
    ];
    run(&mut conn, settle);
}

fn words(conn: &mut PgConnection, query: &str) -> Vec<String> {
    let rows: Vec<Words> = sql_query(query).load(conn).unwrap();
    rows.into_iter().map(|row| row.words).collect()
}

fn run<S: AsRef<str>>(conn: &mut PgConnection, statements: impl IntoIterator<Item = S>) {
    for statement in statements {
        conn.batch_execute(statement.as_ref()).unwrap();
    }
}

/// Adds sessions that a sweep removes.
pub fn add_old(url: &str) {
    connect(url).batch_execute(ADD_OLD).unwrap();
}

/// How many of those there are.
pub fn old(url: &str) -> i64 {
    count(
        url,
        "select count(*) from sessions
         where coalesce(ended_at, cookie_expires_at) < now() - interval '180 days'",
    )
}

/// How often `sessions` was read from end to end, once nobody else is
/// connected any more: each connection tells when it ends.
pub fn sequential_scans(url: &str) -> i64 {
    let patience = Instant::now();
    let others = "select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend'";
    while count(url, others) > 0 {
        assert!(patience.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(20));
    }
    // Before version 15 a process apart gathers what they told.
    thread::sleep(Duration::from_secs(1));
    count(
        url,
        "select seq_scan as count from pg_stat_user_tables where relname = 'sessions'",
    )
}
