//! Provider tokens are fresh whenever they are handed out, refreshed once
//! however many ask, and never longer wanted than they are.

use serde_json::json;

use crate::support::{Caller, TestApp, Visitor};

pub const VERCEL_TOKEN: &str = "/login/oauth/token";
pub const GITHUB_TOKEN: &str = "/login/oauth/access_token";

/// Lets time pass for an account's access token: it expired a second ago.
pub fn expire(app: &TestApp) {
    app.execute("update accounts set access_token_expires_at = now() - interval '1 second'");
}

/// Lets half a minute pass: whoever refreshed has had their time.
pub fn lapse(app: &TestApp) {
    app.execute(
        "update accounts set refresh_lease_until = now() - interval '1 second'
         where refresh_lease_until is not null;
         update accounts set refresh_not_before = now() - interval '1 second'
         where refresh_not_before is not null",
    );
}

/// How often refresh tokens were presented, one number a token.
pub fn presentations(app: &TestApp) -> Vec<usize> {
    let all = app.simulator.presented_refresh_tokens();
    let mut counts: Vec<_> = all.iter().map(Vec::len).collect();
    counts.sort_unstable();
    counts
}

/// Whether the provider takes it.
pub async fn is_good(app: &TestApp, provider: &str, token: &str) -> bool {
    let path = if provider == "github" {
        "/user"
    } else {
        "/v2/user"
    };
    let url = format!("{}{path}", app.simulator.url());
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer), ("user-agent", "test")];
    Visitor::fetch("GET", &url, &headers, "").await.status == 200
}

pub async fn needs_reconnect(caller: &Caller, provider: &str) -> bool {
    let status = caller.get(&format!("/api/auth/{provider}/status")).await;
    status.assert_status(200).json()["needsReconnect"] == json!(true)
}

/// A GitHub App whose tokens expire.
pub async fn expiring_github(app: &TestApp) {
    let fault = json!({"provider": "github", "expires_in": true, "token_lifetime_s": 28_800});
    app.simulate("faults", fault).await;
}

#[actix_web::test]
async fn what_is_good_is_handed_out_as_it_is() {
    let app = TestApp::start().await;
    for provider in ["github", "vercel"] {
        let reader = app.reader(provider, "ada").await;
        let first = reader.fresh(provider).await;
        assert!(is_good(&app, provider, &first).await);
        assert_eq!(reader.fresh(provider).await, first);
    }
    app.execute(
        "update accounts set updated_at = now() - interval '9 years' where provider = 'github'",
    );
    let github = app.reader("github", "ada").await;
    github.fresh("github").await;
    assert_eq!(presentations(&app), Vec::<usize>::new());
}

#[actix_web::test]
async fn what_expires_within_a_minute_is_refreshed_first() {
    let app = TestApp::start().await;
    let reader = app.reader("vercel", "ada").await;
    let first = reader.fresh("vercel").await;
    app.execute("update accounts set access_token_expires_at = now() + interval '70 seconds'");
    assert_eq!(reader.fresh("vercel").await, first);

    app.execute("update accounts set access_token_expires_at = now() + interval '50 seconds'");
    let answer = reader.provider_token("vercel").await;
    let told = answer.assert_status(200).json();
    let second = told["accessToken"].as_str().unwrap();
    assert_ne!(second, first);
    assert!(is_good(&app, "vercel", second).await);
    assert_eq!(
        told["scopes"],
        json!(["email", "offline_access", "openid", "profile"])
    );
    let left = "select count(*) as n from accounts where access_token_expires_at
        between now() + interval '55 minutes' and now() + interval '1 hour'
        and refresh_lease_id is null and refresh_spent_at is null and refresh_unanswered = 0";
    assert_eq!(app.count(left), 1);
    assert_eq!(reader.fresh("vercel").await, second, "and kept");
    assert_eq!(presentations(&app), [1]);
}

#[actix_web::test]
async fn vercels_last_an_hour_where_nothing_was_told() {
    let app = TestApp::start().await;
    let silent = json!({"provider": "vercel", "expires_in": false});
    app.simulate("faults", silent).await;
    let reader = app.reader("vercel", "ada").await;
    let first = reader.provider_token("vercel").await;
    let first = first.assert_status(200).json();
    assert_eq!(first["expiresAt"], json!(null));
    app.execute("update accounts set updated_at = now() - interval '58 minutes'");
    assert_eq!(reader.fresh("vercel").await, first["accessToken"]);
    app.execute("update accounts set updated_at = now() - interval '61 minutes'");
    let second = reader.fresh("vercel").await;
    assert_ne!(second, first["accessToken"]);
    assert_eq!(reader.fresh("vercel").await, second);
}

#[actix_web::test]
async fn a_github_apps_single_use_refresh_tokens_work_over_and_over() {
    let app = TestApp::start().await;
    expiring_github(&app).await;
    let reader = app.reader("github", "ada").await;
    let mut seen = vec![reader.fresh("github").await];
    for _ in 0..3 {
        expire(&app);
        let next = reader.fresh("github").await;
        assert!(!seen.contains(&next) && is_good(&app, "github", &next).await);
        seen.push(next);
    }
    assert_eq!(presentations(&app), [1, 1, 1]);
    let told = "select count(*) as n from accounts where refresh_token_expires_at > now() + interval '100 days'";
    assert_eq!(app.count(told), 1);
}

