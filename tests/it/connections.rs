//! A second provider is connected, renewed, disconnected; nobody's identity
//! ends up with somebody else.

use std::time::Duration;

use serde_json::json;

use crate::support::{TestApp, Visitor, eventually};
use crate::vault::is_good;

const ACCOUNTS: &str = "select count(*) as n from accounts";
pub const QUEUED: &str = "select count(*) as n from provider_revocations";
const GITHUB_REVOKE: &str = "/applications/id-github/token";
const VERCEL_REVOKE: &str = "/login/oauth/token/revoke";

/// Waits until what is to be revoked is.
pub async fn settled(app: &TestApp) {
    eventually("revoked", Duration::from_secs(20), async || {
        app.count(QUEUED) == 0
    })
    .await;
}

/// How many of the access tokens that a provider ever issued are good.
pub async fn good_tokens(app: &TestApp, provider: &str) -> usize {
    let prefixes = if provider == "github" {
        ["gho_", "ghu_"]
    } else {
        ["vca_", "vca_"]
    };
    let mut good = 0;
    for token in app.simulator.issued_secrets() {
        if prefixes.iter().any(|prefix| token.starts_with(prefix)) {
            good += usize::from(is_good(app, provider, &token).await);
        }
    }
    good
}

/// Ada, signed in with GitHub and connected to Vercel.
pub async fn connected(app: &TestApp) -> Visitor {
    let mut ada = app.signed_in("github", "ada").await;
    ada.reconnect("vercel", "ada")
        .await
        .assert_redirects_to("/account");
    ada
}

#[actix_web::test]
async fn a_second_provider_is_connected_and_opens_the_same_account() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let (cookie, id) = (ada.session().unwrap().to_owned(), ada.session_id().await);
    let page = ada.get("/account").await;
    page.assert_says("Connect Vercel")
        .assert_says("does not expire");
    let before = ada.info().await;

    // At Vercel she is somebody with another name.
    ada.reconnect("vercel", "grace")
        .await
        .assert_redirects_to("/account");
    let page = ada.get("/account").await;
    page.assert_says("Vercel is connected")
        .assert_says("expires in 59 minutes, refreshes by itself");
    assert_eq!(ada.info().await, before, "the profile stays as it was");
    assert_eq!(ada.session_id().await, id);
    assert_eq!(ada.session(), Some(&*cookie));
    assert_eq!(app.count("select count(*) as n from users"), 1);
    let kinds: Vec<_> = ada
        .events("")
        .await
        .iter()
        .map(|it| it["kind"].clone())
        .collect();
    assert_eq!(kinds[0], "account.connected");

    let mut elsewhere = app.signed_in("vercel", "grace").await;
    assert_eq!(elsewhere.info().await["user"]["id"], before["user"]["id"]);
    let list = elsewhere.send("GET", "/api/accounts", &[], "").await.json();
    let accounts = list["accounts"].as_array().unwrap();
    let names: Vec<_> = accounts
        .iter()
        .map(|it| (&it["provider"], &it["username"]))
        .collect();
    assert_eq!(
        names,
        [
            (&json!("github"), &json!("ada")),
            (&json!("vercel"), &json!("grace"))
        ]
    );
}

#[actix_web::test]
async fn an_identity_of_somebody_elses_is_refused_and_what_it_granted_given_back() {
    let app = TestApp::start().await;
    let mut grace = app.signed_in("vercel", "grace").await;
    let reader = app.reader("vercel", "grace").await;
    let graces = reader.fresh("vercel").await;
    let mut ada = app.signed_in("github", "ada").await;
    let refused = ada.reconnect("vercel", "grace").await;
    refused
        .assert_status(409)
        .assert_says("belongs to someone else")
        .assert_says("Back to your account");
    assert_eq!(app.count(ACCOUNTS), 2);
    assert!(ada.is_signed_in().await && grace.is_signed_in().await);
    assert_eq!(reader.fresh("vercel").await, graces);
    settled(&app).await;
    assert!(is_good(&app, "vercel", &graces).await);
    assert_eq!(good_tokens(&app, "vercel").await, 1);

    // Another one of her own at a provider that is connected is not taken
    // either.
    let mut ada = app.signed_in("vercel", "ada").await;
    let refused = ada.reconnect("vercel", "alan").await;
    refused
        .assert_status(409)
        .assert_says("Another account is connected already");
    assert_eq!(
        app.count("select count(*) as n from accounts where username = 'alan'"),
        0
    );
}

