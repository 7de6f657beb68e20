//! The database goes away, freezes, is busy. Nobody is signed in by that, and
//! nobody is signed out for good.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use futures_util::future::join_all;
use vestibule::crypto::keys::LiveRing;

use crate::support::databases::{self, OwnCluster};
use crate::support::proxy::Proxy;
use crate::support::{Answer, TestApp, Visitor, eventually, new_ring};

/// What is promised, and some more because everything runs on two cores.
const SOON: Duration = Duration::from_secs(10);
const NO_LONGER_THAN: Duration = Duration::from_secs(6);

async fn on_its_own(cluster: &OwnCluster, ring: &Arc<LiveRing>) -> TestApp {
    TestApp::start_on(cluster.url(), Arc::clone(ring), &[]).await
}

#[track_caller]
fn assert_try_again(answer: &Answer, began: Instant) {
    answer.assert_status(503);
    assert!(answer.header("retry-after").is_some());
    assert!(began.elapsed() < NO_LONGER_THAN, "{:?}", began.elapsed());
}

async fn asks(visitor: &Visitor) -> u16 {
    let mut visitor = visitor.clone();
    visitor.send("GET", "/api/auth/info", &[], "").await.status
}

#[actix_web::test]
async fn an_outage_is_borne_for_half_a_minute_then_nobody_passes_until_it_is_over() {
    let (cluster, ring) = (OwnCluster::start(), new_ring());
    let (app, other) = (
        on_its_own(&cluster, &ring).await,
        on_its_own(&cluster, &ring).await,
    );
    let mut ada = app.signed_in("github", "ada").await;
    let (mut grace, mut alan) = (
        app.signed_in("github", "grace").await,
        app.signed_in("github", "alan").await,
    );
    let (grace_copy, alan_copy) = (grace.clone(), alan.clone());
    cluster.postgres.stop_immediately();
    let down = Instant::now();

    let began = Instant::now();
    assert_try_again(&ada.get("/account/sessions").await, began);
    let began = Instant::now();
    assert_try_again(&app.visitor().send("GET", "/readyz", &[], "").await, began);
    app.visitor().get("/signin").await.assert_status(200);
    ada.get("/account")
        .await
        .assert_status(200)
        .assert_says("Ada Lovelace");

    // A sign-out that cannot be written holds here at once.
    grace.sign_out().await.assert_redirects_to("/");
    assert!(grace.session().is_none());
    grace.get("/").await.assert_says("is pending");
    assert!(!grace_copy.clone().is_signed_in().await);
    assert!(
        grace_copy.at(&other).is_signed_in().await,
        "not heard of yet"
    );

    while down.elapsed() < Duration::from_secs(28) {
        assert!(ada.is_signed_in().await, "{:?}", down.elapsed());
        actix_web::rt::time::sleep(Duration::from_millis(250)).await;
    }
    eventually("refused", SOON, async || asks(&ada).await == 503).await;
    assert!(
        down.elapsed() >= Duration::from_millis(29_500),
        "too soon: {:?}",
        down.elapsed()
    );
    let answer = ada.get("/account").await;
    assert_try_again(&answer, Instant::now());
    assert!(!answer.body.contains("Ada Lovelace"));
    let ready = app.visitor().send("GET", "/readyz", &[], "").await.json();
    assert_eq!(ready["revocationsFresh"], false);
    let home = ada.get("/").await;
    assert!(
        !home.assert_status(200).body.contains("ada"),
        "public pages show nobody"
    );
    home.assert_says("cannot be told right now");
    let signout = ada.get("/signout").await;
    signout.assert_status(200).assert_says("Sign out?");
    assert!(!signout.body.contains("ada"));
    answer.assert_says("href=\"/account\"");
    assert!(ada.session().is_some(), "the cookie is kept");
    assert_eq!(asks(&app.visitor()).await, 200, "strangers are strangers");
    // Signing out goes on.
    alan.sign_out().await.assert_redirects_to("/");
    assert!(alan.session().is_none());

    cluster.postgres.resume().unwrap();
    let up = Instant::now();
    eventually("fine again", SOON, async || asks(&ada).await == 200).await;
    assert!(ada.is_signed_in().await, "{:?}", up.elapsed());
    ada.get("/account/sessions").await.assert_status(200);
    for copy in [&grace_copy, &alan_copy] {
        let elsewhere = copy.at(&other);
        eventually("refused everywhere", SOON, async || {
            asks(&elsewhere).await == 200 && !elsewhere.clone().is_signed_in().await
        })
        .await;
        assert!(!copy.clone().is_signed_in().await, "ended stays ended");
    }
    let reasons = "select ended_reason as t from sessions where ended_at is not null";
    assert_eq!(app.texts(reasons), ["signed_out", "signed_out"]);
    let late = "select count(*) as n from audit_events
        where kind = 'session.ended' and details ->> 'writtenLate' is not null";
    assert!(app.count(late) >= 1, "said with how late it was written");
}

