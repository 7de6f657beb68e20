//! The gate: `Authorization: Bearer`, read strictly, decides alone.

use crate::support::{Answer, TestApp};

const NOBODYS: &str = "01a20e26-f665-746a-a573-669e49abe114";

fn challenge(answer: &Answer) -> &str {
    answer.header("www-authenticate").unwrap_or_default()
}

async fn ask(app: &TestApp, headers: &[(&str, &str)]) -> Answer {
    app.visitor().send_bare("GET", "/api/me", headers, "").await
}

#[actix_web::test]
async fn without_credentials_nobody_is_told_what_was_wrong_with_them() {
    let app = TestApp::start().await;
    for headers in [&[][..], &[("authorization", "Basic YTpi")]] {
        let answer = ask(&app, headers).await;
        answer.assert_refused(401, "unauthenticated");
        assert_eq!(challenge(&answer), "Bearer");
    }
}

#[actix_web::test]
async fn a_header_that_breaks_the_syntax_is_400() {
    let app = TestApp::start().await;
    let token = app.token("ada", &["read"]).await;
    let bearer = format!("Bearer {token}");
    let long = format!("Bearer {}", "a".repeat(10_240));
    for header in [
        "Bearer",
        "Bearer %",
        "bearer a b",
        "Bearer a, Bearer b",
        "Bearer =",
        "Bearer\tx",
        "Bearer:x",
        "vst_x",
        "Bearer \u{e9}",
    ] {
        let answer = ask(&app, &[("authorization", header)]).await;
        answer.assert_refused(400, "invalid_request");
        assert_eq!(
            challenge(&answer),
            "Bearer error=\"invalid_request\"",
            "{header}"
        );
    }
    for two in [&bearer, "Basic YTpi"] {
        let lines = [("authorization", bearer.as_str()), ("authorization", two)];
        ask(&app, &lines)
            .await
            .assert_refused(400, "invalid_request");
    }
    ask(&app, &[("authorization", &long)])
        .await
        .assert_refused(401, "invalid_token");
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        let header = format!("{scheme} {token}");
        ask(&app, &[("authorization", &header)])
            .await
            .assert_status(200);
    }
}

#[actix_web::test]
async fn every_bad_token_gets_the_same_answer_also_beside_a_good_cookie() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let revoked = app.token("ada", &["read"]).await;
    let expired = app.token("ada", &["read"]).await;
    let good = app.token("ada", &["read"]).await;
    let id_of = |token: &str| {
        format!(
            "select id::text as t from api_tokens where token_prefix = '{}'",
            &token[..10]
        )
    };
    let id = app.texts(&id_of(&revoked)).remove(0);
    ada.send(
        "DELETE",
        &format!("/api/tokens/{id}"),
        &[("sec-fetch-site", "same-origin")],
        "",
    )
    .await
    .assert_status(204);
    app.execute(&format!(
        "update api_tokens set expires_at = now() where token_prefix = '{}'",
        &expired[..10]
    ));
    let mut miscounted = good.clone();
    let last = miscounted.pop();
    miscounted.push(if last == Some('0') { '1' } else { '0' });
    let unknown = vestibule::crypto::api_token::PlainToken::generate();

    let mut bodies = Vec::new();
    for token in [
        &revoked,
        &expired,
        &miscounted,
        unknown.expose(),
        "x",
        &good[1..],
    ] {
        let header = format!("Bearer {token}");
        let answer = ada
            .send("GET", "/api/me", &[("authorization", &header)], "")
            .await;
        answer.assert_refused(401, "invalid_token");
        assert_eq!(challenge(&answer), "Bearer error=\"invalid_token\"");
        let mut document = answer.json();
        document["requestId"].take();
        bodies.push(document.to_string());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert!(ada.is_signed_in().await);
    app.caller(&good).get("/api/me").await.assert_status(200);
}

#[actix_web::test]
async fn a_token_anywhere_but_in_its_header_is_ignored() {
    let app = TestApp::start().await;
    let token = app.token("ada", &["read", "write"]).await;
    for path in
        ["access_token", "token", "bearer_token"].map(|name| format!("/api/me?{name}={token}"))
    {
        let answer = app.visitor().send_bare("GET", &path, &[], "").await;
        answer.assert_refused(401, "unauthenticated");
    }
    let form = format!("access_token={token}");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
    ];
    let answer = app
        .visitor()
        .send_bare("POST", "/api/tokens", &headers, &form)
        .await;
    answer.assert_refused(401, "unauthenticated");
}

#[actix_web::test]
async fn a_token_does_what_its_scopes_say_and_no_more() {
    let app = TestApp::start().await;
    let none_but = |scope: &'static str| {
        ["read", "write", "accounts:token"]
            .into_iter()
            .filter(move |other| *other != scope)
    };
    for (method, path, needed) in [
        ("GET", "/api/me", "read"),
        ("GET", "/api/tokens", "read"),
        ("GET", "/api/sessions", "read"),
        ("GET", "/api/accounts", "read"),
        ("GET", "/api/audit", "read"),
        ("GET", "/api/auth/github/status", "read"),
        ("GET", "/api/accounts/github/token", "accounts:token"),
        ("DELETE", &format!("/api/sessions/{NOBODYS}"), "write"),
        ("DELETE", &format!("/api/tokens/{NOBODYS}"), "write"),
        ("DELETE", "/api/sessions", "write"),
    ] {
        let others: Vec<_> = none_but(needed).collect();
        let token = app.token("ada", &others).await;
        let answer = app.caller(&token).send(method, path, "").await;
        answer.assert_refused(403, "insufficient_scope");
        assert_eq!(
            challenge(&answer),
            format!("Bearer error=\"insufficient_scope\", scope=\"{needed}\"")
        );
        let token = app.token("ada", &[needed]).await;
        let answer = app.caller(&token).send(method, path, "").await;
        assert!(
            matches!(answer.status, 200 | 204 | 404),
            "{method} {path}: {}",
            answer.status
        );
    }
}

#[actix_web::test]
async fn a_caller_without_any_credentials_is_told_so_whatever_the_method() {
    let app = TestApp::start().await;
    for (method, path) in [("DELETE", "/api/sessions"), ("POST", "/api/tokens")] {
        let answer = app.visitor().send_bare(method, path, &[], "").await;
        answer.assert_refused(401, "unauthenticated");
        assert_eq!(challenge(&answer), "Bearer");
    }
    app.visitor()
        .send_bare("PATCH", "/api/me", &[], "")
        .await
        .assert_refused(405, "method_not_allowed");
}

#[actix_web::test]
async fn a_bearer_header_opens_no_back_door_to_the_flows() {
    let app = TestApp::start().await;
    for path in [
        "/api/auth/signin/github",
        "/api/auth/%73ignin/github",
        "/%61pi/auth/signin/github",
    ] {
        let headers = [
            ("authorization", "Bearer x"),
            ("sec-fetch-site", "cross-site"),
        ];
        let answer = app.visitor().send_bare("POST", path, &headers, "").await;
        assert!(
            matches!(answer.status, 403 | 404),
            "{path}: {}",
            answer.status
        );
    }
}