#[actix_web::test]
async fn only_the_session_that_asked_gets_the_connection() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    // A stranger cannot ask, and a program may ask for the address.
    let refused = app.visitor().post("/api/auth/connect/vercel", "").await;
    refused.assert_redirects_to("/signin?next=%2Faccount");
    let headers = [
        ("accept", "application/json"),
        ("sec-fetch-site", "same-origin"),
    ];
    let told = ada
        .send("POST", "/api/auth/connect/vercel", &headers, "")
        .await;
    let url = told.assert_status(200).json()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(url.contains("/oauth/authorize?"));
    let unsafely = [("accept", "text/html"), ("sec-fetch-site", "cross-site")];
    ada.send("POST", "/api/auth/connect/vercel", &unsafely, "")
        .await
        .assert_status(403);
    ada.get("/api/auth/connect/vercel").await.assert_status(405);

    // Somebody else signs in meanwhile, in the same browser.
    let back = ada.connect_as_far_as_callback("vercel", "ada").await;
    ada.sign_in("github", "grace")
        .await
        .assert_redirects_to("/");
    let calls = app.simulator_calls("/login/oauth/token").await;
    let refused = ada.get(&back).await;
    refused
        .assert_status(403)
        .assert_says("not signed in as before");
    // The session ends elsewhere, in the very last moment.
    let back = ada.connect_as_far_as_callback("vercel", "ada").await;
    app.execute("update sessions set ended_at = now(), ended_reason = 'ended_by_operator'");
    let refused = ada.get(&back).await;
    refused.assert_status(403);
    settled(&app).await;
    assert_eq!(
        good_tokens(&app, "vercel").await,
        0,
        "what it granted is given back"
    );
    assert_eq!(app.simulator_calls("/login/oauth/token").await, calls + 1);
    // Signed out.
    let mut ada = app.signed_in("github", "ada").await;
    let back = ada.connect_as_far_as_callback("vercel", "ada").await;
    ada.sign_out().await;
    ada.get(&back).await.assert_status(403);
    assert_eq!(
        app.count("select count(*) as n from accounts where provider = 'vercel'"),
        0
    );
}

#[actix_web::test]
async fn a_connection_that_fails_leads_back_and_is_noted_for_its_person() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let back = ada.connect_as_far_as_callback("vercel", "deny").await;
    let declined = ada.get(&back).await;
    declined
        .assert_status(403)
        .assert_says("Back to your account");
    app.simulate(
        "faults",
        json!({"provider": "vercel", "status": 503, "on": "token"}),
    )
    .await;
    let failed = ada.reconnect("vercel", "ada").await;
    failed.assert_status(502).assert_says("href=\"/account\"");
    ada.get("/account/activity")
        .await
        .assert_says("Connecting Vercel failed");
}

#[actix_web::test]
async fn a_connection_ends_here_and_at_the_provider_but_never_the_last() {
    let app = TestApp::start().await;
    let mut ada = connected(&app).await;
    let reader = app.reader("github", "ada").await;
    let tokens = [reader.fresh("github").await, reader.fresh("vercel").await];
    let done = reader.send("POST", "/api/auth/vercel/disconnect", "").await;
    assert_eq!((done.assert_status(204).status, &*done.body), (204, ""));
    assert!(!is_good(&app, "vercel", &tokens[1]).await);
    assert_eq!(
        app.simulator_calls(VERCEL_REVOKE).await,
        2,
        "access and refresh token"
    );
    assert_eq!(app.count(QUEUED), 0);
    reader
        .provider_token("vercel")
        .await
        .assert_refused(404, "not_found");
    let again = reader.send("POST", "/api/auth/vercel/disconnect", "").await;
    again.assert_refused(404, "not_found");
    let last = reader.send("POST", "/api/auth/github/disconnect", "").await;
    last.assert_refused(409, "last_account");
    reader
        .send("POST", "/api/auth/gitlab/disconnect", "")
        .await
        .assert_refused(404, "not_found");
    assert!(is_good(&app, "github", &tokens[0]).await);

    let done = ada.disconnect("github").await;
    done.assert_redirects_to("/account");
    let page = ada.get("/account").await;
    page.assert_says("so it stays");
    assert!(!page.body.contains("Disconnect GitHub"));
    ada.reconnect("vercel", "ada").await;
    let revoked = app.simulator_calls(GITHUB_REVOKE).await;
    let done = ada.disconnect("github").await;
    done.assert_redirects_to("/account");
    ada.get("/account")
        .await
        .assert_says("GitHub is disconnected");
    assert!(!is_good(&app, "github", &tokens[0]).await);
    assert_eq!(app.simulator_calls(GITHUB_REVOKE).await, revoked + 1);
    assert!(ada.is_signed_in().await);
    ada.get("/account/activity")
        .await
        .assert_says("Disconnected the GitHub account ada");
}

#[actix_web::test]
async fn two_who_disconnect_the_last_two_leave_one() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        let ada = connected(&app).await;
        let (mut one, mut two) = (ada.clone(), ada);
        let first = one.disconnect("github");
        let second = two.disconnect("vercel");
        let (first, second) = futures_util::future::join(first, second).await;
        first.assert_redirects_to("/account");
        second.assert_redirects_to("/account");
        assert_eq!(app.count(ACCOUNTS), 1);
        app.execute("delete from users");
    }
}
