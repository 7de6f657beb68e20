//! Vercel's profiles, and tokens that are taken back.

use serde_json::{Value, json};
use vestibule::provider::Provider::Vercel;

use super::{Sim, text};

#[actix_web::test]
async fn userinfo_and_user_name_the_same_person() {
    let sim = Sim::start();
    for (login, email) in [("ada", json!("ada@example.com")), ("alan", Value::Null)] {
        let answer = sim.signed_in(Vercel, login).await;
        let token = text(&answer, "access_token");

        let claims = sim.get_as("/login/oauth/userinfo", token).await.json();
        let user = sim.get_as("/v2/user", token).await.json()["user"].clone();

        assert!(text(&claims, "sub").starts_with(&format!("usr_{login}")));
        assert_eq!(claims["sub"], user["id"]);
        assert_eq!((&claims["email"], &user["email"]), (&email, &email));
        assert_eq!(claims["email_verified"], email.is_string());
        assert_eq!(
            (&claims["preferred_username"], &user["username"]),
            (&json!(login), &json!(login))
        );
    }
}

#[actix_web::test]
async fn each_scope_brings_its_own_claims() {
    let sim = Sim::start();
    sim.faults(json!({"provider": "vercel", "scope": "openid"}))
        .await;
    let answer = sim.signed_in(Vercel, "ada").await;
    let claims = sim
        .get_as("/login/oauth/userinfo", text(&answer, "access_token"))
        .await;
    assert_eq!(claims.json().as_object().unwrap().len(), 1);

    sim.faults(json!({"provider": "vercel", "scope": "email"}))
        .await;
    let answer = sim.signed_in(Vercel, "ada").await;
    let claims = sim
        .get_as("/login/oauth/userinfo", text(&answer, "access_token"))
        .await;
    assert_eq!(claims.status, 403);
    assert_eq!(claims.json()["error"]["code"], "forbidden");
}

#[actix_web::test]
async fn a_stranger_is_told_so_in_vercels_words() {
    let sim = Sim::start();

    assert_eq!(sim.get("/login/oauth/userinfo").await.status, 401);
    let reply = sim.get_as("/v2/user", "vca_unknown").await;
    assert_eq!(reply.status, 403);
    let words = json!({"error": {"code": "forbidden", "message": "Not authorized"}});
    assert_eq!(reply.json(), words);
}

#[actix_web::test]
async fn revoking_a_refresh_token_ends_the_grant_and_unknown_ones_are_fine() {
    let sim = Sim::start();
    let answer = sim.signed_in(Vercel, "ada").await;
    let token = text(&answer, "refresh_token");

    assert_eq!(revoke(&sim, "wrong", token).await, 401);
    assert_eq!(
        revoke(&sim, "canary-client-secret-vercel", "vcr_unknown").await,
        200
    );
    assert_eq!(
        sim.get_as("/v2/user", text(&answer, "access_token"))
            .await
            .status,
        200
    );
    assert_eq!(
        revoke(&sim, "canary-client-secret-vercel", token).await,
        200
    );
    assert_eq!(
        sim.get_as("/v2/user", text(&answer, "access_token"))
            .await
            .status,
        403
    );
}

async fn revoke(sim: &Sim, secret: &str, token: &str) -> u16 {
    let form = [
        ("client_id", "vercel-client"),
        ("client_secret", secret),
        ("token", token),
        ("token_type_hint", "refresh_token"),
    ];
    sim.post("/login/oauth/token/revoke", &form).await.status
}

#[actix_web::test]
async fn teams_answer() {
    let sim = Sim::start();
    let answer = sim.signed_in(Vercel, "grace").await;

    let teams = sim
        .get_as("/v2/teams", text(&answer, "access_token"))
        .await
        .json();

    assert_eq!(teams["teams"][0]["slug"], "grace-projects");
}
