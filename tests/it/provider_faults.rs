//! A provider that fails, lies or dawdles: a page with a way on, nothing half
//! done, nobody signed in.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Visitor};

/// Signs in as ada under a fault; nobody may come in.
async fn refused(app: &TestApp, provider: &str, what: &str) -> Answer {
    let mut browser = app.visitor();
    let address = browser.start(provider, "/").await;
    let callback = Visitor::approve(&address, "ada").await;
    let started = Instant::now();
    let answer = browser.get(&callback).await;

    assert!(
        matches!(answer.status, 502 | 504),
        "{what}: {}\n{}",
        answer.status,
        answer.body
    );
    assert!(
        started.elapsed() < Duration::from_secs(11),
        "{what}: {:?}",
        started.elapsed()
    );
    answer
        .assert_says("Try signing in again")
        .assert_says("Reference:");
    assert_eq!(browser.info().await, json!({}), "{what}");
    assert_eq!(app.count("select count(*) as n from users"), 0, "{what}");
    answer
}

async fn succeeds(app: &TestApp, provider: &str) -> Visitor {
    let mut browser = app.visitor();
    browser
        .sign_in(provider, "ada")
        .await
        .assert_redirects_to("/");
    browser
}

#[actix_web::test]
async fn a_malformed_token_answer_is_refused() {
    let app = TestApp::start().await;
    for provider in ["github", "vercel"] {
        for malformed in [
            "html",
            "empty",
            "truncated",
            "array",
            "wrong_types",
            "negative_expires_in",
            "string_expires_in",
            "no_token",
            "huge",
            "endless",
            "gzip_bomb",
            "error_200",
            "reset",
            "redirect",
        ] {
            let fault = json!({"provider": provider, "malformed": malformed, "on": "token"});
            app.simulate("faults", fault).await;
            refused(&app, provider, &format!("{provider} {malformed}")).await;
        }
    }
    assert_eq!(app.simulator_calls("/_simulator/redirect-trap").await, 0);
}

#[actix_web::test]
async fn a_malformed_profile_is_refused() {
    let app = TestApp::start().await;
    for provider in ["github", "vercel"] {
        for malformed in [
            "html",
            "empty",
            "truncated",
            "array",
            "huge",
            "endless",
            "gzip_bomb",
            "reset",
            "redirect",
        ] {
            let fault = json!({"provider": provider, "malformed": malformed, "on": "profile"});
            app.simulate("faults", fault).await;
            refused(&app, provider, &format!("{provider} {malformed}")).await;
        }
    }
}

#[actix_web::test]
async fn a_failing_status_is_refused_and_no_redirect_is_followed() {
    let app = TestApp::start().await;
    for on in ["token", "profile"] {
        for status in [301, 302, 307, 308, 400, 401, 403, 404, 429, 500, 503] {
            let fault = json!({"provider": "github", "status": status, "on": on});
            app.simulate("faults", fault).await;
            refused(&app, "github", &format!("{on} {status}")).await;
        }
    }
    assert_eq!(app.simulator_calls("/_simulator/redirect-trap").await, 0);
    app.simulate("faults", json!({"provider": "github"})).await;
    succeeds(&app, "github").await;
}

#[actix_web::test]
async fn unknown_members_and_huge_lifetimes_do_no_harm() {
    let app = TestApp::start().await;
    for malformed in ["unknown_members", "huge_expires_in"] {
        app.simulate(
            "faults",
            json!({"provider": "vercel", "malformed": malformed, "on": "token"}),
        )
        .await;
        succeeds(&app, "vercel").await;
    }
    app.simulate("faults", json!({"provider": "vercel", "expires_in": false}))
        .await;
    succeeds(&app, "vercel").await;
    app.simulate("faults", json!({"provider": "github", "expires_in": true}))
        .await;
    let mut ada = succeeds(&app, "github").await;
    assert_eq!(
        ada.info().await["user"]["email"],
        "ada@example.com",
        "a GitHub App grants no scopes"
    );
}

