//! What goes wrong on request.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use awc::error::SendRequestError;
use serde_json::{Value, json};
use vestibule::provider::Provider::{GitHub, Vercel};

use super::Sim;

async fn broken(sim: &Sim, word: &str) -> super::Reply {
    sim.faults(json!({"provider": "vercel"})).await;
    let code = sim.code(Vercel, "ada").await;
    sim.faults(json!({"provider": "vercel", "malformed": word}))
        .await;
    sim.exchange(Vercel, &code, &[]).await
}

#[actix_web::test]
async fn a_status_is_answered_instead_and_nothing_is_spent() {
    let sim = Sim::start();
    let code = sim.code(Vercel, "ada").await;
    for status in [429, 500, 503] {
        sim.faults(json!({"provider": "vercel", "status": status}))
            .await;
        let reply = sim.exchange(Vercel, &code, &[]).await;

        assert_eq!(reply.status, status);
        assert_eq!(
            reply.header("Retry-After"),
            if status == 429 { "7" } else { "" }
        );
    }
    sim.faults(json!({"provider": "vercel"})).await;

    assert_eq!(sim.exchange(Vercel, &code, &[]).await.status, 200);
}

#[actix_web::test]
async fn faults_strike_one_provider_and_the_chosen_endpoints() {
    let sim = Sim::start();
    sim.faults(json!({"provider": "vercel", "status": 500, "on": "profile"}))
        .await;

    let answer = sim.signed_in(Vercel, "ada").await;

    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(sim.get_as("/v2/user", token).await.status, 500);
    let github = sim.signed_in(GitHub, "ada").await;
    assert_eq!(
        sim.get_as("/user", github["access_token"].as_str().unwrap())
            .await
            .status,
        200
    );
    sim.faults(json!({"provider": "vercel", "status": 500, "on": "revoke"}))
        .await;
    assert_eq!(sim.post("/login/oauth/token/revoke", &[]).await.status, 500);
    assert_eq!(sim.get_as("/v2/user", token).await.status, 200);
}

#[actix_web::test]
async fn a_delay_delays_the_answer_and_not_the_deed() {
    let sim = Sim::start();
    let code = sim.code(Vercel, "ada").await;
    sim.faults(json!({"provider": "vercel", "delay_ms": 300}))
        .await;
    let start = Instant::now();

    let both = tokio::join!(
        sim.exchange(Vercel, &code, &[]),
        sim.exchange(Vercel, &code, &[]),
    );

    assert!(start.elapsed() >= Duration::from_millis(300));
    assert!(start.elapsed() < Duration::from_secs(3));
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[actix_web::test]
async fn redirects_lead_into_a_trap_that_counts() {
    let sim = Sim::start();
    for status in [301, 302, 307, 308] {
        sim.faults(json!({"provider": "vercel", "status": status}))
            .await;
        let reply = sim.post("/login/oauth/token", &[]).await;

        assert_eq!(reply.status, status);
        let trap = reply.header("Location").to_owned();
        assert!(trap.starts_with("/_simulator/redirect-trap"));
        assert_eq!(sim.post(&trap, &[]).await.status, 200);
    }
    let calls = sim.calls().await;
    let trapped = calls
        .iter()
        .filter(|call| call["endpoint"] == "/_simulator/redirect-trap")
        .count();
    assert_eq!(trapped, 4);
}

#[actix_web::test]
async fn good_answers_are_spoiled_in_the_way_that_was_asked() {
    let sim = Sim::start();

    assert!(
        broken(&sim, "html")
            .await
            .header("Content-Type")
            .starts_with("text/html")
    );
    assert_eq!(broken(&sim, "error_200").await.error(), "server_error");
    assert_eq!(broken(&sim, "redirect").await.status, 302);
    assert!(broken(&sim, "empty").await.body.is_empty());
    let truncated = broken(&sim, "truncated").await;
    assert!(serde_json::from_slice::<Value>(&truncated.body).is_err());
    assert!(broken(&sim, "array").await.json().is_array());
    let wrong = broken(&sim, "wrong_types").await.json();
    assert!(wrong["access_token"].is_number() && wrong["expires_in"].is_string());
    assert_eq!(
        broken(&sim, "negative_expires_in").await.json()["expires_in"],
        -1
    );
    assert_eq!(
        broken(&sim, "huge_expires_in").await.json()["expires_in"],
        u64::MAX
    );
    assert_eq!(
        broken(&sim, "string_expires_in").await.json()["expires_in"],
        "3600"
    );
    assert!(
        broken(&sim, "no_token")
            .await
            .json()
            .get("access_token")
            .is_none()
    );
    assert!(
        broken(&sim, "no_token_type")
            .await
            .json()
            .get("token_type")
            .is_none()
    );
    let odd = broken(&sim, "unknown_members").await.json();
    assert!(odd["x_simulator"].is_object() && odd["access_token"].is_string());
    assert!(broken(&sim, "huge").await.body.len() > 10 << 20);
}

#[actix_web::test]
async fn the_bomb_says_that_it_is_gzip() {
    let sim = Sim::start();

    let reply = broken(&sim, "gzip_bomb").await;

    assert_eq!(reply.header("Content-Encoding"), "gzip");
    assert!(reply.body.len() < 128 * 1024);
    assert_eq!(&reply.body[..2], &[0x1f, 0x8b]);
}

#[actix_web::test]
async fn a_reset_connection_gives_no_answer_before_or_after_the_deed() {
    let sim = Sim::start();
    for (word, spent) in [("reset", false), ("lost", true)] {
        sim.faults(json!({"provider": "vercel"})).await;
        let first = sim.signed_in(Vercel, "ada").await;
        let refresh_token = first["refresh_token"].as_str().unwrap();
        sim.faults(json!({"provider": "vercel", "malformed": word}))
            .await;

        let request = sim.request(Method::POST, "/login/oauth/token");
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", "vercel-client"),
            ("client_secret", "canary-client-secret-vercel"),
        ];
        let sent = request.send_form(&form).await;

        assert!(!matches!(sent, Ok(_) | Err(SendRequestError::Timeout)));
        assert_eq!(sim.calls().await.last().unwrap()["status"], 0);
        sim.faults(json!({"provider": "vercel"})).await;
        assert_eq!(
            sim.refresh(Vercel, refresh_token).await.status == 400,
            spent
        );
    }
}

