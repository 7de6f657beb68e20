//! `vestibule keys rotate`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

use serde_json::json;

use super::Ring;
use crate::commands::vestibule;

const ALGS: [&str; 4] = ["EdDSA", "ECDH-ES", "A256GCM-SIV", "pre-sign-in"];

/// The kids that `keys list` shows in this state.
fn in_state(ring: &Ring, state: &str) -> Vec<String> {
    let listed = ring.succeed(&["keys", "list"]);
    let lines = listed.lines().map(str::split_whitespace);
    let fields = lines.map(Iterator::collect::<Vec<_>>);
    fields
        .filter(|fields| fields[2] == state)
        .map(|fields| fields[0].to_owned())
        .collect()
}

#[test]
fn a_rotation_adds_a_key_of_each_kind_and_loses_nothing() {
    let mut ring = Ring::new();
    ring.change(|set| {
        set["x-note"] = json!({"by": ["ops"], "n": 1.5});
        set["keys"][0]["x5t"] = json!("abc");
    });
    let link = ring.folder.path().join("link.json");
    symlink("keys.json", &link).unwrap();
    // Only root can give a file away.
    let owner = if chown(ring.path(), Some(65_534), Some(65_533)).is_ok() {
        (65_534, 65_533)
    } else {
        let found = fs::metadata(ring.path()).unwrap();
        (found.uid(), found.gid())
    };
    let (before, old) = (ring.json(), in_state(&ring, "active"));
    ring.variables = vec![("KEYS_FILE".to_owned(), "link.json".to_owned())];
    let said = ring.succeed(&["keys", "rotate"]);

    let after = ring.json();
    assert_eq!(after["x-note"], before["x-note"]);
    let keys = after["keys"].as_array().unwrap();
    assert_eq!(keys[..4], before["keys"].as_array().unwrap()[..]);
    assert_eq!(keys.len(), 8);
    for (key, alg) in keys[4..].iter().zip(ALGS) {
        assert_eq!(key["alg"], alg);
        let (made, active) = (key["iat"].as_i64().unwrap(), key["nbf"].as_i64().unwrap());
        assert_eq!(active - made, 600);
        let secret = key["d"].as_str().or(key["k"].as_str()).unwrap();
        assert!(!said.contains(secret), "{said}");
        assert!(said.contains(key["kid"].as_str().unwrap()), "{said}");
    }
    assert_eq!(in_state(&ring, "active"), old, "the new ones wait");
    assert_eq!(in_state(&ring, "pending").len(), 4);

    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let found = fs::metadata(ring.path()).unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    assert_eq!((found.uid(), found.gid()), owner);
    let names = fs::read_dir(ring.folder.path()).unwrap().count();
    assert_eq!(names, 2, "nothing else is left behind");

    let said = ring.succeed(&["keys", "rotate", "keys.json"]);
    let pending = keys[4]["kid"].as_str().unwrap();
    assert!(said.contains("not active yet, from an earlier") && said.contains(pending));
    assert_eq!(in_state(&ring, "pending").len(), 8);
}

#[test]
fn a_rotation_for_a_leak_is_active_at_once() {
    let ring = Ring::new();
    // Within one second, too.
    for count in 1..4 {
        let said = ring.succeed(&["keys", "rotate", "--now"]);
        assert!(said.contains("active from now on"), "{said}");
        let newest = ALGS.map(|alg| ring.kids(alg).pop().unwrap());
        assert_eq!(in_state(&ring, "active"), newest);
        assert_eq!(in_state(&ring, "old").len(), 4 * count);
    }
    ring.succeed(&["keys", "rotate"]);
    let said = ring.succeed(&["keys", "rotate", "--now"]);
    assert!(said.contains("retire them first of all"), "{said}");
}

#[test]
fn rotations_at_once_all_survive() {
    let ring = Ring::new();
    let rotate = |_| vestibule(&["keys", "rotate"], &ring.variables(), ring.folder.path());
    let started: Vec<_> = (0..8)
        .map(|n| {
            rotate(n)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in started {
        assert!(child.wait().unwrap().success());
    }
    for alg in ALGS {
        assert_eq!(ring.kids(alg).len(), 9, "{alg}");
    }
}

#[test]
fn what_is_no_ring_of_ours_is_not_rotated() {
    let mut ring = Ring::new();
    ring.change(|set| drop(set["keys"].as_array_mut().unwrap().remove(2)));
    ring.refuse(&["keys", "rotate"], &["A256GCM-SIV"]);
    fs::write(ring.path(), "{").unwrap();
    ring.refuse(&["keys", "rotate"], &["not a JWK Set"]);

    let whole = Ring::new();
    fs::set_permissions(whole.path(), fs::Permissions::from_mode(0o640)).unwrap();
    whole.refuse(&["keys", "rotate"], &["chmod 600"]);
    let (status, said) = whole.run(&["keys", "rotate", "nowhere.json"]);
    assert!(
        status == Some(1) && said.contains("nowhere.json cannot be read"),
        "{said}"
    );

    ring.variables = vec![("KEYS".to_owned(), whole.text())];
    let said = ring.refuse(
        &["keys", "rotate"],
        &["KEYS: the ring is in the environment"],
    );
    let secret = whole.json()["keys"][2]["k"].as_str().unwrap().to_owned();
    assert!(!said.contains(&secret));
    ring.variables.clear();
    ring.refuse(&["keys", "rotate"], &["KEYS_FILE: not set"]);
}
