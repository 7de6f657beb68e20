//! Starting a sign-in: what goes out, and what does not.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use url::Url;

use crate::support::{TestApp, Visitor};

/// Method, headers, and the status to be had.
type Attempt<'a> = (&'a str, &'a [(&'a str, &'a str)], u16);

fn parameters(address: &str) -> BTreeMap<String, String> {
    Url::parse(address)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}

#[actix_web::test]
async fn the_provider_is_asked_with_exactly_what_it_needs_and_no_secret() {
    let app = TestApp::start().await;
    for (provider, path, scope) in [
        ("github", "/login/oauth/authorize", "read:user user:email"),
        (
            "vercel",
            "/oauth/authorize",
            "openid email profile offline_access",
        ),
    ] {
        let mut browser = app.visitor();
        let address = browser.start(provider, "/account").await;
        let asked = parameters(&address);

        assert!(
            address.starts_with(&format!("{}{path}?", app.simulator.url())),
            "{address}"
        );
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], format!("id-{provider}"));
        assert_eq!(
            asked["redirect_uri"],
            format!("https://localhost/api/auth/callback/{provider}")
        );
        assert_eq!(asked["scope"], scope);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(
            (asked["state"].len(), asked["code_challenge"].len()),
            (43, 43)
        );
        assert_eq!(asked.len(), 7, "{asked:?}");
        assert!(!address.contains("canary"));
        let cookie = &browser.cookies["__Host-sign-in"];
        assert!(
            !cookie.contains(&asked["state"]) && !cookie.contains("pending"),
            "the cookie is encrypted"
        );
    }
}

#[actix_web::test]
async fn state_and_challenge_never_repeat() {
    let app = TestApp::start().await;
    let mut browser = app.visitor();
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let asked = parameters(&browser.start("github", "/").await);
        assert!(
            seen.insert(asked["state"].clone()) && seen.insert(asked["code_challenge"].clone())
        );
    }
}

#[actix_web::test]
async fn a_thousand_starts_do_not_grow_the_cookie_and_the_last_five_finish() {
    let app = TestApp::start().await;
    let mut browser = app.visitor();
    let mut addresses = Vec::new();
    for number in 0..1_000 {
        let next = format!("/account?{number}");
        let answer = browser
            .post(&format!("/api/auth/signin/github?next={next}"), "")
            .await;
        assert!(answer.set_cookies().iter().all(|line| line.len() < 4_096));
        addresses.push(answer.location().to_owned());
    }
    let mut other = app.visitor();
    for number in 0..20 {
        let next = format!("/account?{number}{}", "a".repeat(380));
        let answer = other
            .post(&format!("/api/auth/signin/github?next={next}"), "")
            .await;
        answer.assert_status(303);
        assert!(answer.set_cookies().iter().all(|line| line.len() < 4_096));
    }
    let sixth_last = Visitor::approve(&addresses[994], "ada").await;
    browser.get(&sixth_last).await.assert_status(400);
    for address in &addresses[995..] {
        let callback = Visitor::approve(address, "ada").await;
        browser.get(&callback).await.assert_status(303);
    }
}

#[actix_web::test]
async fn neither_get_nor_head_nor_another_site_starts_anything() {
    let app = TestApp::start().await;
    let path = "/api/auth/signin/github";
    let attempts: [Attempt; 9] = [
        ("GET", &[("accept", "text/html")], 200),
        ("HEAD", &[], 200),
        ("POST", &[], 403),
        ("POST", &[("sec-fetch-site", "cross-site")], 403),
        ("POST", &[("sec-fetch-site", "same-site")], 403),
        (
            "POST",
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://localhost"),
            ],
            403,
        ),
        ("POST", &[("origin", "https://evil.example")], 403),
        ("POST", &[("origin", "null")], 403),
        ("PUT", &[("sec-fetch-site", "same-origin")], 405),
    ];
    for (method, headers, status) in attempts {
        let answer = app.visitor().send(method, path, headers, "").await;
        answer.assert_status(status);
        assert!(
            answer.set_cookies().is_empty() && answer.location().is_empty(),
            "{method} {headers:?}"
        );
    }
}

#[actix_web::test]
async fn our_own_origin_is_enough_where_fetch_metadata_is_missing() {
    let app = TestApp::start().await;
    let headers = [("origin", "https://localhost")];
    app.visitor()
        .send("POST", "/api/auth/signin/github", &headers, "")
        .await
        .assert_status(303);
}

#[actix_web::test]
async fn a_program_that_asks_for_json_gets_the_address_as_json() {
    let app = TestApp::start().await;
    let headers = [
        ("sec-fetch-site", "same-origin"),
        ("accept", "application/json"),
    ];
    let mut browser = app.visitor();
    let answer = browser
        .send("POST", "/api/auth/signin/vercel", &headers, "")
        .await;
    let url = answer.assert_status(200).json()["url"]
        .as_str()
        .unwrap()
        .to_owned();

    let callback = Visitor::approve(&url, "alan").await;
    browser.get(&callback).await.assert_redirects_to("/");
    assert_eq!(
        browser.info().await["user"]["email"],
        json!(null),
        "alan has told no e-mail"
    );
}

#[actix_web::test]
async fn starting_writes_nothing_to_the_database() {
    let app = TestApp::start().await;
    // Any query would fail.
    app.execute("drop schema public cascade");
    app.visitor().start("github", "/").await;
}

#[actix_web::test]
async fn a_provider_that_is_not_there_is_not_found() {
    let app = TestApp::start_with(&[("VERCEL_CLIENT_ID", ""), ("VERCEL_CLIENT_SECRET", "")]).await;
    for path in [
        "/api/auth/signin/gitlab",
        "/api/auth/signin/vercel",
        "/api/auth/signin/GitHub",
    ] {
        app.visitor().post(path, "").await.assert_status(404);
        app.visitor().get(path).await.assert_status(404);
    }
    let page = app.visitor().get("/signin").await;
    page.assert_says("GitHub");
    assert!(!page.body.contains("Vercel"));
}

#[actix_web::test]
async fn wherever_next_points_it_stays_on_this_origin() {
    let app = TestApp::start().await;
    for (next, end) in [
        ("/account%3Fa%3D1", "/account?a=1"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("%2F%5Cevil.example", "/"),
        ("/..//evil.example", "/"),
        ("/%0d%0aSet-Cookie:x=y", "/"),
        ("/a&next=/b", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let mut browser = app.visitor();
        let address = browser.start("github", next).await;
        let callback = Visitor::approve(&address, "ada").await;
        browser.get(&callback).await.assert_redirects_to(end);
    }
}
