//! `vestibule keys retire`.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::Ring;
use crate::commands::vestibule;
use crate::support::serving::{Serving, for_serve};

const SEALING: &str = "A256GCM-SIV";

#[test]
fn a_key_that_is_unknown_or_in_use_stays() {
    let ring = Ring::new();
    let active = ring.kids("EdDSA").remove(0);
    let known = [active.as_str(), &ring.kids(SEALING)[0]];
    ring.refuse(
        &["keys", "retire", "seal-x"],
        &["no key seal-x", known[0], known[1]],
    );
    ring.refuse(&["keys", "retire", "seal-x", "--force"], &["no key seal-x"]);
    for alg in ["EdDSA", "ECDH-ES", SEALING, "pre-sign-in"] {
        let kid = &ring.kids(alg)[0];
        ring.refuse(&["keys", "retire", kid], &[kid, "keys rotate"]);
        ring.refuse(&["keys", "retire", kid, "--force"], &[kid, "keys rotate"]);
    }
    ring.succeed(&["keys", "rotate"]);
    for alg in ["EdDSA", "ECDH-ES", SEALING, "pre-sign-in"] {
        let pending = &ring.kids(alg)[1];
        let said = ring.succeed(&["keys", "retire", pending, "keys.json"]);
        assert!(said.contains("not in use yet"), "{said}");
        assert_eq!(ring.kids(alg).len(), 1);
    }
}

#[test]
fn a_key_of_cookies_stays_while_they_can_be_valid() {
    let mut ring = Ring::new();
    ring.rotate_long_ago();
    ring.set("SESSION_IDLE_TIMEOUT", "1h");
    let [signing, encryption, pre] =
        ["EdDSA", "ECDH-ES", "pre-sign-in"].map(|alg| ring.kids(alg).remove(0));
    for kid in [&signing, &encryption] {
        ring.refuse(
            &["keys", "retire", kid],
            &["needed until", "session cookies", "--force"],
        );
    }
    ring.refuse(
        &["keys", "retire", &pre],
        &["needed until", "sign-ins under way"],
    );

    let said = ring.succeed(&["keys", "retire", &signing, "--force"]);
    assert!(said.contains("have to sign in again"), "{said}");
    // Some process may have used it half a minute longer than its successor is there.
    ring.grow_older(9 * 60 + 20);
    ring.refuse(&["keys", "retire", &pre], &["needed until"]);
    ring.grow_older(50 * 60 - 20);
    ring.succeed(&["keys", "retire", &pre]);
    ring.refuse(&["keys", "retire", &encryption], &["needed until"]);
    ring.grow_older(40);
    let said = ring.succeed(&["keys", "retire", &encryption]);
    assert!(said.contains("nothing ends"), "{said}");
    ring.set("SESSION_IDLE_TIMEOUT", "soon");
    ring.rotate_long_ago();
    ring.refuse(
        &["keys", "retire", &ring.kids("EdDSA")[0]],
        &["SESSION_IDLE_TIMEOUT: give"],
    );
}

