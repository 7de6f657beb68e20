//! Programs come in with API tokens, made and revoked by people.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{TestApp, eventually};

const NOBODYS: &str = "01a20e26-f665-746a-a573-669e49abe114";

#[actix_web::test]
async fn a_token_is_shown_once_and_opens_the_api() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let made = ada
        .make_token(&json!({"name": " ci ", "scopes": ["write", "read", "read"]}))
        .await;
    let made = made.assert_status(201).json();
    let members: Vec<_> = made.as_object().unwrap().keys().collect();
    assert_eq!(members, ["id", "token", "name", "scopes", "expiresAt"]);
    assert_eq!(
        (&made["name"], &made["scopes"]),
        (&json!("ci"), &json!(["read", "write"]))
    );
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("vst_") && token.len() == 53);

    let me = app
        .caller(token)
        .get("/api/me")
        .await
        .assert_status(200)
        .json();
    assert_eq!(
        (&me["user"]["username"], &me["via"]),
        (&json!("ada"), &json!("token"))
    );
    assert_eq!(me["scopes"], json!(["read", "write"]));
    let me = ada
        .send("GET", "/api/me", &[], "")
        .await
        .assert_status(200)
        .json();
    assert_eq!(me["via"], "session");

    let list = app.caller(token).get("/api/tokens").await;
    assert!(
        !list.assert_status(200).body.contains(&token[10..]),
        "never again"
    );
    let list = list.json();
    let item = &list["tokens"][0];
    let members: Vec<_> = item.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        [
            "id",
            "name",
            "prefix",
            "scopes",
            "createdAt",
            "lastUsedAt",
            "expiresAt"
        ]
    );
    assert_eq!(item["prefix"], token[..10]);
    let rows = app
        .texts("select token_prefix || encode(token_hash, 'escape') || name as t from api_tokens");
    assert!(!rows.iter().any(|row| row.contains(&token[10..])));
    eventually("last used", Duration::from_secs(20), async || {
        app.count("select count(*) as n from api_tokens where last_used_at is not null") == 1
    })
    .await;
}

#[actix_web::test]
async fn a_token_makes_no_tokens_and_a_session_is_handed_no_provider_token() {
    let app = TestApp::start().await;
    let all = app.token("ada", &["read", "write", "accounts:token"]).await;
    let wish = json!({"name": "more", "scopes": ["read"]}).to_string();
    let answer = app.caller(&all).send("POST", "/api/tokens", &wish).await;
    answer.assert_refused(403, "session_required");

    let mut ada = app.signed_in("github", "ada").await;
    let answer = ada.send("GET", "/api/accounts/github/token", &[], "").await;
    answer.assert_refused(403, "token_required");
    let handed = app
        .caller(&all)
        .get("/api/accounts/github/token")
        .await
        .assert_status(200)
        .json();
    let members: Vec<_> = handed.as_object().unwrap().keys().collect();
    assert_eq!(members, ["accessToken", "tokenType", "scopes", "expiresAt"]);
    let given = handed["accessToken"].as_str().unwrap();
    assert!(
        app.simulator
            .issued_secrets()
            .iter()
            .any(|secret| secret == given)
    );
    let events = ada.events("").await;
    let handed = events
        .iter()
        .filter(|event| event["kind"] == "provider_token.handed_out");
    assert_eq!(handed.count(), 1);
    assert!(!events.iter().any(|event| event.to_string().contains(given)));
    for provider in ["vercel", "nobody"] {
        let answer = app
            .caller(&all)
            .get(&format!("/api/accounts/{provider}/token"))
            .await;
        answer.assert_refused(404, "not_found");
    }
}

#[actix_web::test]
async fn another_persons_token_is_as_good_as_none() {
    let app = TestApp::start().await;
    let graces = app.token("grace", &["read"]).await;
    let id = app.texts("select id::text as t from api_tokens").remove(0);
    let writes = app.token("ada", &["write"]).await;
    let mut ada = app.signed_in("github", "ada").await;
    let mut bytes = Vec::new();
    for id in [id.as_str(), NOBODYS, "x"] {
        let path = format!("/api/tokens/{id}");
        for answer in [
            app.caller(&writes).send("DELETE", &path, "").await,
            ada.send("DELETE", &path, &[("sec-fetch-site", "same-origin")], "")
                .await,
        ] {
            answer.assert_refused(404, "not_found");
            let mut document = answer.json();
            document["requestId"].take();
            bytes.push(document.to_string());
        }
    }
    bytes.dedup();
    assert_eq!(bytes.len(), 1);
    app.caller(&graces).get("/api/me").await.assert_status(200);
}

