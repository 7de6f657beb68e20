//! The session token against everything that somebody might send instead of
//! it. Forgeries are made with the ring's own keys: nothing here is refused
//! only because it cannot be decrypted.

mod forge;
mod headers;
mod mutations;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use vestibule::crypto::session_token::{Rejected, SessionDraft};

use forge::Forge;

const NOT_OURS: fn(Result<(), Rejected>) -> bool =
    |result| matches!(result, Err(Rejected::Malformed(_)));

#[test]
fn a_forgery_that_changes_nothing_is_taken() {
    let forge = Forge::new();
    assert_eq!(forge.read(&forge.token(|_| {}, |_| {}, |_| {})), Ok(()));
}

#[test]
fn a_token_of_another_shape_is_refused() {
    let forge = Forge::new();
    let whole = forge.token(|_| {}, |_| {}, |_| {});
    let signed = forge.signed(|_| {}, |_| {});
    let claims = forge.claims().to_string();

    assert!(NOT_OURS(forge.read(&signed)), "a JWS alone");
    assert!(
        NOT_OURS(forge.read(&forge.encrypted(&claims, |_| {}))),
        "plain JSON inside"
    );
    assert!(
        NOT_OURS(forge.read(&forge.encrypted(&whole, |_| {}))),
        "a JWE in a JWE"
    );
    let (unsigned, _) = signed.rsplit_once('.').unwrap();
    assert!(
        NOT_OURS(forge.read(&forge.encrypted(&format!("{unsigned}."), |_| {}))),
        "no signature"
    );
    assert!(NOT_OURS(forge.read("")));
    assert!(NOT_OURS(forge.read(&format!("{whole}."))));
    assert!(NOT_OURS(forge.read(&"a".repeat(4_097))));
}

#[test]
fn a_claim_that_is_missing_wrong_or_unknown_is_refused() {
    let forge = Forge::new();
    let read =
        |change: &dyn Fn(&mut forge::Members)| forge.read(&forge.token(|_| {}, |_| {}, change));
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
        assert!(
            NOT_OURS(read(&|claims| drop(claims.remove(name)))),
            "without {name}"
        );
        for wrong in [json!(null), json!([]), json!(true), json!(1.5)] {
            let refused = read(&|claims| drop(claims.insert(name.to_owned(), wrong.clone())));
            assert!(NOT_OURS(refused), "{name}: {wrong}");
        }
    }
    for name in ["id", "username", "email", "avatar", "name"] {
        assert!(
            NOT_OURS(read(&|claims| drop(
                claims["user"].as_object_mut().unwrap().remove(name)
            ))),
            "without user.{name}"
        );
    }
    assert!(NOT_OURS(read(&|claims| drop(
        claims.insert("admin".to_owned(), json!(true))
    ))));
    assert!(NOT_OURS(read(&|claims| drop(
        claims.insert("authProvider".to_owned(), json!("gitlab"))
    ))));
    let array = json!([
        "01a20b46-4c02-762a-878d-0dcab2f3c620",
        "ada",
        null,
        null,
        null
    ]);
    assert!(NOT_OURS(read(&|claims| drop(
        claims.insert("user".to_owned(), array.clone())
    ))));
}

#[test]
fn other_origins_other_times_and_other_people_are_refused() {
    let forge = Forge::new();
    let now = Utc::now().timestamp();
    let read = |changes: &[(&str, Value)]| {
        forge.read(&forge.token(
            |_| {},
            |_| {},
            |claims| {
                for (name, value) in changes {
                    claims.insert((*name).to_owned(), value.clone());
                }
            },
        ))
    };
    let foreign = |result| matches!(result, Err(Rejected::Foreign(_)));

    assert!(foreign(read(&[("iss", json!("https://b.example"))])));
    assert!(foreign(read(&[("aud", json!("https://a.example/"))])));
    assert!(foreign(read(&[(
        "sub",
        json!("01a20b46-4c02-762a-878d-0dcab2f3c621")
    )])));
    assert!(foreign(read(&[
        ("iat", json!(now + 120)),
        ("exp", json!(now + 180))
    ])));
    assert_eq!(
        read(&[("iat", json!(now + 50)), ("exp", json!(now + 180))]),
        Ok(()),
        "two clocks may differ a little"
    );
    assert!(
        foreign(read(&[("exp", json!(now + 91 * 86_400))])),
        "longer than any session"
    );
    assert!(
        foreign(read(&[("exp", json!(now - 100))])),
        "expired before it was issued"
    );
    assert_eq!(
        read(&[("iat", json!(now - 100)), ("exp", json!(now))]),
        Err(Rejected::Expired)
    );
    assert!(foreign(read(&[
        ("iat", json!(i64::MIN)),
        ("exp", json!(i64::MAX))
    ])));
}

