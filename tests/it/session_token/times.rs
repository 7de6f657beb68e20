//! Not from the future, not for ever, and over when it says so.

use chrono::{DateTime, Utc};
use serde_json::json;
use vestibule::crypto::session_token::Rejected;

use super::forge::{Forge, MAX_LIFETIME};

/// When the readings happen; any time will do.
const NOW: i64 = 1_800_000_000;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn token(forge: &Forge, iat: i64, exp: i64) -> String {
    forge.token(
        |_| {},
        |_| {},
        |claims| {
            claims.insert("iat".to_owned(), json!(iat));
            claims.insert("exp".to_owned(), json!(exp));
        },
    )
}

fn foreign(result: Result<(), Rejected>) -> bool {
    matches!(result, Err(Rejected::Foreign(_)))
}

#[test]
fn a_clock_may_be_a_minute_ahead_and_no_more() {
    let forge = Forge::new();
    let ahead = |seconds| forge.read_at(&token(&forge, NOW + seconds, NOW + 9_999), at(NOW));

    assert_eq!(ahead(0), Ok(()));
    assert_eq!(ahead(60), Ok(()));
    for seconds in [61, 120, 9_998] {
        assert_eq!(ahead(seconds), Err(Rejected::NotYet), "{seconds} s ahead");
    }
    assert!(!Rejected::NotYet.for_good(), "another clock may be right");
}

#[test]
fn no_token_lives_longer_than_a_session_may() {
    let forge = Forge::new();
    let longest = MAX_LIFETIME.as_secs().cast_signed();
    let read = |iat, exp| forge.read_at(&token(&forge, iat, exp), at(NOW));

    assert_eq!(read(NOW, NOW + longest), Ok(()));
    assert!(foreign(read(NOW, NOW + longest + 1)));
    assert!(foreign(read(NOW - longest, NOW + 1)), "however old it is");
    for (iat, exp) in [
        (NOW, i64::MAX),
        (i64::MIN, i64::MAX),
        (i64::MIN, NOW + 1),
        (0, NOW + 1),
        (NOW, NOW - 1),
        (NOW, i64::MIN),
    ] {
        assert!(foreign(read(iat, exp)), "from {iat} to {exp}");
    }
}

#[test]
fn there_is_no_leeway_on_expiry_not_even_from_memory() {
    let forge = Forge::new();
    let token = token(&forge, NOW - 100, NOW);
    assert_eq!(forge.read_at(&token, at(NOW - 1)), Ok(()), "remembered now");

    for seconds in [0, 1, 60, 86_400] {
        let refused = forge.read_at(&token, at(NOW + seconds));
        assert_eq!(refused, Err(Rejected::Expired), "{seconds} s late");
    }
    let fresh = Forge::holding(forge.jwks().clone(), "https://a.example");
    assert_eq!(fresh.read_at(&token, at(NOW)), Err(Rejected::Expired));
}