#[actix_web::test]
async fn a_revoked_token_is_refused_by_three_processes_while_it_is_used_on_all() {
    let one = TestApp::start().await;
    let (two, three) = (one.another().await, one.another().await);
    let mut ada = one.signed_in("github", "ada").await;
    for _ in 0..3 {
        let token = one.token("ada", &["read"]).await;
        for app in [&one, &two, &three] {
            app.caller(&token).get("/api/me").await.assert_status(200);
        }
        let id = one.texts("select id::text as t from api_tokens").remove(0);
        ada.send(
            "DELETE",
            &format!("/api/tokens/{id}"),
            &[("sec-fetch-site", "same-origin")],
            "",
        )
        .await
        .assert_status(204);
        one.caller(&token)
            .get("/api/me")
            .await
            .assert_refused(401, "invalid_token");
        for app in [&two, &three] {
            eventually("refused", Duration::from_secs(10), async || {
                app.caller(&token).get("/api/me").await.status == 401
            })
            .await;
        }
    }
}

#[actix_web::test]
async fn nobody_has_more_than_twenty_tokens_and_expired_ones_do_not_count() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let wish = json!({"name": "n", "scopes": ["read"], "expiresAt": "2030-01-01T00:00:00Z"});
    let mut copies = vec![ada.clone(); 25];
    let answers =
        futures_util::future::join_all(copies.iter_mut().map(|ada| ada.make_token(&wish))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 201 | 429 | 503))
    );
    for _ in made..20 {
        ada.make_token(&wish).await.assert_status(201);
    }
    let answer = ada.make_token(&wish).await;
    answer.assert_refused(429, "too_many_tokens");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(app.count("select count(*) as n from api_tokens"), 20);
    app.execute(
        "update api_tokens set expires_at = now() where id = (select id from api_tokens limit 1)",
    );
    ada.make_token(&wish).await.assert_status(201);
}

#[actix_web::test]
async fn a_wish_that_cannot_be_granted_says_why() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    for (wish, code) in [
        (json!({"name": "", "scopes": ["read"]}), "invalid_name"),
        (json!({"name": " ", "scopes": ["read"]}), "invalid_name"),
        (
            json!({"name": "a\u{0}b", "scopes": ["read"]}),
            "invalid_name",
        ),
        (
            json!({"name": "n".repeat(101), "scopes": ["read"]}),
            "invalid_name",
        ),
        (json!({"name": "n", "scopes": []}), "invalid_scope"),
        (json!({"name": "n", "scopes": ["admin"]}), "invalid_scope"),
        (
            json!({"name": "n", "scopes": ["read"], "expiresAt": "2020-01-01T00:00:00Z"}),
            "invalid_expiry",
        ),
        (
            json!({"name": "n", "scopes": ["read"], "expires": "2099-01-01T00:00:00Z"}),
            "invalid_json",
        ),
        (
            json!({"name": "n", "scopes": ["read"], "expiresAt": "+200000-01-01T00:00:00Z"}),
            "invalid_expiry",
        ),
        (json!({"scopes": ["read"]}), "invalid_json"),
        (json!([]), "invalid_json"),
        (json!(["n", ["read"], null]), "invalid_json"),
        (Value::Null, "invalid_json"),
    ] {
        ada.make_token(&wish).await.assert_refused(400, code);
    }
    let form = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
    ];
    let answer = ada.send("POST", "/api/tokens", &form, "name=x").await;
    answer.assert_refused(415, "unsupported_media_type");
    let cross = [
        ("content-type", "application/json"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = ada.send("POST", "/api/tokens", &cross, "{}").await;
    answer.assert_refused(403, "cross_site");
    assert_eq!(app.count("select count(*) as n from api_tokens"), 0);
}

#[actix_web::test]
async fn a_token_serves_no_page_and_signs_nobody_out() {
    let app = TestApp::start().await;
    let token = app.token("ada", &["read", "write"]).await;
    app.caller(&token).get("/api/me").await.assert_status(200);
    for path in ["/account", "/account/tokens", "/account/sessions"] {
        let header = format!("Bearer {token}");
        let headers = [
            ("authorization", header.as_str()),
            ("accept", "application/json"),
        ];
        app.visitor()
            .send_bare("GET", path, &headers, "")
            .await
            .assert_status(401);
    }
    let headers = [
        ("authorization", "Bearer x"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = app
        .visitor()
        .send_bare("POST", "/api/auth/signout", &headers, "")
        .await;
    answer.assert_status(403);
}

#[actix_web::test]
async fn nobody_makes_and_revokes_tokens_without_end() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let wish = json!({"name": "n", "scopes": ["read"]});
    ada.make_token(&wish).await.assert_status(201);
    app.execute(
        "insert into audit_events (id, user_id, kind)
         select gen_random_uuid(), user_id, kind from audit_events, generate_series(1, 59)
         where kind = 'api_token.created'",
    );
    ada.make_token(&wish)
        .await
        .assert_refused(429, "too_many_tokens");
}