#[test]
fn there_is_no_leeway_on_expiry_not_even_from_memory() {
    let forge = Forge::new();
    let token = forge.token(|_| {}, |_| {}, |_| {});
    let exp = forge.claims()["exp"].as_i64().unwrap();
    let at = |seconds| chrono::DateTime::from_timestamp(exp + seconds, 0).unwrap();

    assert!(forge.tokens.decode(token.as_bytes(), at(-1)).is_ok());
    for seconds in [0, 1, 60] {
        let (warm, cold) = (
            forge.tokens.decode(token.as_bytes(), at(seconds)),
            forge.tokens.decode_cold(token.as_bytes(), at(seconds)),
        );
        assert_eq!(
            (warm.err(), cold.err()),
            (Some(Rejected::Expired), Some(Rejected::Expired))
        );
    }
}

#[test]
fn an_unknown_key_signs_nobody_in_and_condemns_nothing() {
    let forge = Forge::new();
    let outer = forge.token(
        |outer| drop(outer.insert("kid".to_owned(), json!("enc-1"))),
        |_| {},
        |_| {},
    );
    let inner = forge.token(
        |_| {},
        |inner| drop(inner.insert("kid".to_owned(), json!("sig-1"))),
        |_| {},
    );

    for token in [outer, inner] {
        assert_eq!(forge.read(&token), Err(Rejected::UnknownKey));
    }
    assert!(!Rejected::UnknownKey.for_good() && Rejected::Expired.for_good());
    let other = Forge::new();
    assert_eq!(
        forge.read(&other.token(|_| {}, |_| {}, |_| {})),
        Err(Rejected::UnknownKey)
    );
}

#[test]
fn a_signature_by_another_key_under_our_kid_is_refused() {
    let (forge, other) = (Forge::new(), Forge::new());
    let kid = forge.inner_header()["kid"].clone();
    let signed = other.signed(|inner| drop(inner.insert("kid".to_owned(), kid)), |_| {});

    assert_eq!(
        forge.read(&forge.encrypted(&signed, |_| {})),
        Err(Rejected::BadSignature)
    );
}

#[test]
fn a_cookie_fits_whatever_a_provider_sends() {
    let origin = format!("https://{}.example", "a".repeat(200));
    for text in [
        "\"".repeat(10_000),
        "é".repeat(10_000),
        "\u{1F600}".repeat(5_000),
        "\\".repeat(300),
    ] {
        let forge = Forge::at(&origin);
        let mut user = forge.user();
        user.username.clone_from(&text);
        user.name = Some(text.clone());
        user.email = Some(format!("{}@example.com", "e".repeat(242)));
        user.avatar = Some(format!("https://example.com/{}", "p".repeat(490)));
        let now = Utc::now();
        let token = forge.tokens.mint(SessionDraft {
            sid: uuid::Uuid::now_v7(),
            iat: now.timestamp(),
            exp: (now + TimeDelta::days(14)).timestamp(),
            created: now.timestamp_millis(),
            auth_provider: vestibule::provider::Provider::GitHub,
            user: user.clone(),
        });
        let token = token.unwrap();
        let line = format!(
            "__Host-session={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=34560000"
        );
        assert!(line.len() < 4_096, "{} bytes", line.len());

        let session = forge.tokens.decode(token.as_bytes(), now).ok().unwrap();
        let carried = &session.claims().user;
        assert!(!carried.username.is_empty() && text.starts_with(&carried.username));
        assert!(
            carried.email.is_none() || carried.email == user.email,
            "never cut"
        );
        assert!(
            carried.avatar.is_none() || carried.avatar == user.avatar,
            "never cut"
        );
    }
}
