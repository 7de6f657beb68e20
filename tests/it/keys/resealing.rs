//! `vestibule tokens reseal`.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use uuid::Uuid;
use vestibule::crypto::keys::KeyRing;
use vestibule::crypto::sealed;
use vestibule::models::sealed_value::SealedTable;
use vestibule::reseal;
use vestibule::secret::Secret;

use super::Ring;
use crate::support::TestApp;

const SEALING: &str = "A256GCM-SIV";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Accounts and unwanted tokens, as many of each, sealed under the active key.
fn fill(app: &TestApp, ring: &KeyRing, rows: usize) {
    let seal = |plain: String, place: &str| hex(&sealed::seal(ring, &Secret::new(plain), place));
    let mut sql = String::new();
    for n in 0..rows {
        let (id, other) = (Uuid::now_v7(), Uuid::now_v7());
        let [access, refresh] = SealedTable::Accounts.places(id);
        let [token, _] = SealedTable::ProviderRevocations.places(other);
        let (access, refresh) = (
            seal(format!("access-{id}"), &access),
            seal(format!("refresh-{id}"), &refresh),
        );
        let token = seal(format!("token-{other}"), &token);
        let _ = write!(
            sql,
            "insert into users (id, username) values ('{id}', 'u');
             insert into accounts (id, user_id, provider, provider_user_id, username, scope, access_token, refresh_token, updated_at, token_generation)
             values ('{id}', '{id}', 'github', '{n}', 'u', '', '\\x{access}', '\\x{refresh}', now() - interval '1 day', 7);
             insert into provider_revocations (id, provider, token, token_type_hint) values ('{other}', 'github', '\\x{token}', 'access_token');"
        );
    }
    app.execute(&sql);
}

/// How many values open at their place and are what they should be.
fn that_open(app: &TestApp, ring: &KeyRing) -> usize {
    let rows = [
        (
            SealedTable::Accounts,
            0,
            "access",
            "accounts",
            "access_token",
        ),
        (
            SealedTable::Accounts,
            1,
            "refresh",
            "accounts",
            "refresh_token",
        ),
        (
            SealedTable::ProviderRevocations,
            0,
            "token",
            "provider_revocations",
            "token",
        ),
    ];
    let mut open = 0;
    for (table, position, word, name, column) in rows {
        let sql = format!("select id || ' ' || encode({column}, 'hex') as t from {name}");
        for row in app.texts(&sql) {
            let (id, value) = row.split_once(' ').unwrap();
            let value: Vec<_> = (0..value.len() / 2)
                .map(|n| u8::from_str_radix(&value[2 * n..2 * n + 2], 16).unwrap())
                .collect();
            let place = &table.places(id.parse().unwrap())[position];
            let plain = sealed::open(ring, &value, place);
            let right = format!("{word}-{id}");
            open += usize::from(plain.is_ok_and(|plain| plain.expose() == right));
        }
    }
    open
}

fn under(app: &TestApp, kid: &str) -> i64 {
    let beginning = hex(&sealed::beginning(kid));
    let begins = |column| format!("starts_with(encode({column}, 'hex'), '{beginning}')::int");
    let count = format!(
        "select (select sum({} + {}) from accounts) + (select sum({}) from provider_revocations) as n",
        begins("access_token"),
        begins("refresh_token"),
        begins("token")
    );
    app.count(&count)
}

