//! `vestibule serve` with a ring that does not open what is stored.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Ring;
use crate::commands::{vestibule, words};
use crate::support::TestApp;
use crate::support::serving::{Serving, for_serve};

const TOKENS: &str = "select encode(access_token, 'hex') as t from accounts order by id";

/// Refused with these words in one line, and nothing is written.
fn refuse(app: &TestApp, ring: &Ring, parts: &[&str]) {
    let (before, text) = (app.texts(TOKENS), ring.text());
    let url = app.simulator.url().to_owned();
    let mut variables = for_serve(&app.database_url, &url);
    variables.push(("BIND", "127.0.0.1:0"));
    let said = start_and_end(&mut vestibule(&["serve"], &variables, ring.folder.path()));
    for part in parts {
        let lines = said.lines().filter(|line| line.contains(part));
        assert_eq!(lines.count(), 1, "{part} is not in {said}");
    }
    assert_eq!((before, text), (app.texts(TOKENS), ring.text()));
}

/// What it said before it ended by itself, which it has to, with 1.
fn start_and_end(command: &mut Command) -> String {
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let said = words(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

#[actix_web::test]
async fn a_ring_that_lacks_a_key_of_stored_tokens_is_refused() {
    let mut ring = Ring::new();
    let app = ring.app().await;
    app.signed_in("github", "ada").await;
    let kid = ring.kids("A256GCM-SIV").remove(0);
    let other = Ring::new();
    refuse(
        &app,
        &other,
        &[&format!("KEYS_FILE: does not hold the key {kid}")],
    );

    // Also when newer ones are known.
    ring.rotate_long_ago();
    app.ring.reload().ok().unwrap();
    for person in ["grace", "alan"] {
        app.signed_in("github", person).await;
    }
    ring.change(|set| {
        set["keys"]
            .as_array_mut()
            .unwrap()
            .retain(|key| key["kid"] != kid.as_str());
    });
    refuse(&app, &ring, &[&format!("does not hold the key {kid}")]);
}

#[actix_web::test]
async fn another_key_of_the_same_name_is_refused_and_one_corrupt_row_is_not() {
    let mut ring = Ring::new();
    let app = ring.app().await;
    for person in ["ada", "grace", "alan"] {
        app.signed_in("github", person).await;
    }
    let kid = ring.kids("A256GCM-SIV").remove(0);
    let other = Ring::new();
    other.change(|set| set["keys"][2]["kid"] = kid.as_str().into());
    refuse(
        &app,
        &other,
        &[
            "KEYS_FILE: holds another key",
            "of 3 that were looked at none",
        ],
    );

    app.execute(
        "update accounts set access_token = set_byte(access_token, 40, 255 - get_byte(access_token, 40))
         where username = 'grace'",
    );
    let url = app.simulator.url().to_owned();
    let variables = for_serve(&app.database_url, &url);
    let mut serving = Serving::start(&variables, ring.folder.path()).await;
    assert_eq!(serving.stop().0, Some(0));
}
