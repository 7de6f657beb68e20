//! Profiles as tests want them.

use serde_json::{Value, json};
use vestibule::provider::Provider::{GitHub, Vercel};

use super::Sim;

#[actix_web::test]
async fn a_profile_can_be_made_hostile_and_mended() {
    let sim = Sim::start();
    let answer = sim.signed_in(GitHub, "ada").await;
    let token = answer["access_token"].as_str().unwrap();
    let change = json!({
        "provider": "github",
        "login": "ada",
        "profile": {"name": "<script>".repeat(1250), "email": null, "id": "1815001"},
        "remove": ["login"],
        "emails": {"not": "a list"},
    });
    assert_eq!(sim.put("/_simulator/people", &change).await.status, 204);

    let profile = sim.get_as("/user", token).await.json();
    assert_eq!(profile["name"].as_str().unwrap().len(), 10_000);
    assert_eq!(
        (&profile["email"], &profile["id"]),
        (&Value::Null, &json!("1815001"))
    );
    assert!(profile.get("login").is_none());
    assert_eq!(
        sim.get_as("/user/emails", token).await.json(),
        json!({"not": "a list"})
    );

    sim.put(
        "/_simulator/people",
        &json!({"provider": "github", "login": "ada"}),
    )
    .await;
    assert_eq!(sim.get_as("/user", token).await.json()["id"], 1_815_001);
}

#[actix_web::test]
async fn vercels_two_profiles_can_disagree_or_one_be_gone() {
    let sim = Sim::start();
    let answer = sim.signed_in(Vercel, "ada").await;
    let token = answer["access_token"].as_str().unwrap();
    let change = json!({
        "provider": "vercel",
        "login": "ada",
        "profile": {"sub": "usr_somebody"},
        "user": {"id": "usr_somebody_else"},
    });
    sim.put("/_simulator/people", &change).await;
    assert_eq!(
        sim.get_as("/login/oauth/userinfo", token).await.json()["sub"],
        "usr_somebody"
    );
    assert_eq!(
        sim.get_as("/v2/user", token).await.json()["user"]["id"],
        "usr_somebody_else"
    );

    let change = json!({"provider": "vercel", "login": "ada", "userinfo_status": 404});
    sim.put("/_simulator/people", &change).await;
    assert_eq!(sim.get_as("/login/oauth/userinfo", token).await.status, 404);
    assert_eq!(sim.get_as("/v2/user", token).await.status, 200);

    sim.put(
        "/_simulator/people",
        &json!({"provider": "vercel", "login": "ada"}),
    )
    .await;
    sim.faults(json!({"provider": "vercel", "userinfo_status": 500}))
        .await;
    assert_eq!(sim.get_as("/login/oauth/userinfo", token).await.status, 500);
}

#[actix_web::test]
async fn changes_that_make_no_sense_are_refused() {
    let sim = Sim::start();
    for change in [
        json!({"provider": "github", "login": "mallory"}),
        json!({"provider": "github", "login": "ada", "profil": {}}),
        json!({"provider": "github", "login": "ada", "profile": []}),
        json!({"login": "ada"}),
    ] {
        assert_eq!(
            sim.put("/_simulator/people", &change).await.status,
            400,
            "{change}"
        );
    }
}