#[actix_web::test]
async fn a_sealing_key_stays_until_nothing_lies_under_it() {
    let mut ring = Ring::new();
    let app = ring.app().await;
    let token = app.token("ada", &["accounts:token"]).await;
    app.signed_in("vercel", "ada").await;
    ring.rotate_long_ago();
    let [old, new] = ring.kids(SEALING).try_into().unwrap();
    ring.refuse(
        &["keys", "retire", &old],
        &[
            "tokens of 2 accounts and 0 tokens to be revoked",
            "tokens reseal",
        ],
    );
    let said = ring.succeed(&["tokens", "reseal"]);
    assert!(
        said.contains(&format!("re-sealed 3 values under {new}")),
        "{said}"
    );

    // A refresh token needs its key as well, and so does what is to be revoked.
    app.execute(&format!(
        "update accounts set refresh_token = decode('01{:02x}', 'hex') || '{old}' || refresh_token
         where refresh_token is not null",
        old.len()
    ));
    ring.refuse(&["keys", "retire", &old], &["1 account and 0 tokens to"]);
    app.execute("update accounts set refresh_token = null");
    app.execute(&format!(
        "insert into provider_revocations (id, provider, token, token_type_hint)
         values (gen_random_uuid(), 'github', decode('01{:02x}', 'hex') || '{old}', 'access_token')",
        old.len()
    ));
    ring.refuse(&["keys", "retire", &old], &["0 accounts and 1 token to"]);
    app.execute("delete from provider_revocations");
    let said = ring.succeed(&["keys", "retire", &old]);
    assert!(said.contains("nothing ends"), "{said}");
    assert_eq!(ring.kids(SEALING), [new]);

    assert!(app.ring.reload().ok().unwrap());
    let path = "/api/accounts/github/token";
    app.caller(&token).get(path).await.assert_status(200);
    ring.variables.retain(|(name, _)| name != "DATABASE_URL");
    ring.rotate_long_ago();
    ring.refuse(
        &["keys", "retire", &ring.kids(SEALING)[0]],
        &["DATABASE_URL: not set"],
    );
}

#[test]
fn a_sealing_key_waits_for_processes_that_may_not_know_its_successor() {
    let mut ring = Ring::new();
    ring.set("DATABASE_URL", &crate::support::databases::migrated());
    ring.succeed(&["keys", "rotate", "--now"]);
    let old = ring.kids(SEALING).remove(0);
    let mut child = vestibule(
        &["keys", "retire", &old],
        &ring.variables(),
        ring.folder.path(),
    )
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("waiting until"), "{line}");
    // It keeps nobody else from the ring meanwhile.
    ring.succeed(&["keys", "rotate"]);
    assert_eq!(child.try_wait().unwrap(), None);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ring.kids(SEALING).contains(&old));
}

#[actix_web::test]
async fn a_sealing_key_that_is_forced_out_gives_up_what_lies_under_it() {
    let mut ring = Ring::new();
    let app = ring.app().await;
    let token = app.token("ada", &["accounts:token"]).await;
    app.signed_in("vercel", "grace").await;
    let old = ring.kids(SEALING).remove(0);
    app.execute(&format!(
        "insert into provider_revocations (id, provider, token, token_type_hint)
         values (gen_random_uuid(), 'github', decode('01{:02x}', 'hex') || '{old}', 'access_token')",
        old.len()
    ));
    ring.succeed(&["keys", "rotate", "--now"]);
    app.ring.reload().ok().unwrap();
    // Whoever signs in now does so under the new key.
    app.signed_in("github", "alan").await;

    let said = ring.succeed(&["keys", "retire", &old, "--force"]);
    for part in [
        "the people of 2 accounts have to reconnect",
        "1 unwanted token will not be revoked",
        "SIGHUP",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(!ring.kids(SEALING).contains(&old));
    let reconnect =
        app.texts("select username as t from accounts where needs_reconnect order by 1");
    assert_eq!(reconnect, ["ada", "grace"]);
    let told = "select u.username as t from audit_events e join users u on u.id = e.user_id
        where kind = 'provider_token.refused' and details ->> 'reason' = 'key_retired' order by 1";
    assert_eq!(app.texts(told), ["ada", "grace"]);
    assert_eq!(
        app.count("select count(*) as n from provider_revocations"),
        0
    );

    // The next start is not stopped by it, and nobody gets the token.
    let url = app.simulator.url().to_owned();
    let variables = for_serve(&app.database_url, &url);
    let mut serving = Serving::start(&variables, ring.folder.path()).await;
    assert_eq!(serving.stop().0, Some(0));
    app.ring.reload().ok().unwrap();
    let refused = app.caller(&token).get("/api/accounts/github/token").await;
    assert!(refused.status >= 400, "{}", refused.body);

    // A process that read the ring late: the key that is gone can be named again.
    app.execute("update accounts set needs_reconnect = false where username = 'ada'");
    let said = ring.succeed(&["keys", "retire", &old, "--force"]);
    assert!(said.contains("the people of 1 account have"), "{said}");
}
