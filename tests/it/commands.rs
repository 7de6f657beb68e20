//! The binary, as operators run it.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{TestApp, Visitor, databases};

fn vestibule(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(folder);
    command
}

fn run(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> Output {
    vestibule(arguments, variables, folder).output().unwrap()
}

fn words(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(both).unwrap()
}

/// A server that is ended when the test is over, whatever came of it.
struct Serving {
    child: Child,
    port: u16,
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
        let mut command = vestibule(&["serve"], variables, folder);
        command
            .env("BIND", bind)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut serving = Self {
            child: command.spawn().unwrap(),
            port,
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
        let mut said = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (status.code(), said)
    }
}

#[test]
fn serve_lists_everything_that_is_missing_and_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["serve"], &[], folder.path());
    let said = words(&output);

    assert_eq!(output.status.code(), Some(1));
    for variable in ["PUBLIC_URL:", "DATABASE_URL:", "KEYS_FILE:"] {
        assert_eq!(
            said.lines()
                .filter(|line| line.starts_with(variable))
                .count(),
            1,
            "{said}"
        );
    }
    let half = [
        ("PUBLIC_URL", "ftp://x"),
        ("KEYS_FILE", "nowhere.json"),
        ("GITHUB_CLIENT_ID", "id"),
    ];
    let said = words(&run(&["serve"], &half, folder.path()));
    for part in [
        "PUBLIC_URL: must be https",
        "KEYS_FILE: nowhere.json cannot be read",
        "GITHUB_CLIENT_SECRET: not set, though",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn keys_are_made_once_and_listed_without_their_secrets() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        run(&["keys", "generate", "ring.json"], &[], folder.path())
            .status
            .success()
    );
    let ring = fs::read_to_string(folder.path().join("ring.json")).unwrap();
    let again = run(
        &["keys", "generate"],
        &[("KEYS_FILE", "ring.json")],
        folder.path(),
    );
    assert_eq!(
        (again.status.code(), ring),
        (
            Some(1),
            fs::read_to_string(folder.path().join("ring.json")).unwrap()
        )
    );

    let listed = words(&run(
        &["keys", "list"],
        &[("KEYS_FILE", "ring.json")],
        folder.path(),
    ));
    assert_eq!(
        listed
            .lines()
            .filter(|line| line.contains(" active "))
            .count(),
        4,
        "{listed}"
    );
    let ring: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("ring.json")).unwrap()).unwrap();
    for key in ring["keys"].as_array().unwrap() {
        let secret = key["d"].as_str().or(key["k"].as_str()).unwrap();
        assert!(!listed.contains(secret) && listed.contains(key["kid"].as_str().unwrap()));
    }
}

#[test]
fn a_schema_that_is_behind_is_refused_until_it_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let url = databases::empty();
    run(&["keys", "generate"], &[], folder.path());
    let variables = [
        ("PUBLIC_URL", "https://a.example"),
        ("DATABASE_URL", url.as_str()),
        ("KEYS_FILE", "keys.json"),
        ("BIND", "127.0.0.1:0"),
    ];
    let refused = run(&["serve"], &variables, folder.path());
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        words(&refused).contains("migrations behind"),
        "{}",
        words(&refused)
    );

    let migrated = words(&run(&["migrate"], &variables, folder.path()));
    assert!(migrated.contains("migrated: "), "{migrated}");
    assert!(words(&run(&["migrate"], &variables, folder.path())).contains("nothing to migrate"));
}

#[test]
fn the_demos_ring_is_not_for_production() {
    let folder = tempfile::tempdir().unwrap();
    vestibule::crypto::keys::write_new(&folder.path().join("keys.json"), true)
        .ok()
        .unwrap();
    let variables = [
        ("PUBLIC_URL", "https://a.example"),
        ("DATABASE_URL", "postgres://x/x"),
        ("KEYS_FILE", "keys.json"),
    ];
    let refused = run(&["serve"], &variables, folder.path());

    assert_eq!(refused.status.code(), Some(1));
    assert!(
        words(&refused).contains("KEYS_FILE: is the demo's ring"),
        "{}",
        words(&refused)
    );
}

#[test]
fn help_is_there_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["--help"][..],
        &["demo", "--help"],
        &["serve", "--help"],
        &["migrate", "--help"],
        &["keys", "--help"],
        &["keys", "generate", "--help"],
    ] {
        let output = run(arguments, &[], folder.path());
        assert!(
            output.status.success() && output.stdout.len() > 100,
            "{arguments:?}"
        );
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
            seen += &format!(
                "{} {:?} {}",
                answer.body,
                answer.header("location"),
                answer.status
            );
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
    assert!(secrets.len() > 20);
    for secret in secrets {
        assert!(
            !seen.contains(&secret) && !said.contains(&secret),
            "a secret came out: {secret}"
        );
    }
}
