//! What one process ends, the others refuse: always, and soon.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use serde_json::json;
use vestibule::models::revocation::{Seen, new_since};

use crate::support::databases::OwnCluster;
use crate::support::{TestApp, Visitor, eventually, new_ring};

/// A second is promised, and measured by `cargo bench --bench revocation`;
/// here everything else runs on the same two cores.
const SOON: Duration = Duration::from_secs(10);

/// All that polls leave behind.
const FEEDS: &str = "from pg_stat_activity where datname = current_database()
    and query like '%pg_current_snapshot%' and pid <> pg_backend_pid()";

async fn is_refused(visitor: &Visitor) -> bool {
    visitor.clone().info().await == json!({})
}

#[actix_web::test]
async fn however_a_session_ends_three_processes_refuse_it() {
    let one = TestApp::start().await;
    let (two, three) = (one.another().await, one.another().await);
    for end in ["sign-out", "one", "others", "again"] {
        let ada = one.signed_in("github", "ada").await;
        let copies = [ada.clone(), ada.at(&two), ada.at(&three)];
        let mut elsewhere = two.signed_in("github", "ada").await;
        match end {
            "sign-out" => drop(ada.clone().sign_out().await),
            "one" => {
                let id = ada.clone().session_id().await;
                elsewhere.delete_session(&id).await.assert_status(204);
            }
            "others" => drop(elsewhere.delete_session("").await.assert_status(204)),
            _ => drop(ada.clone().sign_in("github", "grace").await),
        }
        for copy in &copies {
            eventually("refused", SOON, async || is_refused(copy).await).await;
        }
        assert!(elsewhere.is_signed_in().await, "{end} ended too much");
    }
}

#[actix_web::test]
async fn a_revocation_that_commits_late_is_not_missed() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let mut ada = app.signed_in("github", "ada").await;
    let id = ada.session_id().await;
    let elsewhere = ada.at(&other);
    // Its transaction begins before all others.
    let mut late = app.connection();
    late.batch_execute(&format!(
        "begin;
         update sessions set ended_at = now(), ended_reason = 'ended_by_operator' where id = '{id}';
         insert into revocations (subject, expires_at) values ('{id}', now() + interval '90 days')"
    ))
    .unwrap();

    for polls_fail in [false, true, false] {
        if polls_fail {
            app.execute(&format!("select pg_terminate_backend(pid) {FEEDS}"));
        }
        let mut grace = app.signed_in("github", "grace").await;
        let copy = grace.at(&other);
        grace.sign_out().await;
        eventually("refused", SOON, async || is_refused(&copy).await).await;
    }
    assert!(!is_refused(&elsewhere).await, "it has not happened yet");

    late.batch_execute("commit").unwrap();
    eventually("refused", SOON, async || is_refused(&elsewhere).await).await;
}

#[actix_web::test]
async fn a_transaction_that_stays_open_does_not_make_polls_read_everything_again() {
    let app = TestApp::start().await;
    let (mut idle, mut conn) = (app.connection(), app.connection());
    idle.batch_execute("begin; select pg_current_xact_id()")
        .unwrap();
    app.execute(&revoke_many(100));

    let all = new_since(&mut conn, &Seen::default(), None, 1_000).unwrap();
    assert_eq!(all.revoked.len(), 100);
    let again = new_since(&mut conn, &all.seen, None, 1_000).unwrap();
    assert_eq!(again.revoked.len(), 0);
    app.execute(&revoke_many(7));
    let new = new_since(&mut conn, &again.seen, None, 1_000).unwrap();
    assert_eq!(new.revoked.len(), 7);
}

fn revoke_many(count: usize) -> String {
    format!(
        "insert into revocations (subject, expires_at)
         select gen_random_uuid(), now() + interval '60 days' from generate_series(1, {count})"
    )
}

#[actix_web::test]
async fn more_than_a_page_is_heard_of_at_start_and_while_running() {
    let app = TestApp::start().await;
    // One transaction: all rows have one number.
    app.execute(&revoke_many(25_000));
    eventually("heard", SOON, async || {
        app.state().revocations.len() == 25_000
    })
    .await;
    app.execute(&revoke_many(20_000));

    let other = app.another().await;
    assert_eq!(
        other.state().revocations.len(),
        45_000,
        "ready means loaded"
    );
    eventually("heard", SOON, async || {
        app.state().revocations.len() == 45_000
    })
    .await;
    let still = app.signed_in("github", "ada").await;
    assert!(!is_refused(&still.at(&other)).await);
}

/// A row that polls pass over: its number is from the past, and they count from
/// what they have seen. It is heard of when everything is read again.
const FROM_THE_PAST: &str = "insert into revocations (subject, xid, expires_at)
    values (gen_random_uuid(), '100', now() + interval '60 days')";

