//! What is not wanted any more is revoked at the provider: at once if it can be,
//! later if not.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::connections::{QUEUED, connected, good_tokens, settled};
use crate::support::{TestApp, eventually};
use crate::vault::is_good;

#[actix_web::test]
async fn a_provider_that_fails_is_told_later_over_a_restart_and_given_up_after_a_day() {
    let app = TestApp::start().await;
    let mut ada = connected(&app).await;
    for (delay, status) in [(0, 503), (0, 429), (2_600, 503), (0, 302)] {
        let fault =
            json!({"provider": "vercel", "delay_ms": delay, "status": status, "on": "revoke"});
        app.simulate("faults", fault).await;
        ada.reconnect("vercel", "ada")
            .await
            .assert_redirects_to("/account");
        let began = Instant::now();
        let done = ada.disconnect("vercel").await;
        done.assert_redirects_to("/account");
        assert!(
            began.elapsed() < Duration::from_millis(3_500),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(
            app.count("select count(*) as n from accounts where provider = 'vercel'"),
            0
        );
    }
    assert_eq!(app.simulator_calls("/_simulator/redirect-trap").await, 0);
    // Those of the first connection, which was renewed, and of four others.
    assert_eq!(app.count(QUEUED), 10);
    let ahead = "select count(*) as n from provider_revocations where next_attempt_at > now() + interval '5 seconds'";
    assert_eq!(app.count(ahead), 10, "nobody is stormed");

    // A day later, and it fails once more.
    let app = app.restarted().await;
    let failing = json!({"provider": "vercel", "status": 503, "on": "revoke"});
    app.simulate("faults", failing).await;
    app.execute("update provider_revocations set next_attempt_at = now(), created_at = now() - interval '25 hours' where token_type_hint = 'access_token'");
    eventually("given up", Duration::from_secs(20), async || {
        app.count(QUEUED) == 5
    })
    .await;
    let given_up = "select count(*) as n from audit_events where kind = 'provider_revocation.given_up' and user_id is not null";
    assert_eq!(app.count(given_up), 5);
    let mut ada = app.signed_in("github", "ada").await;
    // However old, what is due is tried before it is given up: nobody may have
    // been there.
    app.simulate("faults", json!({"provider": "vercel"})).await;
    app.execute("update provider_revocations set next_attempt_at = now(), created_at = now() - interval '25 hours'");
    settled(&app).await;
    assert_eq!(app.count(given_up), 5);
    assert_eq!(good_tokens(&app, "vercel").await, 0);
    ada.get("/account/activity")
        .await
        .assert_says("could not be told for a day");
}

#[actix_web::test]
async fn what_a_new_sign_in_replaces_is_revoked_unless_it_is_the_same() {
    let app = TestApp::start().await;
    for provider in ["github", "vercel"] {
        let old = app.reader(provider, "ada").await.fresh(provider).await;
        let new = app.reader(provider, "ada").await.fresh(provider).await;
        settled(&app).await;
        assert!(!is_good(&app, provider, &old).await && is_good(&app, provider, &new).await);
        assert_eq!(good_tokens(&app, provider).await, 1);
        // The provider does not know it any more: as good as revoked.
        app.signed_in(provider, "ada").await;
        settled(&app).await;
    }
}

#[actix_web::test]
async fn who_signs_out_may_give_back_what_was_granted_and_still_sign_in() {
    let app = TestApp::start().await;
    let mut ada = connected(&app).await;
    ada.get("/signout").await.assert_says("Also disconnect");
    let id = ada.info().await["user"]["id"].clone();
    let done = ada.post("/api/auth/signout", "disconnect=on").await;
    done.assert_redirects_to("/");
    ada.get("/").await.assert_says("are told to revoke them");
    assert!(!ada.is_signed_in().await);
    settled(&app).await;
    assert_eq!(
        good_tokens(&app, "github").await + good_tokens(&app, "vercel").await,
        0
    );
    let mut ada = app.signed_in("vercel", "ada").await;
    assert_eq!(ada.info().await["user"]["id"], id);
    let page = ada.get("/account").await;
    page.assert_says("reconnect needed")
        .assert_says("expires in 59 minutes");
    // Without the tick everything stays.
    let token = app.reader("vercel", "ada").await.fresh("vercel").await;
    ada.sign_out().await.assert_redirects_to("/");
    assert!(is_good(&app, "vercel", &token).await);
}
