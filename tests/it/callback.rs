//! Coming back: every way in which it can go wrong leaves nothing half done.

use serde_json::json;

use crate::support::{Answer, TestApp, Visitor};

const TOKEN: &str = "/login/oauth/access_token";
const GITHUB: &str = "/api/auth/callback/github";

/// Nobody came in, nothing was written, no token was asked for.
async fn nothing_happened(app: &TestApp, answer: &Answer, status: u16) {
    answer.assert_status(status);
    let sets_session = |line: &&str| line.starts_with("__Host-session=e");
    assert!(
        !answer.set_cookies().iter().any(sets_session),
        "{:?}",
        answer.set_cookies()
    );
    assert_eq!(
        app.simulator_calls(TOKEN).await,
        0,
        "the provider was asked for tokens"
    );
    assert_eq!(
        app.count("select count(*) as n from sessions")
            + app.count("select count(*) as n from users"),
        0
    );
    assert!(answer.body.contains("Reference:"));
}

async fn started(app: &TestApp) -> (Visitor, String) {
    let mut browser = app.visitor();
    let address = browser.start("github", "/account").await;
    let callback = Visitor::approve(&address, "ada").await;
    (browser, callback)
}

fn state_of(callback: &str) -> &str {
    callback
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
}

#[actix_web::test]
async fn no_state_an_unknown_one_and_a_bent_one_are_refused() {
    let app = TestApp::start().await;
    let (browser, callback) = started(&app).await;
    let state = state_of(&callback).to_owned();
    for bent in [
        format!("{GITHUB}?code=c"),
        format!("{GITHUB}?code=c&state=unknown"),
        callback.replace(&state, &state[..42]),
        callback.replace(&state, &format!("{state}A")),
        callback.replace(&state, &state.to_lowercase()),
    ] {
        nothing_happened(&app, &browser.clone().get(&bent).await, 400).await;
    }
}

#[actix_web::test]
async fn the_state_of_one_browser_is_nothing_in_another() {
    let app = TestApp::start().await;
    let (_, callback) = started(&app).await;
    let mut other = app.visitor();
    other.start("github", "/").await;

    nothing_happened(&app, &other.get(&callback).await, 400).await;
    nothing_happened(&app, &app.visitor().get(&callback).await, 400).await;
}

#[actix_web::test]
async fn a_code_on_the_other_providers_callback_is_refused() {
    let app = TestApp::start().await;
    let (mut browser, callback) = started(&app).await;
    let answer = browser.get(&callback.replace("github", "vercel")).await;
    nothing_happened(&app, &answer, 400).await;
    assert_eq!(app.simulator_calls("/login/oauth/token").await, 0);
}

#[actix_web::test]
async fn the_same_callback_again_does_nothing() {
    let app = TestApp::start().await;
    let (mut browser, callback) = started(&app).await;
    let mut before = browser.clone();
    browser.get(&callback).await.assert_redirects_to("/account");

    browser.get(&callback).await.assert_redirects_to("/");
    assert_ne!(browser.info().await, json!({}), "who is in stays in");
    let replayed = before.get(&callback).await;
    replayed
        .assert_status(400)
        .assert_says("This link was used already");
    assert_eq!(app.simulator_calls(TOKEN).await, 1);
    assert_eq!(app.count("select count(*) as n from sessions"), 1);
}

#[actix_web::test]
async fn an_issuer_is_compared_when_one_is_named() {
    let app = TestApp::start().await;
    for wrong in ["https://evil.example", "https://github.com/evil", "x"] {
        let (mut browser, callback) = started(&app).await;
        nothing_happened(
            &app,
            &browser.get(&format!("{callback}&iss={wrong}")).await,
            400,
        )
        .await;
    }
    for right in [
        app.simulator.url().to_owned(),
        format!("{}/login/oauth", app.simulator.url()),
    ] {
        let (mut browser, callback) = started(&app).await;
        browser
            .get(&format!("{callback}&iss={right}"))
            .await
            .assert_redirects_to("/account");
    }
}

#[actix_web::test]
async fn who_declines_is_told_so_and_the_state_is_used_up() {
    let app = TestApp::start().await;
    let mut browser = app.visitor();
    let address = browser.start("github", "/account").await;
    let callback = Visitor::approve(&address, "deny").await;
    let hostile = callback.replace(
        "error_description=",
        "error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    );
    let answer = browser.clone().get(&hostile).await;

    nothing_happened(&app, &answer, 403).await;
    answer
        .assert_says("You declined")
        .assert_says("/signin?next=%2Faccount");
    assert!(!answer.body.contains("script"));
    browser.get(&callback).await.assert_status(400);
    assert_eq!(
        app.count("select count(*) as n from audit_events where kind = 'sign_in.failed'"),
        1
    );
}

#[actix_web::test]
async fn odd_parameters_are_refused() {
    let app = TestApp::start().await;
    let (browser, callback) = started(&app).await;
    let state = state_of(&callback).to_owned();
    let long = "c".repeat(10_240);
    for query in [
        format!("state={state}"),
        format!("code=c&error=access_denied&state={state}"),
        format!("code=c&code=d&state={state}"),
        format!("code=c&state={state}&state={state}"),
        format!("code=&state={state}"),
        format!("code={long}&state={state}"),
        format!("code=a%00b&state={state}"),
        format!("code=a%0D%0AX-Evil:1&state={state}"),
        format!("error=&state={state}"),
    ] {
        nothing_happened(
            &app,
            &browser.clone().get(&format!("{GITHUB}?{query}")).await,
            400,
        )
        .await;
    }
}

#[actix_web::test]
async fn success_leads_on_and_leaves_no_trace_of_the_code() {
    let app = TestApp::start().await;
    let (mut browser, callback) = started(&app).await;
    let answer = browser.get(&callback).await;

    answer.assert_redirects_to("/account");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(
        !browser.cookies.contains_key("__Host-sign-in"),
        "nothing is pending any more"
    );
}

#[actix_web::test]
async fn a_callback_without_the_database_can_be_tried_again() {
    let app = TestApp::start().await;
    let (mut browser, callback) = started(&app).await;
    app.execute("alter table used_sign_in_states rename to away");
    browser.clone().get(&callback).await.assert_status(500);
    assert_eq!(app.simulator_calls(TOKEN).await, 0);

    app.execute("alter table away rename to used_sign_in_states");
    browser.get(&callback).await.assert_redirects_to("/account");
}

#[actix_web::test]
async fn a_sign_in_is_written_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let (mut browser, callback) = started(&app).await;
    // The last statement of the transaction fails.
    app.execute("alter table audit_events add constraint audit_events_never check (kind <> 'session.started')");
    browser.get(&callback).await.assert_status(500);

    for table in ["users", "accounts", "sessions", "audit_events"] {
        assert_eq!(
            app.count(&format!("select count(*) as n from {table}")),
            0,
            "{table}"
        );
    }
    assert_eq!(browser.info().await, json!({}));
}