#[actix_web::test]
async fn a_slow_provider_costs_ten_seconds_and_nobody_else_anything() {
    let app = TestApp::start().await;
    app.simulate(
        "faults",
        json!({"provider": "github", "malformed": "slow", "on": "token"}),
    )
    .await;
    app.simulate(
        "faults",
        json!({"provider": "vercel", "delay_ms": 30_000, "on": "profile"}),
    )
    .await;
    let others = async {
        let started = Instant::now();
        let mut stranger = app.visitor();
        for _ in 0..50 {
            stranger.get("/signin").await.assert_status(200);
        }
        assert!(
            started.elapsed() < Duration::from_secs(8),
            "others had to wait"
        );
    };
    let (slow, late, ()) = futures_util::future::join3(
        refused(&app, "github", "slow"),
        refused(&app, "vercel", "late"),
        others,
    )
    .await;
    assert_eq!((slow.status, late.status), (504, 504));
}

#[actix_web::test]
async fn without_a_provider_id_there_is_no_person() {
    let app = TestApp::start().await;
    for id in [
        json!(null),
        json!(0),
        json!(-1),
        json!(1.5),
        json!("1815001"),
        json!(""),
        json!([]),
        json!(true),
    ] {
        let hostile = json!({"provider": "github", "login": "ada", "profile": {"id": id}});
        app.simulate("people", hostile).await;
        refused(&app, "github", &format!("id {id}")).await;
    }
    app.simulate(
        "people",
        json!({"provider": "github", "login": "ada", "remove": ["id"]}),
    )
    .await;
    refused(&app, "github", "no id").await;
    for sub in [
        json!(null),
        json!(0),
        json!(7),
        json!(""),
        json!([]),
        json!("a b"),
        json!("ü"),
    ] {
        let hostile = json!({"provider": "vercel", "login": "ada", "profile": {"sub": sub}});
        app.simulate("people", hostile).await;
        refused(&app, "vercel", &format!("sub {sub}")).await;
    }
}

#[actix_web::test]
async fn vercels_two_answers_complete_each_other_and_must_agree() {
    let app = TestApp::start().await;
    let person = |settings: Value| async {
        let mut settings = settings;
        settings["provider"] = json!("vercel");
        settings["login"] = json!("ada");
        app.simulate("people", settings).await;
    };
    person(json!({"userinfo_status": 404})).await;
    assert_eq!(
        succeeds(&app, "vercel").await.info().await["user"]["username"],
        "ada"
    );
    person(json!({"profile": {"preferred_username": null}})).await;
    assert_eq!(
        succeeds(&app, "vercel").await.info().await["user"]["username"],
        "ada"
    );
    person(json!({"userinfo_status": 404, "user": {"id": null}})).await;
    let mut browser = app.visitor();
    assert_eq!(browser.sign_in("vercel", "ada").await.status, 502);
    person(json!({"profile": {"preferred_username": null}, "user": {"id": "somebody-else"}})).await;
    assert_eq!(browser.sign_in("vercel", "ada").await.status, 502);
    assert_eq!(
        app.count("select count(*) as n from users"),
        1,
        "all of them are one person"
    );
}

#[actix_web::test]
async fn what_was_not_granted_is_not_asked_for() {
    let app = TestApp::start().await;
    app.simulate(
        "faults",
        json!({"provider": "github", "scope": "read:user"}),
    )
    .await;
    let mut ada = succeeds(&app, "github").await;

    assert_eq!(ada.info().await["user"]["email"], json!(null));
    assert_eq!(app.simulator_calls("/user/emails").await, 0);
    assert_eq!(app.texts("select scope as t from accounts"), ["read:user"]);
}

#[actix_web::test]
async fn a_provider_that_is_not_there_is_told_so() {
    for dead in ["http://localhost:1", "https://no-such-host.invalid"] {
        let app = TestApp::start_with(&[("GITHUB_URL", dead)]).await;
        let mut browser = app.visitor();
        let address = browser.start("github", "/").await;
        let state = address
            .split("state=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned();
        let answer = browser
            .get(&format!("/api/auth/callback/github?code=c&state={state}"))
            .await;
        answer
            .assert_status(502)
            .assert_says("could not be reached");
    }
}
