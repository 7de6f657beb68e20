//! A cookie that every browser keeps, whatever a provider sends.

use chrono::{TimeDelta, Utc};
use uuid::Uuid;
use vestibule::crypto::session_token::{SessionDraft, SessionUser};
use vestibule::provider::Provider;

use super::forge::Forge;

pub fn draft(username: &str) -> SessionDraft {
    let now = Utc::now();
    SessionDraft {
        sid: Uuid::now_v7(),
        iat: now.timestamp(),
        exp: (now + TimeDelta::days(14)).timestamp(),
        created: now.timestamp_millis(),
        auth_provider: Provider::GitHub,
        user: SessionUser {
            id: Uuid::now_v7(),
            username: username.to_owned(),
            email: None,
            avatar: None,
            name: None,
        },
    }
}

/// What a token carries of `user`, once its cookie is known to fit.
fn carried(forge: &Forge, user: &SessionUser) -> SessionUser {
    let mut draft = draft("");
    draft.user.clone_from(user);
    let token = forge.tokens.mint(draft).unwrap();
    // The longest lifetime that browsers keep, 400 days.
    let line =
        format!("__Host-session={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=34560000");
    assert!(line.len() < 4_096, "{} bytes", line.len());

    let session = forge.tokens.decode(token.as_bytes(), Utc::now());
    session.ok().unwrap().claims().user.clone()
}

/// `PUBLIC_URL` as long as it may be: 255 bytes.
fn longest_origin() -> String {
    let origin = format!("https://{}.example", "a".repeat(239));
    assert_eq!(origin.len(), 255);
    origin
}

#[test]
fn a_cookie_fits_whatever_a_provider_sends() {
    for origin in ["https://a.example", &longest_origin()] {
        let forge = Forge::at(origin);
        for character in [
            "a",
            "\"",
            "\\",
            "\u{1}",
            "\u{7f}",
            "é",
            "\u{2028}",
            "\u{1F600}",
        ] {
            let text = |bytes: usize| character.repeat(bytes / character.len());
            for (names, addresses) in [
                (10_000, 10_000),
                (10_000, 240),
                (200, 512),
                (128, 254),
                (64, 254),
            ] {
                let mut user = draft(&text(names)).user;
                user.name = Some(text(names));
                user.email = Some(text(addresses) + "@a.example");
                user.avatar = Some(text(addresses));
                let carried = carried(&forge, &user);

                let name = carried.name.unwrap();
                assert!(
                    carried.username.len() > 60 && name.len() > 60,
                    "cut too far"
                );
                assert!(user.username.starts_with(&carried.username));
                assert!(user.name.unwrap().starts_with(&name));
                assert!(carried.email.is_none() || carried.email == user.email);
                assert!(carried.avatar.is_none() || carried.avatar == user.avatar);
            }
        }
    }
}

#[test]
fn an_ordinary_profile_arrives_whole() {
    let mut user = draft("ada").user;
    user.name = Some("Ada \"Countess\" Łövelace \u{1F600}".to_owned());
    user.email = Some("ada@example.com".to_owned());
    user.avatar = Some("https://avatars.example.com/u/1815001?v=4".to_owned());

    for origin in ["https://a.example", &longest_origin()] {
        assert_eq!(carried(&Forge::at(origin), &user), user);
    }
}

#[test]
fn a_long_name_is_cut_between_two_characters() {
    let forge = Forge::new();
    let mut user = draft(&format!("a{}", "é".repeat(100))).user;
    user.name = Some(format!("ab{}", "\u{1F600}".repeat(60)));
    let carried = carried(&forge, &user);

    assert_eq!(carried.username, format!("a{}", "é".repeat(63)));
    let name = format!("ab{}", "\u{1F600}".repeat(49));
    assert_eq!(carried.name, Some(name));
}

#[test]
fn an_address_that_is_too_long_is_left_out_and_never_cut() {
    let forge = Forge::new();
    let email = |bytes: usize| Some("e".repeat(bytes - 12) + "@example.com");
    let avatar = |bytes: usize| Some("https://a.example/".to_owned() + &"p".repeat(bytes - 18));
    let mut user = draft("ada").user;

    (user.email, user.avatar) = (email(254), avatar(512));
    assert_eq!(carried(&forge, &user), user, "as long as they may be");

    (user.email, user.avatar) = (email(255), avatar(512));
    let without_email = carried(&forge, &user);
    assert_eq!(
        (without_email.email, without_email.avatar),
        (None, avatar(512))
    );

    (user.email, user.avatar) = (email(254), avatar(513));
    let without_avatar = carried(&forge, &user);
    assert_eq!(
        (without_avatar.email, without_avatar.avatar),
        (email(254), None)
    );
}
