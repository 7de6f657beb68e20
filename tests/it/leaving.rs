//! Somebody deletes their account: everything of theirs goes, and nothing
//! brings it back.

use std::time::Duration;

use futures_util::future::join;
use serde_json::json;

use crate::connections::{connected, good_tokens, settled};
use crate::support::{TestApp, Visitor, eventually};

const LEAVE: &str = "/account/delete";

#[actix_web::test]
async fn everything_goes_at_once_and_everywhere() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let mut ada = connected(&app).await;
    let elsewhere = app.signed_in("github", "ada").await.at(&other);
    let reader = app.reader("github", "ada").await;
    let program = other.caller(reader.header.trim_start_matches("Bearer "));
    reader.fresh("vercel").await;
    program.get("/api/me").await.assert_status(200);
    let mut grace = app.signed_in("github", "grace").await;
    ada.get(LEAVE).await.assert_says("Type your username");

    for typed in ["", "Ada", "grace", "ada%00", "%20ad"] {
        let refused = ada.post(LEAVE, &format!("username={typed}")).await;
        refused.assert_status(400).assert_says("not your username");
    }
    ada.post(LEAVE, "").await.assert_status(400);
    assert!(ada.is_signed_in().await);

    let saved = ada.clone();
    let done = ada.post(LEAVE, "username=+ada+").await;
    done.assert_redirects_to("/");
    assert_eq!(ada.session(), None);
    ada.get("/").await.assert_says("Your account is deleted");
    assert!(
        !saved.clone().is_signed_in().await,
        "the saved cookie is refused at once"
    );
    reader
        .get("/api/me")
        .await
        .assert_refused(401, "invalid_token");
    eventually("refused elsewhere", Duration::from_secs(10), async || {
        !elsewhere.clone().is_signed_in().await && program.get("/api/me").await.status == 401
    })
    .await;
    settled(&app).await;
    assert_eq!(good_tokens(&app, "github").await, 1, "grace's");
    assert_eq!(good_tokens(&app, "vercel").await, 0);

    assert!(grace.is_signed_in().await);
    for table in ["users", "accounts", "sessions"] {
        assert_eq!(
            app.count(&format!("select count(*) as n from {table}")),
            1,
            "{table}"
        );
    }
    assert_eq!(app.count("select count(*) as n from api_tokens"), 0);
    // What happened stays known, and nobody can tell to whom.
    let nobodys = "from audit_events where user_id is null";
    assert!(app.count(&format!("select count(*) as n {nobodys}")) > 8);
    let telling = format!(
        "select count(*) as n {nobodys} and (ip is not null or user_agent is not null or details <> '{{}}')"
    );
    assert_eq!(app.count(&telling), 0);
    assert_eq!(
        app.count(&format!(
            "select count(*) as n {nobodys} and kind = 'account.deleted'"
        )),
        1
    );
}

#[actix_web::test]
async fn only_who_is_signed_in_can_leave_and_only_from_our_pages() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let refused = app.visitor().post(LEAVE, "username=ada").await;
    refused.assert_redirects_to("/signin?next=%2Faccount%2Fdelete");
    let headers = [
        ("sec-fetch-site", "cross-site"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    ada.send("POST", LEAVE, &headers, "username=ada")
        .await
        .assert_status(403);
    let token = app.reader("github", "ada").await;
    assert_eq!(token.send("POST", LEAVE, "username=ada").await.status, 403);
    // A session that was ended a moment ago, as far as this process knows it
    // lives.
    app.execute("update sessions set ended_at = now(), ended_reason = 'ended_by_operator'");
    let refused = ada.post(LEAVE, "username=ada").await;
    assert_eq!(refused.status, 401);
    assert_eq!(app.count("select count(*) as n from users"), 1);
}

#[actix_web::test]
async fn a_sign_in_that_was_under_way_brings_nobody_back() {
    let app = TestApp::start().await;
    for mode in ["elsewhere", "same browser", "connect"] {
        let mut ada = app.signed_in("github", "ada").await;
        let mut other = if mode == "elsewhere" {
            app.visitor()
        } else {
            ada.clone()
        };
        let back = if mode == "connect" {
            other.connect_as_far_as_callback("vercel", "ada").await
        } else {
            let address = other.start("github", "/").await;
            Visitor::approve(&address, "ada").await
        };
        ada.post(LEAVE, "username=ada")
            .await
            .assert_redirects_to("/");
        let refused = other.get(&back).await;
        assert!(
            [403, 409].contains(&refused.status),
            "{mode}: {}",
            refused.status
        );
        assert!(!other.is_signed_in().await);
        assert_eq!(app.count("select count(*) as n from users"), 0, "{mode}");
        settled(&app).await;
        assert_eq!(good_tokens(&app, "github").await, 0, "{mode}");
        assert_eq!(good_tokens(&app, "vercel").await, 0, "{mode}");
    }
    // Whoever begins anew afterwards is welcome, at once.
    eventually("welcome", Duration::from_secs(5), async || {
        let mut again = app.visitor();
        again.sign_in("github", "ada").await.status == 303 && again.is_signed_in().await
    })
    .await;
}

/// The provider is slow, and the deletion comes in between; and the other way
/// round, both at once.
#[actix_web::test]
async fn a_deletion_during_a_callback_or_a_connection_leaves_nothing() {
    let app = TestApp::start().await;
    for (round, connects) in (0..8).map(|round| (round, round % 2 == 0)) {
        let mut ada = app.signed_in("github", "ada").await;
        let mut other = ada.clone();
        let back = if connects {
            other.connect_as_far_as_callback("vercel", "ada").await
        } else {
            let address = other.start("github", "/").await;
            Visitor::approve(&address, "ada").await
        };
        for provider in ["github", "vercel"] {
            let slow = json!({"provider": provider, "delay_ms": 10 * round, "on": "token"});
            app.simulate("faults", slow).await;
        }
        let (done, back) = join(ada.post(LEAVE, "username=ada"), other.get(&back)).await;
        for provider in ["github", "vercel"] {
            app.simulate("faults", json!({ "provider": provider }))
                .await;
        }
        // Whoever comes second sees the other's work: the sign-in went through
        // and ended this session, or everything is gone.
        if done.status == 303 && done.location() == "/" {
            assert_eq!(
                app.count("select count(*) as n from users"),
                0,
                "round {round}: {}",
                back.status
            );
            settled(&app).await;
            let good = good_tokens(&app, "github").await + good_tokens(&app, "vercel").await;
            assert_eq!(good, 0, "round {round}");
        } else {
            assert_eq!(done.status, 401, "round {round}: {}", done.body);
            assert_eq!(back.status, 303);
            let mut ada = app.signed_in("github", "ada").await;
            ada.post(LEAVE, "username=ada")
                .await
                .assert_redirects_to("/");
        }
    }
}

#[actix_web::test]
async fn somebody_with_very_many_events_can_leave_too() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    app.execute(
        "insert into audit_events (id, user_id, kind, ip, details)
         select gen_random_uuid(), id, 'provider_token.handed_out', '192.0.2.7', '{\"a\": 1}'
         from users, generate_series(1, 20000)",
    );
    ada.post(LEAVE, "username=ada")
        .await
        .assert_redirects_to("/");
    let telling = "select count(*) as n from audit_events where ip is not null or details <> '{}'";
    assert_eq!(app.count(telling), 0);
}
