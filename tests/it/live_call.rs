//! The account page asks the providers something with the stored tokens.

use std::time::{Duration, Instant};

use futures_util::future::join;
use serde_json::json;

use crate::connections::connected;
use crate::support::TestApp;

#[actix_web::test]
async fn what_a_provider_has_withdrawn_is_noticed_by_the_live_call() {
    let app = TestApp::start().await;
    let mut ada = connected(&app).await;
    let page = ada.get("/account").await;
    page.assert_says("What GitHub says about you now")
        .assert_says("4987 of 5000");
    page.assert_says("Ada Lovelace&#39;s projects");
    for provider in ["github", "vercel"] {
        let fault = json!({"provider": provider, "status": 500, "on": "profile"});
        app.simulate("faults", fault).await;
    }
    ada.get("/account")
        .await
        .assert_says("GitHub does not answer right now");
    for provider in ["github", "vercel"] {
        app.simulate("faults", json!({"provider": provider})).await;
    }
    // An access token alone is withdrawn: the refresh token brings another.
    let reader = app.reader("github", "ada").await;
    let old = reader.fresh("vercel").await;
    app.withdraw("vercel", &old).await;
    let page = ada.get("/account").await;
    page.assert_says("Ada Lovelace&#39;s projects");
    assert_ne!(reader.fresh("vercel").await, old);
    // Grants are withdrawn at the providers themselves.
    app.withdraw("github", &reader.fresh("github").await).await;
    for token in app.simulator.issued_secrets() {
        if token.starts_with("vcr_") {
            app.withdraw("vercel", &token).await;
        }
    }
    let page = ada.get("/account").await;
    page.assert_says("What GitHub granted cannot be used any more");
    page.assert_says("What Vercel granted cannot be used any more");
    let page = ada.get("/account").await;
    assert_eq!(page.body.matches("reconnect needed</span>").count(), 2);
    for provider in ["github", "vercel"] {
        let refused = reader.provider_token(provider).await;
        refused.assert_refused(409, "reconnect_needed");
    }
    assert!(ada.is_signed_in().await);
}

#[actix_web::test]
async fn the_live_call_does_not_hold_up_the_page() {
    let app = TestApp::start().await;
    let ada = app.signed_in("github", "ada").await;
    let slow = json!({"provider": "github", "delay_ms": 20_000, "on": "profile"});
    app.simulate("faults", slow).await;
    let began = Instant::now();
    let head = ada.first_part("/account").await;
    assert!(head.contains("Connected accounts") && !head.contains("GitHub says"));
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    let mut grace = app.signed_in("vercel", "grace").await;
    let slow = json!({"provider": "vercel", "delay_ms": 20_000, "on": "profile"});
    app.simulate("faults", slow).await;
    let page = grace.get("/account").await;
    page.assert_says("Vercel takes too long to answer")
        .assert_says("</html>");
    assert!(began.elapsed() < Duration::from_secs(12));
}

#[actix_web::test]
async fn two_pages_of_one_person_ask_once() {
    let app = TestApp::start().await;
    let mut here = app.signed_in("github", "ada").await;
    let mut there = app.signed_in("github", "ada").await;
    let slow = json!({"provider": "github", "delay_ms": 20_000, "on": "profile"});
    app.simulate("faults", slow).await;
    let (one, other) = join(here.get("/account"), there.get("/account")).await;
    let says = |words: &str| [&one, &other].map(|page| page.body.contains(words));
    assert!(matches!(
        says("being asked already"),
        [true, false] | [false, true]
    ));
    assert!(matches!(
        says("takes too long"),
        [true, false] | [false, true]
    ));
}

#[actix_web::test]
async fn a_provider_that_wants_to_be_left_alone_is() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let often = json!({"provider": "github", "status": 429, "on": "profile"});
    app.simulate("faults", often).await;
    let calls = app.simulator_calls("/user").await;
    for _ in 0..3 {
        let page = ada.get("/account").await;
        page.assert_says("wants to be left alone for a while");
    }
    assert_eq!(app.simulator_calls("/user").await, calls + 1);
    let mut grace = app.signed_in("vercel", "grace").await;
    grace.get("/account").await.assert_says("Grace Hopper");
}
