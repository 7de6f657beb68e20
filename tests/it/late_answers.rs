//! Answers that come late. A cookie that is issued again or removed must not
//! overwrite that of a newer sign-in.

use std::time::Duration;

use actix_web::rt;
use diesel::connection::SimpleConnection as _;

use crate::support::{Answer, TestApp, Visitor, eventually};

const SESSION: &str = "__Host-session=";

fn touches_the_session(answer: &Answer) -> bool {
    answer
        .set_cookies()
        .iter()
        .any(|line| line.starts_with(SESSION))
}

/// Opens a page in the background, as another tab does; `None` once it was
/// answered in time.
async fn held_up(tab: &Visitor) -> Option<rt::task::JoinHandle<Answer>> {
    let mut tab = tab.clone();
    let mut answer = rt::spawn(async move { tab.get("/").await });
    let answered = rt::time::timeout(Duration::from_millis(200), &mut answer).await;
    answered.is_err().then_some(answer)
}

#[actix_web::test]
async fn a_session_that_ends_while_its_cookie_is_being_renewed_gets_none() {
    let app = TestApp::start_with(&[("SESSION_IDLE_TIMEOUT", "20s")]).await;
    let mut browser = app.signed_in("github", "ada").await;
    let id = browser.session_id().await;
    let mut row = app.connection();
    row.batch_execute(&format!(
        "begin; select 1 from sessions where id = '{id}' for update"
    ))
    .unwrap();
    // Two seconds of the twenty have to pass before a visit renews.
    let mut tries = 0..100;
    let slow = loop {
        if let Some(slow) = held_up(&browser).await {
            break slow;
        }
        assert!(tries.next().is_some(), "no visit renews");
        rt::time::sleep(Duration::from_millis(100)).await;
    };
    // As a sign-in at another process does it.
    row.batch_execute(&format!(
        "update sessions set ended_at = now(), ended_reason = 'signed_in_again' where id = '{id}';
         insert into revocations (subject, expires_at) values ('{id}', now() + interval '1 day');
         commit"
    ))
    .unwrap();
    let answer = slow.await.unwrap();
    assert!(
        !touches_the_session(answer.assert_status(200)),
        "{:?}",
        answer.set_cookies()
    );
}

#[actix_web::test]
async fn a_page_removes_no_cookie_while_a_sign_in_is_under_way() {
    let app = TestApp::start().await;
    let mut browser = app.signed_in("github", "ada").await;
    let mut old = browser.clone();
    browser.sign_out().await;
    // The browser still has its cookie, and is at the provider already.
    let address = old.start("github", "/").await;
    assert!(
        !touches_the_session(&old.get("/").await),
        "it may be overtaken"
    );
    let callback = Visitor::approve(&address, "ada").await;
    old.get(&callback).await.assert_redirects_to("/");
    assert!(old.is_signed_in().await);

    let mut ended = old.clone();
    old.sign_out().await;
    assert!(
        touches_the_session(&ended.get("/").await),
        "nothing is under way"
    );
}

#[actix_web::test]
async fn a_slow_sign_out_does_not_remove_the_cookie_of_a_newer_sign_in() {
    let app = TestApp::start().await;
    let mut browser = app.signed_in("github", "ada").await;
    let id = browser.session_id().await;
    let address = browser.start("github", "/").await;
    let callback = Visitor::approve(&address, "ada").await;
    let mut row = app.connection();
    row.batch_execute(&format!(
        "begin; select 1 from sessions where id = '{id}' for update"
    ))
    .unwrap();
    let mut tab = browser.clone();
    let sign_out = rt::spawn(async move { tab.sign_out().await });
    // It has refused the session, and waits for its row.
    let copy = browser.clone();
    eventually("refused", Duration::from_secs(5), async || {
        !copy.clone().is_signed_in().await
    })
    .await;
    browser.get(&callback).await.assert_redirects_to("/");

    let answer = sign_out.await.unwrap();
    assert!(!touches_the_session(&answer), "{:?}", answer.set_cookies());
    row.batch_execute("rollback").unwrap();
    assert!(browser.is_signed_in().await);
    let ended = "select count(*) as n from sessions where ended_reason = 'signed_out'";
    eventually("written late", Duration::from_secs(10), async || {
        app.count(ended) == 1
    })
    .await;
}

/// Every tab's answers go into one jar in the order in which they come.
#[actix_web::test]
async fn whatever_comes_in_between_the_newest_sign_in_stays() {
    let app = TestApp::start_with(&[("SESSION_IDLE_TIMEOUT", "10s")]).await;
    let other = app.another().await;
    let mut browser = app.signed_in("github", "ada").await;
    for round in 0..6 {
        rt::time::sleep(Duration::from_millis(1_100)).await;
        let address = browser.start("github", "/").await;
        let callback = Visitor::approve(&address, "ada").await;
        let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
        for tab in 0..4 {
            let mut tab = if tab % 2 == 0 {
                browser.clone()
            } else {
                browser.at(&other)
            };
            let sender = sender.clone();
            rt::spawn(async move { sender.send(tab.get("/account").await) });
        }
        let mut tab = browser.clone();
        rt::spawn(async move { sender.send(tab.get(&callback).await) });
        while let Some(answer) = answers.recv().await {
            browser.keep(&answer);
        }
        assert!(browser.is_signed_in().await, "round {round}");
        browser.get("/account").await.assert_status(200);
    }
}
