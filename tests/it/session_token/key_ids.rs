//! The key is the one that `kid` names, or nobody is signed in.

use chrono::Utc;
use serde_json::{Value, json};
use vestibule::crypto::session_token::Rejected;

use super::forge::{Forge, new_jwks};
use super::sizes::draft;

const ORIGIN: &str = "https://a.example";

fn kid(forge: &Forge, alg: &str) -> Value {
    let keys = forge.jwks()["keys"].as_array().unwrap();
    keys.iter().find(|key| key["alg"] == alg).unwrap()["kid"].clone()
}

#[test]
fn an_unknown_key_signs_nobody_in_and_condemns_nothing() {
    let forge = Forge::new();
    let kids = [
        json!("enc-1"),
        json!(""),
        json!("../../etc/passwd"),
        json!("a".repeat(1_000)),
        kid(&forge, "A256GCM-SIV"),
    ];
    // A key of the other kind is no key here either.
    for kid in kids.iter().chain([&kid(&forge, "EdDSA")]) {
        let set = |outer: &mut super::forge::Members| outer.insert("kid".to_owned(), kid.clone());
        let token = forge.token(|outer| drop(set(outer)), |_| {}, |_| {});
        assert_eq!(forge.read(&token), Err(Rejected::UnknownKey), "{kid}");
    }
    for kid in kids.iter().chain([&kid(&forge, "ECDH-ES")]) {
        let set = |inner: &mut super::forge::Members| inner.insert("kid".to_owned(), kid.clone());
        let token = forge.token(|_| {}, |inner| drop(set(inner)), |_| {});
        assert_eq!(forge.read(&token), Err(Rejected::UnknownKey), "{kid}");
    }
    assert!(!Rejected::UnknownKey.for_good(), "another process may know");
    for reason in [
        Rejected::Malformed(""),
        Rejected::Undecryptable,
        Rejected::BadSignature,
        Rejected::Foreign(""),
        Rejected::Expired,
        Rejected::Panicked,
    ] {
        assert!(reason.for_good(), "{reason}");
    }
}

#[test]
fn a_token_of_another_ring_is_refused_also_under_our_key_ids() {
    let (forge, other) = (Forge::new(), Forge::new());
    let theirs = other.token(|_| {}, |_| {}, |_| {});
    assert_eq!(forge.read(&theirs), Err(Rejected::UnknownKey));

    let (enc, sig) = (kid(&forge, "ECDH-ES"), kid(&forge, "EdDSA"));
    let encrypted = other.token(
        |outer| drop(outer.insert("kid".to_owned(), enc)),
        |_| {},
        |_| {},
    );
    assert_eq!(forge.read(&encrypted), Err(Rejected::Undecryptable));

    let signed = other.signed(|inner| drop(inner.insert("kid".to_owned(), sig)), |_| {});
    let signed = forge.encrypted(&signed, |_| {});
    assert_eq!(forge.read(&signed), Err(Rejected::BadSignature));
}

#[test]
fn the_old_keys_of_a_ring_still_open_what_they_made() {
    let mut jwks = new_jwks();
    for key in jwks["keys"].as_array_mut().unwrap() {
        key["nbf"] = json!(key["nbf"].as_i64().unwrap() - 86_400);
    }
    let before = Forge::holding(jwks.clone(), ORIGIN);
    let newer = new_jwks()["keys"].as_array().unwrap().clone();
    jwks["keys"].as_array_mut().unwrap().extend(newer.clone());
    let after = Forge::holding(jwks, ORIGIN);
    let only_new = Forge::holding(json!({"keys": newer}), ORIGIN);
    let now = Utc::now();
    let mint = |forge: &Forge| forge.tokens.mint(draft("ada")).unwrap();

    let old = mint(&before);
    let session = after.tokens.decode(old.as_bytes(), now).ok().unwrap();
    assert_eq!(session.encryption_kid(), kid(&before, "ECDH-ES"));
    assert_eq!(session.signing_kid(), kid(&before, "EdDSA"));

    let new = mint(&after);
    assert_eq!(before.read(&new), Err(Rejected::UnknownKey));
    let session = only_new.tokens.decode(new.as_bytes(), now).ok().unwrap();
    assert_eq!(session.encryption_kid(), kid(&only_new, "ECDH-ES"));
    assert_eq!(session.signing_kid(), kid(&only_new, "EdDSA"));
}
