//! All claims are there, each of its type, and no other (RFC 8725 §3.8, §3.9).

use serde_json::{Value, json};
use vestibule::crypto::session_token::Rejected;

use super::forge::{Forge, Members, malformed};

fn read(forge: &Forge, change: impl FnOnce(&mut Members)) -> Result<(), Rejected> {
    forge.read(&forge.token(|_| {}, |_| {}, change))
}

fn with(forge: &Forge, name: &str, value: &Value) -> Result<(), Rejected> {
    read(forge, |claims| {
        drop(claims.insert(name.to_owned(), value.clone()));
    })
}

fn with_user(forge: &Forge, name: &str, value: &Value) -> Result<(), Rejected> {
    read(forge, |claims| claims["user"][name] = value.clone())
}

#[test]
fn a_missing_claim_is_refused() {
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
    ] {
        let refused = read(&forge, |claims| drop(claims.remove(name)));
        assert!(malformed(refused), "without {name}");
    }
    for name in ["id", "username", "email", "avatar", "name"] {
        let refused = read(&forge, |claims| {
            claims["user"].as_object_mut().unwrap().remove(name);
        });
        assert!(malformed(refused), "without user.{name}");
    }
}

#[test]
fn an_unknown_claim_is_refused() {
    let forge = Forge::new();
    for name in ["admin", "nbf", "jti", "", "Iss", "scope"] {
        assert!(malformed(with(&forge, name, &json!(1))), "{name:?}");
        assert!(malformed(with_user(&forge, name, &json!(1))), "{name:?}");
    }
}

#[test]
fn a_claim_of_another_type_is_refused() {
    let forge = Forge::new();
    let common = [json!(null), json!(true), json!([]), json!({}), json!(1.5)];
    let no_text = [json!(7), json!(["https://a.example"])];
    let no_id = [json!(7), json!(""), json!("ada"), json!([1, 2])];
    let no_time = [
        json!("1700000000"),
        json!(1e300),
        json!(u64::MAX),
        json!([1_700_000_000]),
    ];
    for (names, others) in [
        (&["iss", "aud"][..], &no_text[..]),
        (&["sub", "sid"], &no_id),
        (&["iat", "exp", "created"], &no_time),
    ] {
        for name in names {
            for other in common.iter().chain(others) {
                assert!(malformed(with(&forge, name, other)), "{name}: {other}");
            }
        }
    }
    for other in common.iter().chain(&no_id) {
        assert!(malformed(with_user(&forge, "id", other)), "id: {other}");
    }
    for other in common.iter().chain(&no_text) {
        let refused = with_user(&forge, "username", other);
        assert!(malformed(refused), "username: {other}");
    }
    // These three may be null, and nothing else that is no text.
    for name in ["email", "avatar", "name"] {
        assert_eq!(with_user(&forge, name, &json!(null)), Ok(()), "{name}");
        for other in common[1..].iter().chain(&no_text) {
            assert!(malformed(with_user(&forge, name, other)), "{name}: {other}");
        }
    }
}

#[test]
fn a_provider_is_one_of_two_words() {
    let forge = Forge::new();
    for word in ["github", "vercel"] {
        assert_eq!(with(&forge, "authProvider", &json!(word)), Ok(()));
    }
    for other in [
        json!("gitlab"),
        json!("GitHub"),
        json!(""),
        json!(null),
        json!(0),
        json!(["github"]),
        json!({"github": null}),
        json!({"vercel": []}),
    ] {
        assert!(malformed(with(&forge, "authProvider", &other)), "{other}");
    }
}

#[test]
fn an_array_is_no_object_of_claims() {
    let forge = Forge::new();
    let values = |value: &Value, names: &[&str]| -> Value {
        names.iter().map(|name| value[*name].clone()).collect()
    };
    let user = ["id", "username", "email", "avatar", "name"];
    let user = values(&forge.claims()["user"], &user);
    assert!(malformed(with(&forge, "user", &user)));

    let claims = values(
        forge.claims(),
        &[
            "iss",
            "aud",
            "sub",
            "sid",
            "iat",
            "exp",
            "created",
            "authProvider",
            "user",
        ],
    );
    for content in [claims.to_string(), "null".to_owned(), String::new()] {
        let inner = forge.signed_text(&forge.inner_header().to_string(), &content);
        let token = forge.encrypted(&inner, |_| {});
        assert!(malformed(forge.read(&token)), "{content}");
    }
    let claims = forge.claims();
    let inner = forge.signed_text(&forge.inner_header().to_string(), &format!("{claims}{{}}"));
    assert!(malformed(forge.read(&forge.encrypted(&inner, |_| {}))));
}

#[test]
fn a_token_by_or_for_somebody_else_is_refused() {
    let forge = Forge::new();
    let foreign = |result| matches!(result, Err(Rejected::Foreign(_)));
    for origin in [
        "https://b.example",
        "https://a.example/",
        "https://a.example:443",
        "https://A.example",
        "http://a.example",
        "https://a.example.b.example",
        "",
    ] {
        assert!(foreign(with(&forge, "iss", &json!(origin))), "{origin}");
        assert!(foreign(with(&forge, "aud", &json!(origin))), "{origin}");
    }
    let somebody = json!("01a20b46-4c02-762a-878d-0dcab2f3c621");
    assert!(foreign(with(&forge, "sub", &somebody)));
    assert!(foreign(with_user(&forge, "id", &somebody)));
}
