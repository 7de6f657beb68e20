//! Why was I signed out? Told on the next page, whatever was clicked.

use std::time::Duration;

use crate::support::{TestApp, eventually};

#[actix_web::test]
async fn after_sign_out_all_others_the_other_browser_is_told_why() {
    let app = TestApp::start().await;
    let mut here = app.signed_in("github", "ada").await;
    let mut there = app.signed_in("github", "ada").await;
    let mut third = app.signed_in("github", "ada").await;
    let private = there.get("/account").await;
    assert_eq!(
        private.header("cache-control"),
        Some("no-store"),
        "for the back button"
    );

    let shown_to = format!("to={}", here.session_id().await);
    here.post("/account/sessions/others/end", &shown_to)
        .await
        .assert_redirects_to("/account/sessions");
    here.get("/account/sessions")
        .await
        .assert_says("2 other sessions were ended")
        .assert_says("signed in nowhere else");
    there
        .get("/account/sessions")
        .await
        .assert_redirects_to("/signin?next=%2Faccount%2Fsessions");
    assert!(there.session().is_none(), "the cookie is gone");
    there
        .get("/signin?next=%2Faccount%2Fsessions")
        .await
        .assert_says("Your session was ended on another device.")
        .assert_says("Please sign in to see your sessions.");
    let again = there.get("/signin").await;
    assert!(!again.body.contains("ended on another device"), "said once");
    third
        .get("/")
        .await
        .assert_says("Your session was ended on another device.");
    assert!(here.is_signed_in().await);
}

#[actix_web::test]
async fn a_button_or_a_sign_out_of_an_ended_session_tells_why_as_well() {
    let app = TestApp::start().await;
    let mut here = app.signed_in("github", "ada").await;
    for click in ["button", "sign-out", "sign-out page"] {
        let mut there = app.signed_in("github", "ada").await;
        let to = format!("to={}", there.session_id().await);
        here.delete_session("").await.assert_status(204);
        let (answer, page) = match click {
            "button" => (
                there.post("/account/sessions/others/end", &to).await,
                "/signin",
            ),
            "sign-out" => (there.sign_out().await, "/"),
            _ => (there.get("/signout").await, "/"),
        };
        answer.assert_status(303);
        there
            .get(page)
            .await
            .assert_says("Your session was ended on another device.");
        assert!(there.session().is_none(), "{click}");
        assert!(here.is_signed_in().await);
    }
}

#[actix_web::test]
async fn every_reason_is_told_in_words() {
    let app = TestApp::start().await;
    for (reason, words) in [
        ("signed_out", "You signed out."),
        ("signed_in_again", "when you signed in again"),
        ("ended_by_operator", "by whoever runs this site"),
        ("too_many", "signed in on many devices"),
        ("account_deleted", "Your account was deleted."),
    ] {
        let browser = app.signed_in("github", "ada").await;
        let mut copy = browser.clone();
        browser.clone().sign_out().await;
        app.execute(&format!("update sessions set ended_reason = '{reason}'"));
        copy.get("/account").await.assert_status(303);
        copy.get("/signin").await.assert_says(words);
    }
}

#[actix_web::test]
async fn an_expired_session_is_told_as_such() {
    let settings = [("SESSION_IDLE_TIMEOUT", "1s"), ("SESSION_MAX_AGE", "1s")];
    let app = TestApp::start_with(&settings).await;
    let browser = app.signed_in("github", "ada").await;
    eventually("expired", Duration::from_secs(10), async || {
        !browser.clone().is_signed_in().await
    })
    .await;
    let mut browser = browser;
    browser
        .get("/account")
        .await
        .assert_redirects_to("/signin?next=%2Faccount");
    browser
        .get("/signin")
        .await
        .assert_says("Your session expired.");
}
