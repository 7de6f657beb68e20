//! Both protected headers say what ours say and not a word more (RFC 8725
//! §3.1, §3.10, §3.11).

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::{Value, json};
use vestibule::crypto::session_token::Rejected;

use super::forge::{Forge, encode, malformed};

fn outside(forge: &Forge, name: &str, value: &Value) -> Result<(), Rejected> {
    forge.read(&forge.token(
        |outer| drop(outer.insert(name.to_owned(), value.clone())),
        |_| {},
        |_| {},
    ))
}

fn inside(forge: &Forge, name: &str, value: &Value) -> Result<(), Rejected> {
    forge.read(&forge.token(
        |_| {},
        |inner| drop(inner.insert(name.to_owned(), value.clone())),
        |_| {},
    ))
}

#[test]
fn a_token_of_another_purpose_is_refused() {
    let forge = Forge::new();
    for typ in [
        "JWT",
        "jwt",
        "at+jwt",
        "api+jwt",
        "Session+JWT",
        "application/session+jwt",
        "session+jwt ",
        "",
    ] {
        assert!(malformed(outside(&forge, "typ", &json!(typ))), "{typ:?}");
        assert!(malformed(inside(&forge, "typ", &json!(typ))), "{typ:?}");
    }
    for cty in ["jwt", "json", "application/jwt", ""] {
        assert!(malformed(outside(&forge, "cty", &json!(cty))), "{cty:?}");
    }
}

/// RFC 7518 §3.1, §4.1 and §5.1, RFC 8037, and their likes in another case.
#[test]
fn every_other_algorithm_is_refused() {
    let forge = Forge::new();
    for alg in [
        "none",
        "dir",
        "ecdh-es",
        "ECDH-ES+A128KW",
        "ECDH-ES+A192KW",
        "ECDH-ES+A256KW",
        "RSA1_5",
        "RSA-OAEP",
        "RSA-OAEP-256",
        "A128KW",
        "A256KW",
        "A256GCMKW",
        "PBES2-HS256+A128KW",
        "PBES2-HS512+A256KW",
        "EdDSA",
        "",
    ] {
        assert!(malformed(outside(&forge, "alg", &json!(alg))), "{alg:?}");
    }
    for enc in [
        "A128GCM",
        "A192GCM",
        "A128CBC-HS256",
        "A192CBC-HS384",
        "A256CBC-HS512",
        "a256gcm",
        "none",
        "",
    ] {
        assert!(malformed(outside(&forge, "enc", &json!(enc))), "{enc:?}");
    }
    for alg in [
        "none", "None", "HS256", "HS384", "HS512", "RS256", "RS512", "PS256", "ES256", "ES384",
        "ES512", "ES256K", "eddsa", "Ed25519", "ECDH-ES", "",
    ] {
        assert!(malformed(inside(&forge, "alg", &json!(alg))), "{alg:?}");
    }
}

#[test]
fn a_header_that_points_elsewhere_is_refused_and_nobody_is_called() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = json!(format!("http://{}/", listener.local_addr().unwrap()));
    let forge = Forge::new();
    let key = forge.jwks()["keys"][0].clone();

    for (name, value) in [
        ("jku", url.clone()),
        ("x5u", url),
        ("jwk", key),
        ("jwk", json!({})),
        ("x5c", json!([])),
        ("x5t", json!("")),
        ("x5t#S256", json!("")),
    ] {
        assert!(malformed(outside(&forge, name, &value)), "{name}: {value}");
        assert!(malformed(inside(&forge, name, &value)), "{name}: {value}");
    }
    let called = listener.accept().err().map(|error| error.kind());
    assert_eq!(called, Some(ErrorKind::WouldBlock), "nobody is called");
}

/// `zip` would inflate, `crit` would be ignored, the others steer the key.
#[test]
fn a_header_with_one_member_more_is_refused() {
    let forge = Forge::new();
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("zip", json!("DEF")),
        ("zip", json!("")),
        ("p2c", json!(1)),
        ("p2s", json!("")),
        ("apu", json!("")),
        ("apv", json!("")),
        ("iv", json!("")),
        ("tag", json!("")),
        ("b64", json!(false)),
        ("iss", json!("https://a.example")),
        ("exp", json!(99_999_999_999_i64)),
        ("", json!("")),
        ("ALG", json!("EdDSA")),
        ("alg\u{0}", json!("EdDSA")),
    ] {
        assert!(malformed(outside(&forge, name, &value)), "{name}: {value}");
        assert!(malformed(inside(&forge, name, &value)), "{name}: {value}");
    }
    assert!(malformed(inside(&forge, "cty", &json!("JWT"))));
    assert!(malformed(inside(&forge, "enc", &json!("A256GCM"))));
}

#[test]
fn a_header_with_one_member_less_or_of_another_type_is_refused() {
    let forge = Forge::new();
    let others = [json!(null), json!(7), json!(true), json!([]), json!({})];
    for name in ["alg", "enc", "typ", "cty", "kid", "epk"] {
        let token = forge.token(|outer| drop(outer.remove(name)), |_| {}, |_| {});
        assert!(malformed(forge.read(&token)), "without {name}");
        for other in &others {
            assert!(malformed(outside(&forge, name, other)), "{name}: {other}");
        }
    }
    for name in ["alg", "typ", "kid"] {
        let token = forge.token(|_| {}, |inner| drop(inner.remove(name)), |_| {});
        assert!(malformed(forge.read(&token)), "without {name}");
        for other in &others {
            assert!(malformed(inside(&forge, name, other)), "{name}: {other}");
        }
    }
}

#[test]
fn an_array_is_no_header() {
    let forge = Forge::new();
    let values = |header: &str| {
        let header: Value = serde_json::from_str(header).unwrap();
        let names = ["alg", "enc", "typ", "cty", "kid", "epk"];
        let values = names.into_iter().filter_map(|name| header.get(name));
        json!(values.collect::<Vec<_>>()).to_string()
    };
    let signed = forge.signed(|_| {}, |_| {});
    let outer = forge.encrypted_text(&signed, |header| values(&header));
    assert!(malformed(forge.read(&outer)));

    let inner = values(&forge.inner_header().to_string());
    let inner = forge.signed_text(&inner, &forge.claims().to_string());
    assert!(malformed(forge.read(&forge.encrypted(&inner, |_| {}))));
}

#[test]
fn an_ephemeral_key_of_another_kind_or_length_is_refused() {
    let forge = Forge::new();
    let x = |text: &str| json!({"kty": "OKP", "crv": "X25519", "x": text});
    let good = encode([9; 32]);
    for epk in [
        x(""),
        x(&encode([9; 31])),
        x(&encode([9; 33])),
        x(&format!("{good}=")),
        json!({"kty": "OKP", "crv": "X448", "x": good}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": good}),
        json!({"kty": "EC", "crv": "X25519", "x": good}),
        json!({"kty": "EC", "crv": "P-256", "x": good, "y": good}),
        json!({"kty": "OKP", "crv": "X25519", "x": good, "d": good}),
        json!({"kty": "OKP", "crv": "X25519", "x": good, "kid": "enc"}),
        json!({"kty": "OKP", "crv": "X25519"}),
        json!(["OKP", "X25519", good]),
    ] {
        assert!(malformed(outside(&forge, "epk", &epk)), "{epk}");
    }
    // Points of small order make a secret that everybody knows (RFC 7748 §6.1).
    let mut one = [0; 32];
    one[0] = 1;
    for point in [[0; 32], one] {
        let refused = outside(&forge, "epk", &x(&encode(point)));
        assert_eq!(refused, Err(Rejected::Undecryptable));
    }
}
