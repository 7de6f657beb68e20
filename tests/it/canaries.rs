//! The whole story against the binary, with everything that it says searched
//! for secrets.

use std::fs;

use crate::commands::run;
use crate::support::canaries::assert_absent;
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
            // The last provider's name is no secret.
            let values = browser.cookies.values().cloned();
            secrets.extend(values.filter(|value| value.len() > 20));
            seen += &answer.body;
            for (name, value) in &answer.headers {
                if name != "set-cookie" {
                    seen += value.to_str().unwrap();
                }
            }
        }
        seen += &whole_life_of_tokens(&app, &mut browser, &url, provider).await;
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
    let dump = dump(&url);
    assert!(dump.contains("COPY public.accounts") && dump.contains("handed_out"));
    let ring = fs::read(folder.path().join("keys.json")).unwrap();
    let ring: serde_json::Value = serde_json::from_slice(&ring).unwrap();
    for key in ring["keys"].as_array().unwrap() {
        secrets.push(key["d"].as_str().or(key["k"].as_str()).unwrap().to_owned());
    }
    assert!(secrets.len() > 20);
    let everything = [dump];
    for secret in secrets {
        assert_absent(&secret, &everything);
        assert!(
            !seen.contains(&secret) && !said.contains(&secret),
            "a secret came out: {secret}"
        );
    }
}

/// Connected, handed out, refreshed, failed, disconnected: all that is said
/// meanwhile, but for the tokens themselves where they are asked for.
async fn whole_life_of_tokens(
    app: &TestApp,
    browser: &mut Visitor,
    url: &str,
    provider: &str,
) -> String {
    if !browser.is_signed_in().await {
        return String::new();
    }
    let other = if provider == "github" {
        "vercel"
    } else {
        "github"
    };
    let mut said = browser.reconnect(other, "alan").await.body;
    let wish = serde_json::json!({"name": "canary", "scopes": ["accounts:token", "read"]});
    let made = browser.make_token(&wish).await.assert_status(201).json();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let header = [("authorization", &*bearer)];
    for fault in [None, Some("truncated"), Some("error_200"), None] {
        let expired = "update accounts set access_token_expires_at = now(),
            refresh_lease_until = refresh_lease_until - interval '1 hour', refresh_not_before = null";
        diesel::connection::SimpleConnection::batch_execute(
            &mut <diesel::PgConnection as diesel::Connection>::establish(url).unwrap(),
            expired,
        )
        .unwrap();
        let fault = serde_json::json!({"provider": "vercel", "malformed": fault, "on": "token"});
        app.simulate("faults", fault).await;
        let path = "/api/accounts/vercel/token";
        let answer = browser.send_bare("GET", path, &header, "").await;
        if answer.status != 200 {
            said += &answer.body;
        }
        said += &browser.get("/account").await.body;
    }
    said += &browser.get("/account/activity").await.body;
    said + &browser.disconnect(other).await.body
}

fn dump(url: &str) -> String {
    let dump = std::process::Command::new("pg_dump").arg(url).output();
    let dump = dump.unwrap_or_else(|_| {
        let found = fs::read_dir("/usr/lib/postgresql").unwrap();
        let newest = found.map(|entry| entry.unwrap().path()).max().unwrap();
        let program = newest.join("bin/pg_dump");
        std::process::Command::new(program)
            .arg(url)
            .output()
            .unwrap()
    });
    assert!(
        dump.status.success(),
        "{}",
        String::from_utf8_lossy(&dump.stderr)
    );
    String::from_utf8(dump.stdout).unwrap()
}