#[actix_web::test]
async fn without_a_new_refresh_token_the_old_one_is_kept() {
    let app = TestApp::start().await;
    let keeping = json!({"provider": "vercel", "rotate": false});
    app.simulate("faults", keeping).await;
    let reader = app.reader("vercel", "ada").await;
    let mut seen = vec![reader.fresh("vercel").await];
    for _ in 0..2 {
        expire(&app);
        let next = reader.fresh("vercel").await;
        assert!(!seen.contains(&next));
        seen.push(next);
    }
    assert_eq!(presentations(&app), [2], "one token, presented twice");
}

#[actix_web::test]
async fn short_lived_tokens_are_refreshed_once_for_all_who_ask() {
    let app = TestApp::start().await;
    let short = json!({"provider": "vercel", "token_lifetime_s": 30});
    app.simulate("faults", short).await;
    let reader = app.reader("vercel", "ada").await;
    let first = reader.fresh("vercel").await;
    let reads = (0..20).map(|_| reader.fresh("vercel"));
    let all = futures_util::future::join_all(reads).await;
    assert!(all.iter().all(|token| *token == first));
    assert_eq!(presentations(&app), [1]);
}

#[actix_web::test]
async fn what_has_expired_and_cannot_be_refreshed_needs_its_person() {
    let app = TestApp::start_with(&[("VERCEL_SCOPES", "openid profile")]).await;
    let reader = app.reader("vercel", "ada").await;
    reader.fresh("vercel").await;
    app.execute("update accounts set access_token_expires_at = now() + interval '30 seconds'");
    reader.fresh("vercel").await;
    assert!(
        !needs_reconnect(&reader, "vercel").await,
        "it is good while it lasts"
    );

    expire(&app);
    let refused = reader.provider_token("vercel").await;
    refused.assert_refused(409, "reconnect_needed");
    assert!(needs_reconnect(&reader, "vercel").await);
    app.execute("update accounts set needs_reconnect = false, refresh_token_expires_at = now() - interval '1 s', refresh_token = access_token");
    let refused = reader.provider_token("vercel").await;
    refused.assert_refused(409, "reconnect_needed");
    assert_eq!(app.simulator_calls(VERCEL_TOKEN).await, 1, "the code's");
}

#[actix_web::test]
async fn a_grant_that_is_over_needs_its_person_and_leaves_the_session() {
    let app = TestApp::start().await;
    for (provider, endpoint) in [("vercel", VERCEL_TOKEN), ("github", GITHUB_TOKEN)] {
        expiring_github(&app).await;
        let mut ada = app.signed_in(provider, "ada").await;
        let reader = app.reader(provider, "ada").await;
        let access = reader.fresh(provider).await;
        let old = app.texts(&format!(
            "select encode(refresh_token, 'hex') as t from accounts where provider = '{provider}'"
        ));
        // Somebody else has used it up.
        expire(&app);
        reader.fresh(provider).await;
        app.execute(&format!(
            "update accounts set refresh_token = decode('{}', 'hex') where provider = '{provider}'",
            old[0]
        ));
        expire(&app);
        let calls = app.simulator_calls(endpoint).await;

        let refused = reader.provider_token(provider).await;
        refused.assert_refused(409, "reconnect_needed");
        assert_eq!(app.simulator_calls(endpoint).await, calls + 1);
        let refused = reader.provider_token(provider).await;
        refused.assert_refused(409, "reconnect_needed");
        assert_eq!(app.simulator_calls(endpoint).await, calls + 1, "asked once");
        assert!(needs_reconnect(&reader, provider).await);
        assert!(ada.is_signed_in().await);
        let page = ada.get("/account").await;
        page.assert_status(200).assert_says("reconnect needed");
        let activity = ada.get("/account/activity").await;
        activity.assert_says("a reconnect is needed");

        // The person mends it.
        ada.reconnect(provider, "ada")
            .await
            .assert_redirects_to("/account");
        let page = ada.get("/account").await;
        page.assert_says("is renewed");
        assert!(!page.body.contains("reconnect needed"));
        let renewed = reader.fresh(provider).await;
        assert!(renewed != access && is_good(&app, provider, &renewed).await);
    }
}

#[actix_web::test]
async fn each_hand_out_is_seen_by_its_owner_and_a_session_gets_none() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("vercel", "ada").await;
    let reader = app.reader("vercel", "ada").await;
    reader.fresh("vercel").await;
    expire(&app);
    reader.fresh("vercel").await;
    let events = ada.events("").await;
    let kinds = |kind: &str| events.iter().filter(|event| event["kind"] == kind).count();
    assert_eq!(kinds("provider_token.handed_out"), 2);
    assert_eq!(kinds("provider_token.refreshed"), 1);
    let activity = ada.get("/account/activity").await;
    activity
        .assert_says("A program with the API token “reader” was handed your Vercel access token");
    activity.assert_says("Your Vercel access token was refreshed");
    let head = reader.send("HEAD", "/api/accounts/vercel/token", "").await;
    assert_eq!((head.status, &*head.body), (200, ""));
    let refused = ada.send("GET", "/api/accounts/vercel/token", &[], "").await;
    refused.assert_refused(403, "token_required");
    let nothing = reader.provider_token("github").await;
    nothing.assert_refused(404, "not_found");
}
