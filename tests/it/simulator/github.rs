//! GitHub's token endpoint, API and revocation.

use actix_web::http::Method;
use serde_json::json;
use vestibule::provider::Provider::GitHub;

use super::{CALLBACK, Reply, SECRET, Sim, VERIFIER};

#[actix_web::test]
async fn a_code_becomes_a_lasting_token() {
    let sim = Sim::start();

    let token = sim.signed_in(GitHub, "ada").await;

    assert!(token["access_token"].as_str().unwrap().starts_with("gho_"));
    assert_eq!(token["scope"], "read:user,user:email");
    assert_eq!(token["token_type"], "bearer");
    assert_eq!(token.as_object().unwrap().len(), 3);
}

#[actix_web::test]
async fn answers_are_form_encoded_unless_json_is_asked_for() {
    let sim = Sim::start();
    let code = sim.code(GitHub, "ada").await;
    let secret = format!("{SECRET}-github");
    let form = [
        ("client_id", "github-client"),
        ("client_secret", &secret),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];

    let request = sim.request(Method::POST, "/login/oauth/access_token");
    let reply = Reply::read(request.send_form(&form).await.unwrap()).await;

    assert!(
        reply
            .header("Content-Type")
            .starts_with("application/x-www-form-urlencoded")
    );
    assert!(reply.text().starts_with("access_token=gho_"));
    assert!(reply.text().contains("scope=read%3Auser%2Cuser%3Aemail"));
}

#[actix_web::test]
async fn errors_come_with_status_200() {
    let sim = Sim::start();
    let cases = [
        ("client_secret", "wrong", "incorrect_client_credentials"),
        ("client_secret", "", "incorrect_client_credentials"),
        ("client_id", "vercel-client", "incorrect_client_credentials"),
        ("code", "unknown", "bad_verification_code"),
        ("code", "", "bad_verification_code"),
        ("code_verifier", "", "bad_verification_code"),
        (
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK",
            "bad_verification_code",
        ),
        (
            "redirect_uri",
            "http://localhost:8080/other",
            "redirect_uri_mismatch",
        ),
        ("redirect_uri", "", "redirect_uri_mismatch"),
        ("grant_type", "password", "unsupported_grant_type"),
    ];
    let code = sim.code(GitHub, "ada").await;
    for (name, value, error) in cases {
        let reply = sim.exchange(GitHub, &code, &[(name, value)]).await;

        assert_eq!(
            (reply.status, reply.error().as_str()),
            (200, error),
            "{name}={value}"
        );
        assert!(reply.json()["error_description"].is_string());
    }
    // None of these spent the code.
    assert_eq!(sim.exchange(GitHub, &code, &[]).await.error(), "");
}

#[actix_web::test]
async fn a_code_works_once() {
    let sim = Sim::start();
    let code = sim.code(GitHub, "ada").await;
    sim.exchange(GitHub, &code, &[]).await;

    let again = sim.exchange(GitHub, &code, &[]).await;

    assert_eq!(
        (again.status, again.error().as_str()),
        (200, "bad_verification_code")
    );
}

#[actix_web::test]
async fn parameters_in_the_address_do_not_count() {
    let sim = Sim::start();
    let code = sim.code(GitHub, "ada").await;
    let path = format!(
        "/login/oauth/access_token?client_id=github-client&client_secret={SECRET}-github&code={code}"
    );

    assert_eq!(
        sim.post(&path, &[]).await.error(),
        "incorrect_client_credentials"
    );
}

#[actix_web::test]
async fn as_a_github_app_its_tokens_expire_and_refresh_once() {
    let sim = Sim::start();
    sim.faults(json!({"provider": "github", "expires_in": true, "token_lifetime_s": 60}))
        .await;
    let first = sim.signed_in(GitHub, "ada").await;
    assert!(first["access_token"].as_str().unwrap().starts_with("ghu_"));
    assert_eq!(
        (&first["expires_in"], &first["scope"]),
        (&json!(60), &json!(""))
    );
    assert!(first["refresh_token_expires_in"].is_u64());
    let spent = first["refresh_token"].as_str().unwrap();

    let second = sim.refresh(GitHub, spent).await.json();

    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let profile = sim
        .get_as("/user", second["access_token"].as_str().unwrap())
        .await;
    assert_eq!(profile.json()["login"], "ada");
    // The old access token goes with the refresh token; the new ones stay.
    assert_eq!(
        sim.get_as("/user", first["access_token"].as_str().unwrap())
            .await
            .status,
        401
    );
    let again = sim.refresh(GitHub, spent).await;
    assert_eq!(
        (again.status, again.error().as_str()),
        (200, "bad_refresh_token")
    );
    assert_eq!(
        sim.get_as("/user", second["access_token"].as_str().unwrap())
            .await
            .status,
        200
    );
}
