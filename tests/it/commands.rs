//! The binary, as operators run it.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use crate::support::{TestApp, Visitor, databases, eventually};

pub fn vestibule(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(folder);
    command
}

pub fn run(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> Output {
    vestibule(arguments, variables, folder).output().unwrap()
}

pub fn words(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(both).unwrap()
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

#[actix_web::test]
async fn an_operator_ends_the_sessions_of_one_person_or_of_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start().await;
    let variables = [("DATABASE_URL", app.database_url.as_str())];
    let revoke = |arguments: &[&str]| {
        let all = [&["sessions", "revoke"], arguments].concat();
        let output = run(&all, &variables, folder.path());
        (output.status.code(), words(&output))
    };
    let mut ada = app.signed_in("github", "ada").await;
    let mut other_ada = app.signed_in("vercel", "ada").await;
    let mut grace = app.signed_in("github", "grace").await;

    assert_eq!(revoke(&[]).0, Some(2), "whose has to be said");
    assert_eq!(revoke(&["--user", "ada", "--all"]).0, Some(2));
    let (status, said) = revoke(&["--user", "nobody"]);
    assert!(
        status == Some(1) && said.contains("nobody is called nobody"),
        "{said}"
    );
    let (status, said) = revoke(&["--user", "ada"]);
    assert!(
        status == Some(1) && said.contains("github:ada") && said.contains("vercel:ada"),
        "{said}"
    );
    assert!(ada.is_signed_in().await && other_ada.is_signed_in().await);

    let (status, said) = revoke(&["--user", "GitHub:Ada"]);
    assert!(status == Some(1), "a provider is a word of ours: {said}");
    let (status, said) = revoke(&["--user", "github:Ada"]);
    assert!(
        status == Some(0) && said.contains("ended 1 session"),
        "{said}"
    );
    eventually("refused", Duration::from_secs(10), async || {
        !ada.clone().is_signed_in().await
    })
    .await;
    ada.get("/account").await.assert_status(303);
    ada.get("/signin")
        .await
        .assert_says("ended by whoever runs this site");
    assert!(other_ada.is_signed_in().await && grace.is_signed_in().await);

    // More than a batch.
    app.execute(
        "insert into sessions (id, user_id, auth_provider, cookie_expires_at, expires_at, user_agent, ip)
         select gen_random_uuid(), user_id, auth_provider, cookie_expires_at, expires_at, user_agent, ip
         from sessions, generate_series(1, 1200) where ended_at is null",
    );
    let (status, said) = revoke(&["--all"]);
    assert!(
        status == Some(0) && said.contains("ended 2402 sessions of everybody"),
        "{said}"
    );
    eventually("refused", Duration::from_secs(10), async || {
        !grace.clone().is_signed_in().await
    })
    .await;
    assert!(!other_ada.is_signed_in().await);
    assert_eq!(app.count("select count(*) as n from revocations"), 2_403);
    assert_eq!(app.count("select count(*) as n from audit_events where details ->> 'reason' = 'ended_by_operator'"), 2_403);
    let (status, said) = revoke(&["--all"]);
    assert!(
        status == Some(0) && said.contains("nothing to end"),
        "{said}"
    );
}

#[actix_web::test]
async fn the_demo_runs_as_many_instances_as_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    // Three in a row that are free now; the simulator's lies among them.
    let port = (20_000..30_000_u16)
        .step_by(10)
        .find(|port| (0..4).all(|n| TcpListener::bind(("127.0.0.1", port + n)).is_ok()))
        .unwrap();
    let log = fs::File::create(folder.path().join("said")).unwrap();
    let arguments = [
        "demo",
        "--instances",
        "3",
        "--port",
        &port.to_string(),
        "--simulator-port",
        &(port + 1).to_string(),
    ]
    .map(str::to_owned);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut demo = vestibule(&arguments, &[("PATH", env!("PATH"))], folder.path())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let said = || fs::read_to_string(folder.path().join("said")).unwrap();
    eventually("ready", Duration::from_mins(1), async || {
        said().contains("Ctrl-C stops")
    })
    .await;

    let host = format!("localhost:{port}");
    let info = async |port: u16, cookie: &str| {
        let headers = [("host", host.as_str()), ("cookie", cookie)];
        let url = format!("http://127.0.0.1:{port}/api/auth/info");
        Visitor::fetch("GET", &url, &headers, "").await.json()
    };
    for port in [port, port + 2, port + 3] {
        assert_eq!(info(port, "").await, serde_json::json!({}), "{}", said());
    }
    // Killed: its instances and its Postgres go with it.
    demo.kill().unwrap();
    demo.wait().unwrap();
    eventually("gone", Duration::from_secs(30), async || {
        [port, port + 2, port + 3]
            .iter()
            .all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
    })
    .await;
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
        &["keys", "list", "--help"],
        &["keys", "rotate", "--help"],
        &["keys", "retire", "--help"],
        &["sessions", "--help"],
        &["sessions", "revoke", "--help"],
        &["tokens", "--help"],
        &["tokens", "reseal", "--help"],
    ] {
        let output = run(arguments, &[], folder.path());
        assert!(
            output.status.success() && output.stdout.len() > 100,
            "{arguments:?}"
        );
    }
}
