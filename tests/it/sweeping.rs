//! What is over goes, and nothing else does.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use vestibule::sweep::sweep;

use crate::support::{TestApp, eventually};

const HALF_A_YEAR: Duration = Duration::from_hours(180 * 24);

/// More than a batch, of each: long over, over just now, and current.
const FILL: &str = "
    insert into users (id, username) values ('01a20e26-f665-746a-a573-669e49abe114', 'ada');
    insert into sessions (id, user_id, auth_provider, cookie_expires_at, expires_at, ended_at, ended_reason, user_agent, ip)
        select gen_random_uuid(), users.id, 'github', now() + cookie, now() + interval '1 day', now() + ended, case when ended is not null then 'signed_out' end, '', '::1'
        from users, generate_series(1, 700),
            (values (interval '-181 days', null::interval), ('-181 days', '-182 days'), ('1 day', '-181 days'),
                    ('-179 days', null), ('1 day', '-179 days'), ('1 day', null)) as times (cookie, ended);
    insert into audit_events (id, kind, at)
        select gen_random_uuid(), 'session.ended', now() - make_interval(days => days)
        from generate_series(1, 700), (values (181), (182), (179)) as ages (days);
    insert into revocations (subject, expires_at)
        select gen_random_uuid(), now() + make_interval(secs => s) from generate_series(1, 700), (values (-1), (-2), (60)) as t (s);
    insert into used_sign_in_states (state_hash, expires_at)
        select sha256(gen_random_uuid()::text::bytea), now() + make_interval(secs => s) from generate_series(1, 700), (values (-1), (-2), (60)) as t (s);";

fn left(app: &TestApp) -> [i64; 4] {
    [
        "sessions",
        "audit_events",
        "revocations",
        "used_sign_in_states",
    ]
    .map(|table| app.count(&format!("select count(*) as n from {table}")))
}

#[actix_web::test]
async fn what_is_over_for_long_enough_is_swept_batch_by_batch() {
    let app = TestApp::start().await;
    app.execute(FILL);
    assert_eq!(left(&app), [4_200, 2_100, 2_100, 2_100]);
    sweep(&app.state().db, HALF_A_YEAR).await.unwrap();
    assert_eq!(left(&app), [2_100, 700, 700, 700]);
    let kept = "select count(*) as n from sessions where coalesce(ended_at, cookie_expires_at) > now() - interval '180 days'";
    assert_eq!(app.count(kept), 2_100);
}

#[actix_web::test]
async fn one_process_sweeps_at_a_time() {
    let app = TestApp::start().await;
    app.execute(FILL);
    let mut other = app.connection();
    let turn = i64::from_be_bytes(*b"\0\0\0sweep");
    other
        .batch_execute(&format!("begin; select pg_advisory_xact_lock({turn})"))
        .unwrap();
    sweep(&app.state().db, HALF_A_YEAR).await.unwrap();
    assert_eq!(
        left(&app),
        [4_200, 2_100, 2_100, 2_100],
        "it is the other's turn"
    );
    other.batch_execute("commit").unwrap();
    sweep(&app.state().db, HALF_A_YEAR).await.unwrap();
    assert_eq!(left(&app), [2_100, 700, 700, 700]);
}

#[actix_web::test]
async fn a_session_that_was_swept_stays_ended() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let copy = ada.clone();
    ada.sign_out().await;
    sweep(&app.state().db, Duration::ZERO).await.unwrap();
    assert_eq!(app.count("select count(*) as n from sessions"), 0);
    let other = app.another().await;
    assert!(!copy.clone().is_signed_in().await && !copy.at(&other).is_signed_in().await);
}

#[actix_web::test]
async fn it_is_done_in_the_background_with_nobody_asking() {
    let app = TestApp::start().await;
    app.execute(FILL);
    eventually("swept", Duration::from_secs(40), async || {
        left(&app) == [2_100, 700, 700, 700]
    })
    .await;
}
