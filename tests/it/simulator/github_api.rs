//! GitHub's profiles, and tokens that are taken back.

use actix_web::http::Method;
use serde_json::{Value, json};
use vestibule::provider::Provider::{GitHub, Vercel};

use super::Sim;

#[actix_web::test]
async fn the_profile_is_the_person_who_approved() {
    let sim = Sim::start();
    for (login, id, email) in [
        ("ada", 1_815_001, json!("ada@example.com")),
        ("grace", 1_906_002, Value::Null),
        ("alan", 1_912_003, Value::Null),
    ] {
        let token = sim.signed_in(GitHub, login).await;
        let reply = sim
            .get_as("/user", token["access_token"].as_str().unwrap())
            .await;

        let profile = reply.json();
        assert_eq!(reply.header("X-OAuth-Scopes"), "read:user, user:email");
        assert_eq!(
            (&profile["login"], &profile["id"]),
            (&json!(login), &json!(id))
        );
        assert_eq!(profile["email"], email);
        let avatar = profile["avatar_url"].as_str().unwrap();
        let avatar = sim
            .get(avatar.strip_prefix(sim.simulator.url()).unwrap())
            .await;
        assert_eq!(avatar.header("Content-Type"), "image/svg+xml");
    }
}

#[actix_web::test]
async fn the_primary_address_is_not_the_first_and_alan_has_none() {
    let sim = Sim::start();
    let grace = sim.signed_in(GitHub, "grace").await;
    let alan = sim.signed_in(GitHub, "alan").await;

    let reply = sim
        .get_as("/user/emails", grace["access_token"].as_str().unwrap())
        .await
        .json();
    let primary = reply
        .as_array()
        .unwrap()
        .iter()
        .find(|email| email["primary"] == true)
        .unwrap();
    assert_eq!(primary["email"], "grace@example.com");
    assert_eq!(primary["verified"], true);
    assert_ne!(reply[0]["email"], primary["email"]);
    let reply = sim
        .get_as("/user/emails", alan["access_token"].as_str().unwrap())
        .await;
    assert_eq!(reply.json(), json!([]));
}

#[actix_web::test]
async fn addresses_need_their_scope() {
    let sim = Sim::start();
    let changes = [("scope", "read:user"), ("auto", "ada")];
    let code = sim.authorize(GitHub, &changes).await.sent_back()["code"].clone();
    let token = sim.exchange(GitHub, &code, &[]).await.json();

    let reply = sim
        .get_as("/user/emails", token["access_token"].as_str().unwrap())
        .await;

    assert_eq!(reply.status, 404);
}

#[actix_web::test]
async fn the_api_wants_a_user_agent_and_a_good_token() {
    let sim = Sim::start();
    let token = sim.signed_in(GitHub, "ada").await;
    let nameless = awc::Client::builder()
        .no_default_headers()
        .disable_redirects()
        .finish();
    let url = format!("{}/user", sim.simulator.url());
    let request = nameless
        .get(url)
        .bearer_auth(token["access_token"].as_str().unwrap());
    assert_eq!(request.send().await.unwrap().status(), 403);

    assert_eq!(sim.get("/user").await.status, 401);
    let reply = sim.get_as("/user", "gho_unknown").await;
    assert_eq!(
        (reply.status, reply.json()["message"].as_str()),
        (401, Some("Bad credentials"))
    );
    // A token of the other provider is nobody's here.
    let vercel = sim.signed_in(Vercel, "ada").await;
    let reply = sim
        .get_as("/user", vercel["access_token"].as_str().unwrap())
        .await;
    assert_eq!(reply.status, 401);
}

#[actix_web::test]
async fn the_other_calls_answer() {
    let sim = Sim::start();
    let token = sim.signed_in(GitHub, "ada").await;
    let token = token["access_token"].as_str().unwrap();

    assert_eq!(
        sim.get_as("/user/repos", token).await.json()[0]["full_name"],
        "ada/notes"
    );
    assert_eq!(
        sim.get_as("/rate_limit", token).await.json()["rate"]["limit"],
        5000
    );
}

#[actix_web::test]
async fn an_application_takes_back_a_token_or_all_of_them() {
    let sim = Sim::start();
    let tokens = [
        sim.signed_in(GitHub, "ada").await,
        sim.signed_in(GitHub, "ada").await,
    ];
    let [one, two] = tokens
        .each_ref()
        .map(|token| token["access_token"].as_str().unwrap());
    let grace = sim.signed_in(GitHub, "grace").await;
    let grace = grace["access_token"].as_str().unwrap();

    assert_eq!(delete(&sim, "token", SECRET_OF_GITHUB, one).await, 204);
    assert_eq!(delete(&sim, "token", SECRET_OF_GITHUB, one).await, 404);
    assert_eq!(delete(&sim, "token", "wrong", two).await, 404);
    assert_eq!(sim.get_as("/user", one).await.status, 401);
    assert_eq!(sim.get_as("/user", two).await.status, 200);
    assert_eq!(delete(&sim, "grant", SECRET_OF_GITHUB, two).await, 204);
    assert_eq!(sim.get_as("/user", two).await.status, 401);
    assert_eq!(sim.get_as("/user", grace).await.status, 200);
}

const SECRET_OF_GITHUB: &str = "canary-client-secret-github";

async fn delete(sim: &Sim, what: &str, secret: &str, token: &str) -> u16 {
    let path = format!("/applications/github-client/{what}");
    let request = sim
        .request(Method::DELETE, &path)
        .basic_auth("github-client", secret);
    let response = request
        .send_json(&json!({"access_token": token}))
        .await
        .unwrap();
    response.status().as_u16()
}
