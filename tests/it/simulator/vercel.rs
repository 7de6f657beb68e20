//! Vercel's token endpoint, rotation, revocation and profiles.

use actix_web::http::Method;
use serde_json::json;
use vestibule::provider::Provider::Vercel;

use super::{CALLBACK, Reply, SECRET, Sim, VERIFIER, text};

#[actix_web::test]
async fn a_code_becomes_tokens() {
    let sim = Sim::start();

    let answer = sim.signed_in(Vercel, "ada").await;

    assert!(text(&answer, "access_token").starts_with("vca_"));
    assert!(text(&answer, "refresh_token").starts_with("vcr_"));
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["scope"], "email offline_access openid profile");
    assert_eq!(text(&answer, "id_token").split('.').count(), 3);
}

#[actix_web::test]
async fn without_the_scopes_there_is_no_refresh_token_and_no_id_token() {
    let sim = Sim::start();
    let changes = [("scope", "profile unheard_of"), ("auto", "ada")];
    let code = sim.authorize(Vercel, &changes).await.sent_back()["code"].clone();

    let answer = sim.exchange(Vercel, &code, &[]).await.json();

    assert_eq!(answer["scope"], "profile");
    assert!(answer.get("refresh_token").is_none());
    assert!(answer.get("id_token").is_none());
}

#[actix_web::test]
async fn refusals_are_those_of_rfc_6749() {
    let sim = Sim::start();
    let cases = [
        ("client_secret", "wrong", 401, "invalid_client"),
        ("client_secret", "", 401, "invalid_client"),
        ("client_id", "github-client", 401, "invalid_client"),
        ("code", "unknown", 400, "invalid_grant"),
        ("code", "", 400, "invalid_request"),
        ("code_verifier", "", 400, "invalid_grant"),
        (
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK",
            400,
            "invalid_grant",
        ),
        (
            "redirect_uri",
            "http://localhost:8080/other",
            400,
            "invalid_grant",
        ),
        ("redirect_uri", "", 400, "invalid_grant"),
        ("grant_type", "password", 400, "unsupported_grant_type"),
        ("grant_type", "", 400, "invalid_request"),
    ];
    let code = sim.code(Vercel, "ada").await;
    for (name, value, status, error) in cases {
        let reply = sim.exchange(Vercel, &code, &[(name, value)]).await;

        assert_eq!(
            (reply.status, reply.error().as_str()),
            (status, error),
            "{name}={value}"
        );
    }
    // None of these spent the code.
    assert_eq!(sim.exchange(Vercel, &code, &[]).await.status, 200);
}

#[actix_web::test]
async fn only_a_posted_form_is_read() {
    let sim = Sim::start();
    assert_eq!(sim.get("/login/oauth/token").await.status, 405);

    let request = sim.request(Method::POST, "/login/oauth/token");
    let reply = Reply::read(request.send_json(&json!({"code": "x"})).await.unwrap()).await;

    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "invalid_request")
    );
}

#[actix_web::test]
async fn a_client_may_use_basic_authentication_but_not_both() {
    let sim = Sim::start();
    let secret = format!("{SECRET}-vercel");
    for (in_form, status) in [(false, 200), (true, 401)] {
        let code = sim.code(Vercel, "ada").await;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        if in_form {
            form.push(("client_secret", &secret));
        }
        let request = sim.request(Method::POST, "/login/oauth/token");
        let request = request.basic_auth("vercel%2Dclient", &secret);

        assert_eq!(request.send_form(&form).await.unwrap().status(), status);
    }
}

#[actix_web::test]
async fn a_code_shown_twice_takes_its_tokens_along() {
    let sim = Sim::start();
    let code = sim.code(Vercel, "ada").await;
    let answer = sim.exchange(Vercel, &code, &[]).await.json();

    let again = sim.exchange(Vercel, &code, &[]).await;

    assert_eq!(
        (again.status, again.error().as_str()),
        (400, "invalid_grant")
    );
    assert_eq!(
        sim.get_as("/v2/user", text(&answer, "access_token"))
            .await
            .status,
        403
    );
    assert_eq!(
        sim.refresh(Vercel, text(&answer, "refresh_token"))
            .await
            .status,
        400
    );
}

#[actix_web::test]
async fn refresh_tokens_rotate_and_a_spent_one_ends_the_grant() {
    let sim = Sim::start();
    let first = sim.signed_in(Vercel, "ada").await;
    let second = sim
        .refresh(Vercel, text(&first, "refresh_token"))
        .await
        .json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!(
        sim.get_as("/v2/user", text(&second, "access_token"))
            .await
            .status,
        200
    );

    let reused = sim.refresh(Vercel, text(&first, "refresh_token")).await;

    assert_eq!(
        (reused.status, reused.error().as_str()),
        (400, "invalid_grant")
    );
    for answer in [first, second] {
        assert_eq!(
            sim.get_as("/v2/user", text(&answer, "access_token"))
                .await
                .status,
            403
        );
        assert_eq!(
            sim.refresh(Vercel, text(&answer, "refresh_token"))
                .await
                .status,
            400
        );
    }
}

#[actix_web::test]
async fn without_rotation_the_refresh_token_stays_good() {
    let sim = Sim::start();
    let first = sim.signed_in(Vercel, "ada").await;
    sim.faults(json!({"provider": "vercel", "rotate": false}))
        .await;

    for _ in 0..2 {
        let answer = sim
            .refresh(Vercel, text(&first, "refresh_token"))
            .await
            .json();

        assert!(answer.get("refresh_token").is_none());
        assert_eq!(
            sim.get_as("/v2/user", text(&answer, "access_token"))
                .await
                .status,
            200
        );
    }
}

#[actix_web::test]
async fn access_tokens_expire_even_if_nobody_says_when() {
    let sim = Sim::start();
    let faults = json!({"provider": "vercel", "token_lifetime_s": 0, "expires_in": false});
    sim.faults(faults).await;

    let answer = sim.signed_in(Vercel, "ada").await;

    assert!(answer.get("expires_in").is_none());
    assert_eq!(
        sim.get_as("/v2/user", text(&answer, "access_token"))
            .await
            .status,
        403
    );
}
