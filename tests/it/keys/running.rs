//! A ring that changes under those who use it.

use std::fs;
use std::time::Duration;

use super::Ring;
use crate::support::serving::{Serving, for_serve};
use crate::support::{TestApp, Visitor, databases, eventually};

#[actix_web::test]
async fn a_running_server_takes_another_ring_on_sighup_and_never_a_bad_one() {
    let ring = Ring::new();
    let url = databases::migrated();
    let variables = for_serve(&url, "http://localhost:1");
    let mut serving = Serving::start(&variables, ring.folder.path()).await;
    let hears = async |words: &str| {
        serving.signal("-HUP");
        eventually(words, Duration::from_secs(10), async || {
            serving.said().contains(words)
        })
        .await;
    };
    hears("the key ring is the same as before").await;
    let good = ring.text();
    fs::write(ring.path(), "{}").unwrap();
    hears("is not taken, and the one before stays in use: it is not a JWK Set").await;
    fs::write(ring.path(), good).unwrap();
    ring.succeed(&["keys", "rotate"]);
    hears("the key ring has changed").await;
    let (status, said) = serving.stop();
    assert_eq!(status, Some(0), "{said}");
}

#[actix_web::test]
async fn a_running_server_drops_a_retired_key_on_sighup() {
    let mut ring = Ring::new();
    let app = ring.app().await;
    let url = app.simulator.url().to_owned();
    let variables = for_serve(&app.database_url, &url);
    let mut serving = Serving::start(&variables, ring.folder.path()).await;
    let mut ada = Visitor::new(serving.port);
    ada.cookies = app.signed_in("github", "ada").await.cookies;
    assert!(ada.is_signed_in().await, "and so the cookie is remembered");
    ring.succeed(&["keys", "rotate", "--now"]);
    ring.succeed(&["keys", "retire", &ring.kids("EdDSA")[0], "--force"]);
    assert!(ada.is_signed_in().await, "it has not read the ring yet");

    serving.signal("-HUP");
    eventually("signed out", Duration::from_secs(10), async || {
        !ada.clone().is_signed_in().await
    })
    .await;
    assert_eq!(serving.stop().0, Some(0));
}

#[actix_web::test]
async fn sighup_does_not_end_a_server_that_is_waiting_for_its_database() {
    let ring = Ring::new();
    let variables = for_serve("postgres://localhost:1/none", "http://localhost:1");
    let mut command = crate::commands::vestibule(&["serve"], &variables, ring.folder.path());
    let log = fs::File::create(ring.folder.path().join("said")).unwrap();
    let mut child = command
        .env("BIND", "127.0.0.1:0")
        .stderr(log)
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    let said = |words: &str| {
        let said = fs::read_to_string(ring.folder.path().join("said")).unwrap();
        said.contains(words)
    };
    eventually("waiting", Duration::from_secs(10), async || {
        said("waiting for the database")
    })
    .await;
    let hang_up = std::process::Command::new("kill")
        .args(["-HUP", &pid])
        .status();
    assert!(hang_up.unwrap().success());
    eventually("heard", Duration::from_secs(10), async || {
        said("SIGHUP: the key ring")
    })
    .await;
    assert_eq!(child.try_wait().unwrap(), None);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[actix_web::test]
async fn a_process_that_has_not_read_the_new_ring_turns_nobody_away() {
    let mut ring = Ring::new();
    let first = ring.app().await;
    let second = TestApp::start_on(first.database_url.clone(), ring.live(), &[]).await;
    let before = first.signed_in("github", "ada").await;
    ring.succeed(&["keys", "rotate", "--now"]);
    assert!(first.ring.reload().ok().unwrap());

    let after = first.signed_in("github", "grace").await;
    assert!(
        after.at(&second).is_signed_in().await,
        "looks at the file at once"
    );
    for app in [&first, &second] {
        assert!(
            before.at(app).is_signed_in().await,
            "old keys go on opening"
        );
    }
    let rings = [&first, &second].map(|app| app.ring.current());
    let newest = ring.kids("EdDSA").pop().unwrap();
    assert!(
        rings
            .iter()
            .all(|ring| ring.active_signing().kid() == newest)
    );
}

#[actix_web::test]
async fn a_cookie_under_a_retired_key_signs_nobody_in_and_is_not_taken_away() {
    for alg in ["EdDSA", "ECDH-ES"] {
        let mut ring = Ring::new();
        let app = ring.app().await;
        let mut ada = app.signed_in("github", "ada").await;
        ring.succeed(&["keys", "rotate", "--now"]);
        app.ring.reload().ok().unwrap();
        assert!(ada.is_signed_in().await, "and so the cookie is remembered");

        ring.succeed(&["keys", "retire", &ring.kids(alg)[0], "--force"]);
        assert!(app.ring.reload().ok().unwrap());
        assert!(!ada.is_signed_in().await, "{alg}");
        ada.get("/account")
            .await
            .assert_redirects_to("/signin?next=%2Faccount");
        ada.get("/").await.assert_status(200);
        assert!(ada.session().is_some(), "another process may know the key");

        ada.sign_in("github", "ada").await.assert_redirects_to("/");
        assert!(ada.is_signed_in().await);
    }
}