#[actix_web::test]
async fn every_value_is_sealed_anew_also_after_an_interruption_and_past_a_corrupt_one() {
    let mut ring = Ring::new();
    let app = ring.app().await;
    fill(&app, &app.ring.current(), 1_200);
    app.execute(
        "update accounts set access_token = set_byte(access_token, 40, 255 - get_byte(access_token, 40))
         where provider_user_id = '150'",
    );
    let broken =
        "select encode(access_token, 'hex') as t from accounts where provider_user_id = '150'";
    let corrupt = app.texts(broken);
    ring.rotate_long_ago();
    let [old, new] = ring.kids(SEALING).try_into().unwrap();
    let live = ring.live();

    let mut batches = 0;
    let stopped = catch_unwind(AssertUnwindSafe(|| {
        reseal::reseal(&mut app.connection(), &live, 100, |_| {
            batches += 1;
            assert!(batches < 4, "stopped from outside");
        })
    }));
    assert!(stopped.is_err());
    assert_eq!(under(&app, &new), 4 * 100 * 2 - 1, "what was done is done");
    assert_eq!(that_open(&app, &live.current()), 3_599);

    for (resealed, said_to_be) in [
        (2_800, "re-sealed 2800 values"),
        (0, "nothing was re-sealed"),
    ] {
        let (status, said) = ring.run(&["tokens", "reseal"]);
        assert_eq!(status, Some(1), "{resealed}: {said}");
        assert!(said.contains(said_to_be), "{said}");
        assert!(
            said.contains(&format!("1 value under {old} did not open")),
            "{said}"
        );
        assert_eq!((under(&app, &new), under(&app, &old)), (3_599, 1));
    }
    assert_eq!(that_open(&app, &live.current()), 3_599);
    assert_eq!(app.texts(broken), corrupt, "left exactly as it was");
    let untouched = "select count(*) as n from accounts where token_generation = 7
        and updated_at < now() - interval '23 hours' and refresh_lease_id is null and not needs_reconnect";
    assert_eq!(app.count(untouched), 1_200);

    // Somebody who has to reconnect anyway is no reason to complain.
    app.execute("update accounts set needs_reconnect = true where provider_user_id = '150'");
    let said = ring.succeed(&["tokens", "reseal"]);
    assert!(
        said.contains("1 value of people who have to reconnect"),
        "{said}"
    );
    ring.succeed(&["keys", "rotate"]);
    let pending = ring.kids(SEALING).pop().unwrap();
    let said = ring.succeed(&["tokens", "reseal"]);
    assert!(
        said.contains(&format!("{pending} becomes active at")),
        "{said}"
    );
}

#[actix_web::test]
async fn a_row_that_somebody_holds_for_a_moment_is_waited_for() {
    use diesel::connection::SimpleConnection as _;
    let mut ring = Ring::new();
    let app = ring.app().await;
    fill(&app, &app.ring.current(), 3);
    ring.rotate_long_ago();
    let mut other = app.connection();
    other
        .batch_execute("begin; update accounts set username = 'v' where provider_user_id = '1'")
        .unwrap();
    let holding = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(1));
        other.batch_execute("commit").unwrap();
    });
    let said = ring.succeed(&["tokens", "reseal"]);
    holding.join().unwrap();
    assert!(said.contains("re-sealed 9 values"), "{said}");
    assert_eq!(
        app.count("select count(*) as n from accounts where username = 'v'"),
        1
    );
}

#[actix_web::test]
async fn a_token_that_was_moved_to_another_row_is_handed_to_nobody() {
    let mut ring = Ring::new();
    let app = ring.app().await;
    let token = app.token("ada", &["accounts:token"]).await;
    app.signed_in("github", "grace").await;
    let path = "/api/accounts/github/token";
    app.caller(&token).get(path).await.assert_status(200);
    app.execute(
        "update accounts set access_token = other.access_token from accounts as other
         where other.id <> accounts.id",
    );
    let refused = app.caller(&token).get(path).await;
    refused.assert_refused(409, "reconnect_needed");
}

#[test]
fn what_is_missing_is_said_at_once() {
    let mut ring = Ring::new();
    ring.refuse(&["tokens", "reseal"], &["DATABASE_URL: not set"]);
    let url = crate::support::databases::empty();
    ring.set("DATABASE_URL", &url);
    ring.refuse(&["tokens", "reseal"], &["the schema is behind"]);
}
