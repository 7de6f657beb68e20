//! A provider that fails, lies, dawdles or vanishes while it refreshes: nobody
//! is harmed for good by what is not meant for good.

use std::time::{Duration, Instant};

use actix_web::rt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule::crypto::keys::{KeyRing, LiveRing};

use crate::support::{Caller, TestApp};
use crate::vault::{VERCEL_TOKEN, expire, lapse, needs_reconnect, presentations};

/// Somebody's expired token at Vercel, and what it is now.
async fn expired(app: &TestApp) -> (Caller, String) {
    let reader = app.reader("vercel", "ada").await;
    let token = reader.fresh("vercel").await;
    expire(app);
    (reader, token)
}

async fn fault(app: &TestApp, mut fault: Value) {
    fault["provider"] = json!("vercel");
    app.simulate("faults", fault).await;
}

fn retry_after(answer: &crate::support::Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[actix_web::test]
async fn what_certainly_failed_costs_nothing_and_is_not_stormed() {
    let app = TestApp::start().await;
    for status in [400, 401, 403, 404, 500, 502, 503, 301, 307] {
        fault(&app, json!({})).await;
        let (reader, _) = expired(&app).await;
        fault(&app, json!({"status": status, "on": "token"})).await;
        let calls = app.simulator_calls(VERCEL_TOKEN).await;
        let seen = presentations(&app).len();
        for _ in 0..5 {
            let answer = reader.provider_token("vercel").await;
            answer.assert_refused(503, "provider_unavailable");
            assert!((1..=31).contains(&retry_after(&answer)), "{status}");
        }
        assert_eq!(
            app.simulator_calls(VERCEL_TOKEN).await,
            calls + 1,
            "{status}"
        );
        assert_eq!(presentations(&app).len(), seen);
        fault(&app, json!({})).await;
        lapse(&app);
        reader.fresh("vercel").await;
        assert!(!needs_reconnect(&reader, "vercel").await);
    }
    assert_eq!(app.simulator_calls("/_simulator/redirect-trap").await, 0);
}

#[actix_web::test]
async fn a_provider_that_asks_to_wait_is_left_in_peace_for_so_long() {
    let app = TestApp::start().await;
    let (reader, _) = expired(&app).await;
    fault(&app, json!({"status": 429, "on": "token"})).await;
    let answer = reader.provider_token("vercel").await;
    answer.assert_refused(503, "provider_unavailable");
    // The simulator asks for seven seconds.
    assert!((6..=8).contains(&retry_after(&answer)));
    fault(&app, json!({})).await;
    let calls = app.simulator_calls(VERCEL_TOKEN).await;
    let answers = join_all((0..20).map(|_| reader.provider_token("vercel"))).await;
    assert!(answers.iter().all(|answer| answer.status == 503));
    assert_eq!(app.simulator_calls(VERCEL_TOKEN).await, calls);
    let at_rest = "select count(*) as n from accounts where refresh_lease_id is null
        and refresh_spent_at is null and refresh_unanswered = 0 and refresh_failures = 1";
    assert_eq!(app.count(at_rest), 1);
    lapse(&app);
    reader.fresh("vercel").await;
}

#[actix_web::test]
async fn it_waits_longer_each_time_and_the_old_token_is_used_while_it_lasts() {
    let app = TestApp::start().await;
    let (reader, old) = expired(&app).await;
    fault(&app, json!({"status": 503, "on": "token"})).await;
    let mut waits = Vec::new();
    for _ in 0..5 {
        waits.push(retry_after(&reader.provider_token("vercel").await));
        lapse(&app);
    }
    assert!(waits[0] <= 2 && waits[4] >= 16, "{waits:?}");
    app.execute("update accounts set access_token_expires_at = now() + interval '30 seconds'");
    assert_eq!(reader.fresh("vercel").await, old);
}

#[actix_web::test]
async fn a_provider_that_cannot_be_reached_has_heard_nothing() {
    let app = TestApp::start().await;
    let (reader, _) = expired(&app).await;
    let nowhere = [("VERCEL_API_URL", "http://localhost:1")];
    let ring = std::sync::Arc::clone(&app.ring);
    let other = TestApp::start_on(app.database_url.clone(), ring, &nowhere).await;
    let elsewhere = Caller {
        visitor: other.visitor(),
        header: reader.header.clone(),
    };
    for _ in 0..4 {
        let answer = elsewhere.provider_token("vercel").await;
        answer.assert_refused(503, "provider_unavailable");
        lapse(&app);
    }
    reader.fresh("vercel").await;
}

#[actix_web::test]
async fn an_answer_that_makes_no_sense_may_have_spent_the_token() {
    let app = TestApp::start().await;
    for malformed in [
        "html",
        "empty",
        "truncated",
        "array",
        "wrong_types",
        "negative_expires_in",
        "string_expires_in",
        "no_token",
        "huge",
        "endless",
        "gzip_bomb",
        "lost",
    ] {
        fault(&app, json!({})).await;
        let (reader, _) = expired(&app).await;
        fault(&app, json!({"malformed": malformed, "on": "token"})).await;
        let before = app.simulator_calls(VERCEL_TOKEN).await;
        for _ in 0..3 {
            let answer = reader.provider_token("vercel").await;
            answer.assert_refused(503, "provider_unavailable");
            assert!((20..=31).contains(&retry_after(&answer)), "{malformed}");
        }
        let after = app.simulator_calls(VERCEL_TOKEN).await;
        assert_eq!(after, before + 1, "{malformed}: one until the lease lapses");
        // Once more with the same one: its grant is over by now, or good.
        fault(&app, json!({})).await;
        lapse(&app);
        let answer = reader.provider_token("vercel").await;
        match malformed {
            "html" | "endless" | "gzip_bomb" => answer.assert_status(200),
            _ => answer.assert_refused(409, "reconnect_needed"),
        };
        assert!(presentations(&app).iter().all(|times| *times <= 2));
    }
}

#[actix_web::test]
async fn a_refresh_token_is_never_presented_a_third_time_without_an_answer() {
    let app = TestApp::start().await;
    let (reader, _) = expired(&app).await;
    fault(&app, json!({"malformed": "reset", "on": "token"})).await;
    let calls = app.simulator_calls(VERCEL_TOKEN).await;
    for _ in 0..2 {
        let answer = reader.provider_token("vercel").await;
        answer.assert_refused(503, "provider_unavailable");
        lapse(&app);
    }
    for _ in 0..3 {
        let answer = reader.provider_token("vercel").await;
        answer.assert_refused(409, "reconnect_needed");
        lapse(&app);
    }
    assert_eq!(app.simulator_calls(VERCEL_TOKEN).await, calls + 2);
    assert!(needs_reconnect(&reader, "vercel").await);
}

/// Nine seconds are less than anybody waits; thirty are more.
#[actix_web::test]
async fn a_slow_provider_is_asked_once_and_holds_nobody_else_up() {
    let app = TestApp::start().await;
    let (reader, _) = expired(&app).await;
    fault(&app, json!({"delay_ms": 9_000, "on": "token"})).await;
    let began = Instant::now();
    // Hangs up after a moment: the token is not lost with it.
    let hasty = rt::time::timeout(Duration::from_millis(300), reader.provider_token("vercel"));
    assert!(hasty.await.is_err());
    let reads = join_all((0..40).map(|_| reader.provider_token("vercel")));
    let others = async {
        let mut slowest = Duration::ZERO;
        while began.elapsed() < Duration::from_secs(7) {
            let asked = Instant::now();
            // Each of the pool's four connections is free.
            let all = join_all((0..4).map(|_| reader.get("/api/sessions"))).await;
            assert!(all.iter().all(|answer| answer.status == 200));
            slowest = slowest.max(asked.elapsed());
            rt::time::sleep(Duration::from_millis(100)).await;
        }
        let idle = "select count(*) as n from pg_stat_activity where datname = current_database()
            and state like 'idle in transaction%'";
        assert_eq!(app.count(idle), 0);
        slowest
    };
    let (answers, slowest) = futures_util::future::join(reads, others).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let tokens: Vec<_> = answers.iter().map(|answer| answer.body.clone()).collect();
    assert!(tokens.iter().all(|body| *body == tokens[0]));
    assert_eq!(presentations(&app), [1]);
    // A lifetime counts from when it was asked for.
    let early = "select count(*) as n from accounts
        where access_token_expires_at < refreshed_at + interval '59 minutes 52 seconds'";
    assert_eq!(app.count(early), 1);
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
}

#[actix_web::test]
async fn nobody_waits_for_a_provider_longer_than_ten_seconds() {
    let app = TestApp::start().await;
    let (reader, _) = expired(&app).await;
    fault(&app, json!({"delay_ms": 30_000, "on": "token"})).await;
    let began = Instant::now();
    let answers = join_all((0..10).map(|_| reader.provider_token("vercel"))).await;
    for answer in &answers {
        answer.assert_refused(503, "provider_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
    assert!(
        began.elapsed() < Duration::from_secs(13),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(presentations(&app), [1]);
}

#[actix_web::test]
async fn a_value_that_does_not_open_needs_its_person_and_opens_for_nobody_else() {
    let app = TestApp::start().await;
    let ada = app.reader("vercel", "ada").await;
    let grace = app.reader("vercel", "grace").await;
    let alan = app.reader("vercel", "alan").await;
    let graces = grace.fresh("vercel").await;
    let of = |name: &str| format!("(select access_token from accounts where username = '{name}')");
    app.execute(&format!(
        "update accounts set access_token = {} where username = 'ada'",
        of("grace")
    ));
    app.execute("update accounts set access_token = refresh_token where username = 'alan'");
    for reader in [&ada, &alan] {
        let refused = reader.provider_token("vercel").await;
        refused.assert_refused(409, "reconnect_needed");
        assert!(needs_reconnect(reader, "vercel").await);
    }
    assert_eq!(grace.fresh("vercel").await, graces);
    app.execute("update accounts set access_token = '\\x00' where username = 'grace'");
    let refused = grace.provider_token("vercel").await;
    refused.assert_refused(409, "reconnect_needed");
    // A refresh token of somebody else's is not presented either.
    app.execute("update accounts set needs_reconnect = false, access_token_expires_at = now(),
        refresh_token = (select refresh_token from accounts where username = 'alan') where username = 'ada'");
    let refused = ada.provider_token("vercel").await;
    refused.assert_refused(409, "reconnect_needed");
    assert_eq!(presentations(&app), Vec::<usize>::new());
}

#[actix_web::test]
async fn a_key_that_is_missing_here_may_be_had_elsewhere() {
    let app = TestApp::start().await;
    let (reader, _) = expired(&app).await;
    // A ring that can read no cookie or token of ours.
    let strange = std::sync::Arc::new(LiveRing::fixed(KeyRing::generate()));
    let other = TestApp::start_on(app.database_url.clone(), strange, &[]).await;
    let elsewhere = Caller {
        visitor: other.visitor(),
        header: reader.header.clone(),
    };
    for _ in 0..2 {
        let answer = elsewhere.provider_token("vercel").await;
        answer.assert_refused(503, "unavailable");
    }
    assert_eq!(app.count("select count(*) as n from accounts where refresh_lease_id is null and not needs_reconnect"), 1);
    reader.fresh("vercel").await;
}
