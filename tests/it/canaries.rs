//! The whole story against the binary, with everything that it says searched
//! for secrets.

use std::fs;

use crate::commands::run;
use crate::support::serving::{Serving, for_serve};
use crate::support::{TestApp, Visitor, databases};

#[actix_web::test]
async fn no_secret_is_ever_logged_shown_or_sent_but_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    // Only its simulator is used; the app under test is the binary.
    let app = TestApp::start().await;
    let (simulator, url) = (app.simulator.url().to_owned(), databases::empty());
    run(&["keys", "generate"], &[], folder.path());
    let mut variables = for_serve(&url, &simulator);
    variables.push(("AUTO_MIGRATE", "true"));
    variables.push(("LOG_LEVEL", "trace"));
    let mut serving = Serving::start(&variables, folder.path()).await;
    let (mut seen, mut secrets) = (String::new(), Vec::new());
    for (provider, fault) in [
        ("github", None),
        ("vercel", None),
        ("github", Some("error_200")),
        ("vercel", Some("truncated")),
    ] {
        app.simulate(
            "faults",
            serde_json::json!({"provider": provider, "malformed": fault}),
        )
        .await;
        let mut browser = Visitor::new(serving.port);
        let address = browser.start(provider, "/").await;
        secrets.push(
            address
                .split("state=")
                .nth(1)
                .unwrap()
                .split('&')
                .next()
                .unwrap()
                .to_owned(),
        );
        let callback = Visitor::approve(&address, "ada").await;
        for path in [
            &callback,
            &callback,
            "/",
            "/account",
            "/account/session",
            "/account/sessions",
            "/account/activity",
            "/api/sessions",
            "/api/audit",
            "/signin",
            "/signout",
            "/api/auth/info",
        ] {
            let answer = browser.get(path).await;
            secrets.extend(browser.cookies.values().cloned());
            seen += &answer.body;
            for (name, value) in &answer.headers {
                if name != "set-cookie" {
                    seen += value.to_str().unwrap();
                }
            }
        }
        let answer = browser.sign_out().await;
        seen += &answer.body;
        seen += &browser.get("/").await.body;
    }
    let (status, said) = serving.stop();

    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.contains("signed in")
            && said.contains("sign-in failed")
            && said.contains("\"route\":\"/api/auth/callback/{provider}\""),
        "{said}"
    );
    secrets.extend(app.simulator.issued_secrets());
    let ring = fs::read(folder.path().join("keys.json")).unwrap();
    let ring: serde_json::Value = serde_json::from_slice(&ring).unwrap();
    for key in ring["keys"].as_array().unwrap() {
        secrets.push(key["d"].as_str().or(key["k"].as_str()).unwrap().to_owned());
    }
    assert!(secrets.len() > 20);
    for secret in secrets {
        assert!(
            !seen.contains(&secret) && !said.contains(&secret),
            "a secret came out: {secret}"
        );
    }
}