#[actix_web::test]
async fn an_endless_answer_ends_when_the_peer_hangs_up() {
    let sim = Sim::start();
    sim.faults(json!({"provider": "vercel", "malformed": "endless"}))
        .await;
    let mut response = sim
        .request(Method::POST, "/login/oauth/token")
        .send()
        .await
        .unwrap();

    assert!(response.body().limit(64 * 1024).await.is_err());
    drop(response);

    assert_eq!(sim.get("/_simulator/faults").await.status, 200);
}

#[actix_web::test]
async fn a_slow_answer_comes_byte_by_byte() {
    let sim = Sim::start();
    sim.faults(json!({"provider": "vercel", "malformed": "slow"}))
        .await;
    let start = Instant::now();

    let request = sim.request(Method::POST, "/login/oauth/token");
    let mut response = request.send().await.unwrap();
    let body = tokio::time::timeout(Duration::from_millis(2500), response.body()).await;

    assert!(body.is_err());
    assert!(start.elapsed() >= Duration::from_millis(2500));
}

#[actix_web::test]
async fn what_makes_no_sense_is_refused_with_the_words_that_do() {
    let sim = Sim::start();
    for (body, word) in [
        (json!({}), "provider"),
        (json!({"provider": "gitlab"}), "github"),
        (json!({"provider": "github", "colour": "red"}), "colour"),
        (
            json!({"provider": "github", "malformed": "shiny"}),
            "gzip_bomb",
        ),
        (json!({"provider": "github", "on": "never"}), "profile"),
        (json!({"provider": "github", "delay_ms": "a lot"}), "a lot"),
        (json!({"provider": "github", "delay_ms": -1}), "-1"),
        (json!({"provider": "github", "status": 42}), "599"),
        (json!({"provider": "github", "status": 70000}), "70000"),
        (json!([]), "invalid"),
    ] {
        let reply = sim.put("/_simulator/faults", &body).await;

        assert_eq!(reply.status, 400, "{body}");
        assert!(reply.error().contains(word), "{body}: {}", reply.error());
    }
}

#[actix_web::test]
async fn what_is_left_out_takes_its_default() {
    let sim = Sim::start();
    sim.faults(json!({"provider": "vercel", "delay_ms": 5, "rotate": false}))
        .await;
    sim.faults(json!({"provider": "vercel", "token_lifetime_s": 30}))
        .await;

    let both = sim.get("/_simulator/faults").await.json();

    assert_eq!(both["vercel"]["delay_ms"], 0);
    assert_eq!(both["vercel"]["rotate"], true);
    assert_eq!(both["vercel"]["expires_in"], true);
    assert_eq!(both["vercel"]["token_lifetime_s"], 30);
    assert_eq!(both["github"]["expires_in"], false);
    assert_eq!(both["github"]["on"], "both");
}

#[actix_web::test]
async fn a_smaller_scope_can_be_granted_than_asked() {
    let sim = Sim::start();
    sim.faults(json!({"provider": "github", "scope": "read:user"}))
        .await;

    let answer = sim.signed_in(GitHub, "ada").await;

    assert_eq!(answer["scope"], "read:user");
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(sim.get_as("/user/emails", token).await.status, 404);
}