/// What another server has shown says nothing about this one: after a failover,
/// or a crash, transaction numbers may begin again below those seen.
#[actix_web::test]
async fn after_a_restart_or_a_crash_everything_is_read_again() {
    let cluster = OwnCluster::start();
    let ring = new_ring();
    let app = TestApp::start_on(cluster.url(), ring, &[]).await;
    let held = || app.state().revocations.len();
    for (round, crash) in [false, true].into_iter().enumerate() {
        app.execute(FROM_THE_PAST);
        let before = held();
        app.signed_in("github", "ada").await.sign_out().await;
        eventually("heard", SOON, async || held() == before + 1).await;
        if crash {
            // The postmaster outlives it, and recovers.
            let backend = "select pid::text as t from pg_stat_activity
                where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1";
            let pid = app.texts(backend).remove(0);
            let killed = std::process::Command::new("kill")
                .args(["-KILL", &pid])
                .status();
            assert!(killed.unwrap().success());
        } else {
            cluster.postgres.halt();
            cluster.postgres.resume().unwrap();
        }
        eventually("heard", SOON, async || held() == 2 * (round + 1)).await;
    }
}

/// A dump that is restored into another cluster brings numbers that its server
/// has not given out yet.
#[actix_web::test]
async fn rows_of_a_restored_dump_are_read_once() {
    let app = TestApp::start().await;
    app.execute(
        "insert into revocations (subject, xid, expires_at)
         select gen_random_uuid(), '4000000000', now() + interval '60 days' from generate_series(1, 50)",
    );
    let mut conn = app.connection();
    let all = new_since(&mut conn, &Seen::default(), None, 1_000).unwrap();
    assert_eq!(all.revoked.len(), 50);
    app.execute(&revoke_many(3));
    let new = new_since(&mut conn, &all.seen, None, 1_000).unwrap();
    assert_eq!(new.revoked.len(), 3);
    app.execute("insert into revocations (subject, expires_at) values (gen_random_uuid(), now())");
    let over = new_since(&mut conn, &new.seen, None, 1_000).unwrap();
    assert_eq!(over.revoked.len(), 0, "what is over refuses nothing");
}

/// Pages of one poll, and what commits between them.
#[actix_web::test]
async fn what_commits_between_two_pages_is_in_the_next_poll() {
    let app = TestApp::start().await;
    let (mut late, mut conn) = (app.connection(), app.connection());
    late.batch_execute(&format!("begin; {}", revoke_many(1)))
        .unwrap();
    app.execute(&revoke_many(4));
    let first = new_since(&mut conn, &Seen::default(), None, 2).unwrap();
    late.batch_execute("commit").unwrap();
    let second = new_since(&mut conn, &Seen::default(), first.rest.as_ref(), 2).unwrap();
    let third = new_since(&mut conn, &Seen::default(), second.rest.as_ref(), 2).unwrap();
    let read = first.revoked.len() + second.revoked.len() + third.revoked.len();
    assert!(
        read == 4 && third.rest.is_none(),
        "its number is below those of the first page"
    );
    let next = new_since(&mut conn, &first.seen, None, 2).unwrap();
    assert_eq!(
        next.revoked.len(),
        1,
        "which is why the first page's snapshot counts"
    );
}

/// The database's clock as this process hears of it: off by what the table
/// says. Rows keep the real time.
const CLOCK: &str = "
    create schema shifted;
    create table shifted.step (s integer);
    insert into shifted.step values (0);
    create function shifted.clock_timestamp() returns timestamptz volatile language sql
        as 'select pg_catalog.clock_timestamp() + make_interval(secs => s) from shifted.step';
    do $$ begin execute format('alter database %I set search_path = shifted, pg_catalog, public', current_database()); end $$;";

#[actix_web::test]
async fn a_clock_that_jumps_revives_nothing() {
    let settings = [
        ("SESSION_IDLE_TIMEOUT", "4min"),
        ("SESSION_MAX_AGE", "4min"),
    ];
    let app = TestApp::start_with(&settings).await;
    app.execute(CLOCK);
    app.execute(&format!("select pg_terminate_backend(pid) {FEEDS}"));
    let (ada, mut grace) = (
        app.signed_in("github", "ada").await,
        app.signed_in("github", "grace").await,
    );
    let ended = grace.clone();
    grace.sign_out().await;
    let now = || app.state().clock.now();
    let real = now();

    app.execute("update shifted.step set s = 300");
    eventually("five minutes later", SOON, async || {
        (now() - real).num_seconds() >= 300
    })
    .await;
    assert!(is_refused(&ada).await, "expired");
    for step in [0, -300, 0] {
        app.execute(&format!("update shifted.step set s = {step}"));
        // Two polls have heard of it.
        for _ in 0..2 {
            let held = app.state().revocations.len();
            app.execute(&revoke_many(1));
            let heard = async || app.state().revocations.len() > held;
            eventually("heard", SOON, heard).await;
        }
        assert!(is_refused(&ada).await, "what has expired stays expired");
        assert!(is_refused(&ended).await, "what has ended stays ended");
    }
}
