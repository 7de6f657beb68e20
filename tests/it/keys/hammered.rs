//! Every key is rotated, more than once, while everybody is at work: no request
//! fails, and nobody is signed out.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::Duration;

use actix_web::rt;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::commands::run;
use crate::support::serving::{Serving, for_serve};
use crate::support::{TestApp, Visitor};

const CONNECTIONS: usize = 32;

/// What failed, and when everybody is to stop.
#[derive(Default)]
struct Hammering {
    over: Cell<bool>,
    done: Cell<usize>,
    failures: RefCell<Vec<String>>,
}

impl Hammering {
    fn note(&self, what: &str, is_good: bool, body: &str) {
        self.done.set(self.done.get() + 1);
        if !is_good {
            self.failures.borrow_mut().push(format!("{what}: {body}"));
        }
    }

    /// Pages with a session, and provider tokens with an API token, now here
    /// and now there.
    async fn hammer(&self, ports: &[u16], mut browser: Visitor, bearer: &str, first: usize) {
        let header = [("authorization", bearer)];
        for turn in first.. {
            if self.over.get() {
                return;
            }
            browser.port = ports[turn % ports.len()];
            let page = browser.get("/account/session").await;
            self.note("page", page.status == 200, &page.body);
            let path = if turn % 2 == 0 { "github" } else { "vercel" };
            let path = format!("/api/accounts/{path}/token");
            let token = browser.send_bare("GET", &path, &header, "").await;
            self.note("token", token.status == 200, &token.body);
            rt::time::sleep(Duration::from_millis(80)).await;
        }
    }
}

/// Lets two minutes pass for every key.
fn age(ring: &Path) {
    let mut keys: Value = serde_json::from_slice(&std::fs::read(ring).unwrap()).unwrap();
    for key in keys["keys"].as_array_mut().unwrap() {
        for time in ["iat", "nbf"] {
            key[time] = json!(key[time].as_i64().unwrap() - 120);
        }
    }
    // Whole or not at all, as everybody should: it is being read.
    let new = ring.with_extension("new");
    std::fs::copy(ring, &new).unwrap();
    std::fs::write(&new, keys.to_string()).unwrap();
    std::fs::rename(&new, ring).unwrap();
}

fn kids(ring: &Path, alg: &str) -> Vec<String> {
    let keys: Value = serde_json::from_slice(&std::fs::read(ring).unwrap()).unwrap();
    let of_alg = keys["keys"].as_array().unwrap().iter();
    of_alg
        .filter(|key| key["alg"] == alg)
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn rotating_every_key_under_load_fails_no_request() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    run(&["keys", "generate"], &[], folder.path());
    let ring = folder.path().join("keys.json");
    let ring_text = ring.display().to_string();
    let mut variables = for_serve(&app.database_url, app.simulator.url());
    variables.push(("KEYS_FILE", &ring_text));
    variables.extend(
        [
            "RATE_LIMIT_SIGN_IN",
            "RATE_LIMIT_CALLBACK",
            "RATE_LIMIT_BEARER",
        ]
        .map(|it| (it, "0")),
    );
    let (mut processes, mut folders) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let own = tempfile::tempdir().unwrap();
        processes.push(Serving::start(&variables, own.path()).await);
        folders.push(own);
    }
    let ports: Vec<u16> = processes.iter().map(|process| process.port).collect();
    let mut ada = Visitor::new(ports[0]);
    ada.sign_in("github", "ada").await.assert_redirects_to("/");
    ada.reconnect("vercel", "ada")
        .await
        .assert_redirects_to("/account");
    let wish = json!({"name": "reader", "scopes": ["accounts:token"]});
    let made = ada.make_token(&wish).await.assert_status(201).json();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());

    let hammering = Hammering::default();
    let hammer = (0..CONNECTIONS).map(|n| hammering.hammer(&ports, ada.clone(), &bearer, n));
    let vestibule = |arguments: Vec<String>| {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let folder = folder.path().to_owned();
        async move {
            let ran = std::thread::spawn(move || {
                let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
                let variables: Vec<_> = variables.iter().map(|(a, b)| (&**a, &**b)).collect();
                run(&arguments, &variables, &folder)
            });
            while !ran.is_finished() {
                rt::time::sleep(Duration::from_millis(20)).await;
            }
            let output = ran.join().unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    };
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let operator = async {
        for _ in 0..3 {
            rt::time::sleep(Duration::from_millis(300)).await;
            vestibule(words("keys rotate --now")).await;
            // Somebody signs in under the newest, at one of them.
            let mut somebody = Visitor::new(ports[1]);
            somebody
                .sign_in("github", "grace")
                .await
                .assert_redirects_to("/");
            somebody.port = ports[2];
            assert!(somebody.is_signed_in().await);
        }
        vestibule(words("tokens reseal")).await;
        age(&ring);
        let old = kids(&ring, "A256GCM-SIV");
        assert_eq!(old.len(), 4);
        for kid in &old[..3] {
            vestibule(vec!["keys".into(), "retire".into(), kid.clone()]).await;
        }
        assert_eq!(kids(&ring, "A256GCM-SIV"), old[3..]);
        for process in &processes {
            process.signal("-HUP");
        }
        rt::time::sleep(Duration::from_millis(500)).await;
        hammering.over.set(true);
    };
    futures_util::future::join(join_all(hammer), operator).await;
    let said: Vec<_> = processes.iter().map(Serving::said).collect();
    assert_eq!(
        *hammering.failures.borrow(),
        Vec::<String>::new(),
        "{said:#?}"
    );
    assert!(hammering.done.get() > 200, "{}", hammering.done.get());
}
