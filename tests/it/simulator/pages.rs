//! The panel, the pages and the list of calls.

use actix_web::http::Method;
use serde_json::json;
use vestibule::provider::Provider::{self, GitHub, Vercel};

use super::{CALLBACK, Reply, Sim};

#[actix_web::test]
async fn calls_are_listed_without_secrets() {
    let sim = Sim::start();
    for provider in Provider::ALL {
        let answer = sim.signed_in(provider, "ada").await;
        let path = if provider == GitHub {
            "/user"
        } else {
            "/login/oauth/userinfo"
        };
        sim.get_as(path, answer["access_token"].as_str().unwrap())
            .await;
    }

    let reply = sim.get("/_simulator/calls").await;
    let panel = sim.get("/_simulator").await;

    let calls = reply.json();
    let list = calls.as_array().unwrap().iter().map(|call| {
        format!(
            "{} {} {} {}",
            call["provider"].as_str().unwrap(),
            call["method"].as_str().unwrap(),
            call["endpoint"].as_str().unwrap(),
            call["status"],
        )
    });
    assert_eq!(
        list.collect::<Vec<_>>(),
        [
            "github GET /login/oauth/authorize 302",
            "github POST /login/oauth/access_token 200",
            "github GET /user 200",
            "vercel GET /oauth/authorize 302",
            "vercel POST /login/oauth/token 200",
            "vercel GET /login/oauth/userinfo 200",
        ]
    );
    assert!(chrono::DateTime::parse_from_rfc3339(calls[0]["at"].as_str().unwrap()).is_ok());
    let secrets = sim.simulator.issued_secrets();
    assert!(secrets.len() >= 10);
    for secret in secrets {
        assert!(!reply.text().contains(&secret));
        assert!(!panel.text().contains(&secret));
    }
}

#[actix_web::test]
async fn calls_can_be_cleared() {
    let sim = Sim::start();
    sim.code(GitHub, "ada").await;
    let cleared = sim
        .request(Method::DELETE, "/_simulator/calls")
        .send()
        .await
        .unwrap();

    assert_eq!(cleared.status(), 204);
    assert!(sim.calls().await.is_empty());
}

#[actix_web::test]
async fn pages_say_what_they_are_and_allow_nothing_else() {
    let sim = Sim::start();
    for page in [
        sim.authorize(GitHub, &[]).await,
        sim.authorize(Vercel, &[("client_id", "nobody")]).await,
        sim.get("/_simulator").await,
    ] {
        assert!(page.text().contains("This is not"));
        assert!(page.text().contains("simulator"));
        assert!(!page.text().contains("<script") && !page.text().contains("style="));
        let policy = page.header("Content-Security-Policy");
        assert!(policy.starts_with("default-src 'none'"));
        assert!(policy.contains("form-action 'self' http://localhost:8080"));
        assert_eq!(page.header("Cache-Control"), "no-store");
        assert_eq!(page.header("X-Content-Type-Options"), "nosniff");
    }
    let css = sim.get("/_simulator/simulator.css").await;
    assert!(css.header("Content-Type").starts_with("text/css"));
}

#[actix_web::test]
async fn the_panel_sets_faults_and_goes_back_to_itself() {
    let sim = Sim::start();
    let form = [
        ("provider", "vercel"),
        ("delay_ms", "25"),
        ("rotate", "false"),
        ("status", ""),
    ];

    let reply = sim.post("/_simulator/faults", &form).await;

    assert_eq!(
        (reply.status, reply.header("Location")),
        (303, "/_simulator")
    );
    let faults = sim.get("/_simulator/faults").await.json()["vercel"].clone();
    assert_eq!(
        (&faults["delay_ms"], &faults["rotate"]),
        (&json!(25), &json!(false))
    );
    let nonsense = [("provider", "vercel"), ("delay_ms", "soon")];
    assert_eq!(sim.post("/_simulator/faults", &nonsense).await.status, 400);
}

#[actix_web::test]
async fn the_panel_revokes_everything_at_one_provider() {
    let sim = Sim::start();
    let vercel = sim.signed_in(Vercel, "ada").await;
    let github = sim.signed_in(GitHub, "ada").await;

    let reply = sim
        .post("/_simulator/revocations", &[("provider", "vercel")])
        .await;

    assert_eq!(reply.status, 303);
    assert_eq!(
        sim.get_as("/v2/user", vercel["access_token"].as_str().unwrap())
            .await
            .status,
        403
    );
    assert_eq!(
        sim.get_as("/user", github["access_token"].as_str().unwrap())
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn there_is_nothing_else_here() {
    let sim = Sim::start();
    for path in [
        "/",
        "/api/user",
        "/users/ada",
        "/_simulator/avatars/mallory.svg",
    ] {
        assert_eq!(sim.get(path).await.status, 404, "{path}");
    }
    assert_eq!(sim.get("/users/ada").await.json()["message"], "Not Found");
}

#[actix_web::test]
async fn hostile_input_is_refused_and_the_simulator_lives() {
    let sim = Sim::start();
    let long = "x".repeat(10_000);
    for path in [
        format!("/login/oauth/authorize?client_id={long}"),
        format!("/login/oauth/authorize?client_id=%00%ff&redirect_uri={CALLBACK}"),
        "/oauth/authorize?&&&=&=".to_owned(),
        format!("/applications/{long}/token"),
    ] {
        assert!(sim.get(&path).await.status < 500, "{path}");
    }
    for (path, method) in [
        ("/login/oauth/access_token", Method::POST),
        ("/login/oauth/token", Method::POST),
        ("/_simulator/faults", Method::PUT),
        ("/_simulator/people", Method::PUT),
        ("/applications/github-client/token", Method::DELETE),
    ] {
        for authorization in ["Basic", "Basic %", "Basic /w==", "Bearer", "Bearer ", ":"] {
            let request = sim.request(method.clone(), path);
            let request = request.insert_header(("Authorization", authorization));
            let sent = request.send_body(vec![0xff; 1000]).await.unwrap();

            assert!(Reply::read(sent).await.status < 500, "{path}");
        }
    }
    assert_eq!(sim.get("/_simulator").await.status, 200);
}

#[actix_web::test]
async fn a_stopped_simulator_answers_nobody() {
    let sim = Sim::start();
    assert_eq!(sim.get("/_simulator").await.status, 200);
    let url = sim.simulator.url().to_owned();

    sim.simulator.stop().await;

    assert!(awc::Client::new().get(url).send().await.is_err());
}