#[actix_web::test]
async fn a_frozen_database_holds_nobody_up() {
    let (cluster, ring) = (OwnCluster::start(), new_ring());
    let app = on_its_own(&cluster, &ring).await;
    let ada = app.signed_in("github", "ada").await;
    cluster.signal_all("STOP");
    let began = Instant::now();
    // More than there are connections.
    let needing: Vec<_> = (0..10)
        .map(|_| {
            let mut ada = ada.clone();
            async move {
                let began = Instant::now();
                let answer = ada.get("/account/sessions").await;
                assert_try_again(&answer, began);
            }
        })
        .collect();
    let others = async {
        for _ in 0..20 {
            let began = Instant::now();
            assert_eq!(asks(&ada).await, 200);
            assert!(
                began.elapsed() < Duration::from_secs(1),
                "a worker is blocked"
            );
        }
    };
    futures_util::future::join(join_all(needing), others).await;
    assert!(began.elapsed() < NO_LONGER_THAN);

    cluster.signal_all("CONT");
    eventually("fine again", SOON, async || {
        ada.clone().get("/account/sessions").await.status == 200
    })
    .await;
}

#[actix_web::test]
async fn an_exhausted_pool_is_unavailable_and_the_rest_goes_on() {
    // Four connections, all of which will wait for this one.
    let app = TestApp::start().await;
    let ada = app.signed_in("github", "ada").await;
    let mut holder = app.connection();
    holder
        .batch_execute("begin; lock table sessions in access exclusive mode")
        .unwrap();
    let waiting = (0..8).map(|_| {
        let mut ada = ada.clone();
        async move {
            let began = Instant::now();
            assert_try_again(&ada.get("/account/sessions").await, began);
        }
    });
    let meanwhile = async {
        let mut stranger = app.visitor();
        stranger
            .send("GET", "/livez", &[], "")
            .await
            .assert_status(200);
        let began = Instant::now();
        assert_try_again(&stranger.send("GET", "/readyz", &[], "").await, began);
        assert_eq!(asks(&ada).await, 200);
    };
    futures_util::future::join(join_all(waiting), meanwhile).await;

    holder.batch_execute("rollback").unwrap();
    ada.clone()
        .get("/account/sessions")
        .await
        .assert_status(200);
    app.visitor()
        .send("GET", "/readyz", &[], "")
        .await
        .assert_status(200);
}

#[actix_web::test]
async fn revocations_are_heard_of_while_visitors_use_up_the_pool() {
    let app = TestApp::start().await;
    let (ada, mut grace) = (
        app.signed_in("github", "ada").await,
        app.signed_in("github", "grace").await,
    );
    let id = grace.session_id().await;
    let mut holder = app.connection();
    holder
        .batch_execute("begin; lock table sessions in access exclusive mode")
        .unwrap();
    let is_over = Cell::new(false);
    let visitors = (0..24).map(|_| async {
        while !is_over.get() {
            ada.clone()
                .get("/account/sessions")
                .await
                .assert_status(503);
        }
    });
    let meanwhile = async {
        // All places are taken, and a queue stands before them.
        actix_web::rt::time::sleep(Duration::from_millis(500)).await;
        app.execute(&format!(
            "insert into revocations (subject, expires_at) values ('{id}', now() + interval '1 day')"
        ));
        eventually("heard of", SOON, async || {
            !grace.clone().is_signed_in().await
        })
        .await;
        is_over.set(true);
    };
    futures_util::future::join(join_all(visitors), meanwhile).await;
}

#[actix_web::test]
async fn connections_that_never_come_back_are_given_up() {
    let proxy = Proxy::to(&databases::migrated());
    let app = TestApp::start_on(proxy.url.clone(), new_ring(), &[]).await;
    let ada = app.signed_in("github", "ada").await;
    let pages = async || ada.clone().get("/account/sessions").await.status;
    assert_eq!(pages().await, 200);
    proxy.silence();

    let long = Duration::from_secs(25);
    eventually("fine again", long, async || pages().await == 200).await;
    let mut grace = app.signed_in("github", "grace").await;
    let id = grace.session_id().await;
    let held = app.state().revocations.len();
    app.execute(&format!(
        "insert into revocations (subject, expires_at) values ('{id}', now() + interval '1 day')"
    ));
    let heard = async || app.state().revocations.len() > held;
    eventually("heard of", long, heard).await;
    assert!(!grace.is_signed_in().await);
}
