//! The two headers and the lengths of the parts, bent one by one.

use serde_json::{Value, json};
use vestibule::crypto::session_token::Rejected;

use super::NOT_OURS;
use super::forge::Forge;

#[test]
fn every_other_header_outside_is_refused() {
    let forge = Forge::new();
    let with = |name: &'static str, value: Value| {
        forge.read(&forge.token(
            |outer| drop(outer.insert(name.to_owned(), value)),
            |_| {},
            |_| {},
        ))
    };
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("api+jwt")),
        ("cty", json!("json")),
        ("alg", json!("dir")),
        ("alg", json!("ECDH-ES+A256KW")),
        ("alg", json!("RSA-OAEP")),
        ("alg", json!("none")),
        ("enc", json!("A128GCM")),
        ("enc", json!("A256CBC-HS512")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("zip", json!("DEF")),
        ("jku", json!("http://127.0.0.1:1/")),
        ("jwk", json!({})),
        ("x5c", json!([])),
        ("x5u", json!("http://127.0.0.1:1/")),
        ("x5t", json!("")),
        ("p2c", json!(1)),
        ("apu", json!("")),
        ("apv", json!("")),
        ("kid", json!(7)),
        ("epk", json!("x")),
    ] {
        assert!(NOT_OURS(with(name, value.clone())), "{name}: {value}");
    }
    let x = |text: &str| json!({"kty": "OKP", "crv": "X25519", "x": text});
    for epk in [
        x(""),
        x("AAAA"),
        x("====="),
        json!({"kty": "OKP", "crv": "X448", "x": "AA"}),
        json!(["OKP", "X25519", "AA"]),
        json!({"kty": "OKP", "crv": "X25519"}),
    ] {
        assert!(NOT_OURS(with("epk", epk.clone())), "{epk}");
    }
    for name in ["alg", "enc", "typ", "cty", "kid", "epk"] {
        let token = forge.token(|outer| drop(outer.remove(name)), |_| {}, |_| {});
        assert!(NOT_OURS(forge.read(&token)), "without {name}");
    }
}

#[test]
fn every_other_header_inside_is_refused() {
    let forge = Forge::new();
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("ES256")),
        ("typ", json!("JWT")),
        ("crit", json!(["x"])),
        ("jwk", json!({})),
        ("jku", json!("http://127.0.0.1:1/")),
        ("x5c", json!([])),
        ("b64", json!(false)),
        ("cty", json!("JWT")),
    ] {
        let token = forge.token(
            |_| {},
            |inner| drop(inner.insert(name.to_owned(), value.clone())),
            |_| {},
        );
        assert!(NOT_OURS(forge.read(&token)), "{name}: {value}");
    }
    for name in ["alg", "typ", "kid"] {
        let token = forge.token(|_| {}, |inner| drop(inner.remove(name)), |_| {});
        assert!(NOT_OURS(forge.read(&token)), "without {name}");
    }
}

#[test]
fn duplicates_are_refused_wherever_they_stand() {
    let forge = Forge::new();
    let claims = forge.claims().to_string();
    let doubled = claims.replacen("{\"iss\"", "{\"iss\":\"https://a.example\",\"iss\"", 1);
    assert_ne!(claims, doubled);
    let inner = forge.signed_text(&forge.inner_header().to_string(), &doubled);
    assert!(
        NOT_OURS(forge.read(&forge.encrypted(&inner, |_| {}))),
        "a claim twice"
    );

    let header = forge
        .inner_header()
        .to_string()
        .replacen('{', "{\"alg\":\"EdDSA\",", 1);
    let inner = forge.signed_text(&header, &claims);
    assert!(
        NOT_OURS(forge.read(&forge.encrypted(&inner, |_| {}))),
        "an inner header twice"
    );

    let token = forge.encrypted_text(&forge.signed(|_| {}, |_| {}), |header| {
        header.replacen('{', "{\"alg\":\"ECDH-ES\",", 1)
    });
    assert!(NOT_OURS(forge.read(&token)), "an outer header twice");
}

#[test]
fn short_tags_odd_nonces_and_empty_parts_are_refused() {
    let forge = Forge::new();
    let token = forge.token(|_| {}, |_| {}, |_| {});
    let parts: Vec<&str> = token.split('.').collect();
    let with = |position: usize, part: &str| {
        let mut parts = parts.clone();
        parts[position] = part;
        forge.read(&parts.join("."))
    };
    for length in 0..parts[4].len() {
        assert!(
            NOT_OURS(with(4, &parts[4][..length])),
            "a tag of {length} characters"
        );
    }
    for length in 0..parts[2].len() {
        assert!(
            NOT_OURS(with(2, &parts[2][..length])),
            "a nonce of {length} characters"
        );
    }
    assert!(
        NOT_OURS(with(2, "AAAAAAAAAAAAAAAAAAAAAA")),
        "a nonce of 16 bytes"
    );
    assert!(NOT_OURS(with(1, "AAAA")) && NOT_OURS(with(3, "")) && NOT_OURS(with(0, "")));
    assert_eq!(with(3, parts[4]), Err(Rejected::Undecryptable));
}
