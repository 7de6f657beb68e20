//! The whole story against the binary, with everything that it says searched
//! for secrets.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::commands::{run, vestibule};
use crate::support::{TestApp, Visitor, databases};

/// A server that is ended when the test is over, whatever came of it.
struct Serving {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    async fn start(variables: &[(&str, &str)], folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let bind = format!("127.0.0.1:{port}");
        // A file: a pipe that nobody reads would stop a server that says much.
        let log = folder.join("said");
        let file = File::create(&log).unwrap();
        let mut command = vestibule(&["serve"], variables, folder);
        command
            .env("BIND", bind)
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        let mut serving = Self {
            child: command.spawn().unwrap(),
            port,
            log,
        };
        serving.wait_until_ready().await;
        serving
    }

    async fn wait_until_ready(&mut self) {
        let patience = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && patience.elapsed() < Duration::from_secs(30),
                "not serving: {ended:?}"
            );
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops it as a supervisor does; everything that it said.
    fn stop(&mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let status = self.child.wait().unwrap();
        let said = fs::read_to_string(&self.log).unwrap();
        (status.code(), said)
    }
}

#[actix_web::test]
async fn no_secret_is_ever_logged_shown_or_sent_but_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    // Only its simulator is used; the app under test is the binary.
    let app = TestApp::start().await;
    let (origin, simulator, url) = (
        "https://localhost",
        app.simulator.url().to_owned(),
        databases::empty(),
    );
    run(&["keys", "generate"], &[], folder.path());
    let mut serving = Serving::start(
        &[
            ("PUBLIC_URL", origin),
            ("DATABASE_URL", &url),
            ("AUTO_MIGRATE", "true"),
            ("KEYS_FILE", "keys.json"),
            ("GITHUB_CLIENT_ID", "id-github"),
            ("GITHUB_CLIENT_SECRET", "canary-client-secret-github"),
            ("GITHUB_URL", &simulator),
            ("GITHUB_API_URL", &simulator),
            ("VERCEL_CLIENT_ID", "id-vercel"),
            ("VERCEL_CLIENT_SECRET", "canary-client-secret-vercel"),
            ("VERCEL_URL", &simulator),
            ("VERCEL_API_URL", &simulator),
            ("LOG_LEVEL", "trace"),
            ("SHUTDOWN_DRAIN", "0"),
        ],
        folder.path(),
    )
    .await;
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
