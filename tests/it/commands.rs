//! The binary, as operators run it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::databases;

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

fn words(output: &Output) -> String {
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
