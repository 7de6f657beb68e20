//! A member that is there twice means one thing to one reader and another to
//! the next (RFC 8725 §2.4).

use serde_json::Value;

use super::forge::{Forge, malformed};

/// `json` with the first member called `name` doubled, its own value both
/// times; once more with the second name spelled by an escape.
fn doubled(json: &Value, name: &str) -> [String; 2] {
    let member = |value: &Value| format!("\"{name}\":{}", value[name]);
    let holder = [json, &json["user"], &json["epk"]]
        .into_iter()
        .find(|value| value.get(name).is_some())
        .unwrap();
    let (text, member) = (json.to_string(), member(holder));
    let first = char::from(name.as_bytes()[0]);
    let escaped = member.replacen(first, &format!("\\u{:04x}", u32::from(first)), 1);
    [member.clone(), escaped].map(|second| {
        let twice = text.replacen(&member, &format!("{member},{second}"), 1);
        assert_ne!(twice, text);
        twice
    })
}

#[test]
fn a_claim_that_is_there_twice_is_refused() {
    let forge = Forge::new();
    for name in [
        "iss",
        "aud",
        "sub",
        "sid",
        "iat",
        "exp",
        "created",
        "authProvider",
        "user",
        "username",
        "email",
    ] {
        for claims in doubled(forge.claims(), name) {
            let inner = forge.signed_text(&forge.inner_header().to_string(), &claims);
            let token = forge.encrypted(&inner, |_| {});
            assert!(malformed(forge.read(&token)), "{claims}");
        }
    }
}

#[test]
fn a_member_of_the_inner_header_that_is_there_twice_is_refused() {
    let forge = Forge::new();
    for name in ["alg", "typ", "kid"] {
        for header in doubled(&forge.inner_header(), name) {
            let inner = forge.signed_text(&header, &forge.claims().to_string());
            let token = forge.encrypted(&inner, |_| {});
            assert!(malformed(forge.read(&token)), "{header}");
        }
    }
}

#[test]
fn a_member_of_the_outer_header_that_is_there_twice_is_refused() {
    let forge = Forge::new();
    let signed = forge.signed(|_| {}, |_| {});
    for name in ["alg", "enc", "typ", "cty", "kid", "epk", "crv", "x"] {
        for way in 0..2 {
            let token = forge.encrypted_text(&signed, |header| {
                let header = serde_json::from_str(&header).unwrap();
                doubled(&header, name)[way].clone()
            });
            assert!(malformed(forge.read(&token)), "{name}");
        }
    }
}
