//! The setting for poolers in transaction mode: nothing is left behind in a
//! connection, and everything works all the same.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;

use crate::support::{TestApp, Visitor, eventually};

const TRANSACTION_MODE: [(&str, &str); 1] = [("DATABASE_STATEMENT_CACHE", "false")];

#[actix_web::test]
async fn everything_works_without_anything_kept_in_a_connection() {
    let app = TestApp::start_with(&TRANSACTION_MODE).await;
    let other = app.another().await;
    // Two first sign-ins at once: one of them begins again within its
    // transaction.
    let mut browsers = Vec::new();
    for _ in 0..4 {
        let mut browser = app.visitor();
        let address = browser.start("github", "/").await;
        let callback = Visitor::approve(&address, "ada").await;
        browsers.push((browser, callback));
    }
    let finishing = browsers
        .iter_mut()
        .map(|(browser, callback)| browser.get(callback));
    for answer in futures_util::future::join_all(finishing).await {
        answer.assert_redirects_to("/");
    }
    assert_eq!(app.count("select count(*) as n from users"), 1);
    let mut ada = app.signed_in("github", "ada").await;
    assert_eq!(ada.sessions().await.len(), 5);
    for path in [
        "/account/sessions",
        "/account/activity",
        "/account/session",
        "/readyz",
    ] {
        ada.get(path).await.assert_status(200);
    }
    let copy = ada.at(&other);
    ada.sign_out().await.assert_redirects_to("/");
    eventually("refused", Duration::from_secs(10), async || {
        !copy.clone().is_signed_in().await
    })
    .await;
    vestibule::sweep::sweep(&app.state().db, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(app.count("select count(*) as n from sessions"), 4);
}

#[actix_web::test]
async fn statements_still_end_in_time() {
    for settings in [&[][..], &TRANSACTION_MODE] {
        statements_end_in_time(&TestApp::start_with(settings).await).await;
    }
}

async fn statements_end_in_time(app: &TestApp) {
    let ada = app.signed_in("github", "ada").await;
    let mut holder = app.connection();
    holder
        .batch_execute("begin; lock table sessions in access exclusive mode")
        .unwrap();
    let began = Instant::now();
    ada.clone()
        .get("/account/sessions")
        .await
        .assert_status(503);
    let waiting = "select count(*) as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    // Postgres gives up by itself: the connection is free again.
    eventually("given up", Duration::from_secs(10), async || {
        app.count(waiting) == 0
    })
    .await;
    holder.batch_execute("rollback").unwrap();
    ada.clone()
        .get("/account/sessions")
        .await
        .assert_status(200);
    assert!(began.elapsed() < Duration::from_secs(20));
}
