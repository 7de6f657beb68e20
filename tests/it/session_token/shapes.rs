//! Five parts outside, three inside, each of its length.

use serde_json::json;
use vestibule::crypto::session_token::{MAX_COOKIE_BYTES, Rejected};

use super::forge::{Forge, encode, malformed};

/// Reads the token whose part at `position` is `part`.
fn with_part(forge: &Forge, position: usize, part: &str) -> Result<(), Rejected> {
    let token = forge.token(|_| {}, |_| {}, |_| {});
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[position] = part;
    forge.read(&parts.join("."))
}

#[test]
fn what_is_not_a_signature_within_an_encryption_is_refused() {
    let forge = Forge::new();
    let whole = forge.token(|_| {}, |_| {}, |_| {});
    let signed = forge.signed(|_| {}, |_| {});
    let claims = forge.claims().to_string();
    let sealed = |content: &str| forge.read(&forge.encrypted(content, |_| {}));

    assert!(malformed(forge.read(&signed)), "a JWS alone");
    assert!(malformed(sealed(&claims)), "plain JSON inside");
    assert!(malformed(sealed(&encode(&claims))), "plain claims inside");
    assert!(malformed(sealed(&whole)), "a JWE in a JWE");
    assert!(malformed(sealed("..")), "nothing inside");

    let none = json!({"alg": "none", "typ": "session+jwt", "kid": ""}).to_string();
    let none = format!("{}.{}.", encode(none), encode(&claims));
    assert!(malformed(sealed(&none)), "alg none inside");
    let (unsigned, signature) = signed.rsplit_once('.').unwrap();
    assert!(malformed(sealed(&format!("{unsigned}."))), "no signature");
    assert!(malformed(sealed(unsigned)), "two parts inside");
    assert!(malformed(sealed(&format!("{signed}.{signature}"))));
    for bent in [
        format!("{signed}="),
        format!("{signed}\n"),
        format!(" {signed}"),
    ] {
        assert!(malformed(sealed(&bent)), "{bent:?}");
    }
}

#[test]
fn a_token_with_other_than_five_parts_is_refused() {
    let forge = Forge::new();
    let whole = forge.token(|_| {}, |_| {}, |_| {});
    let (four, last) = whole.rsplit_once('.').unwrap();
    for bent in [
        String::new(),
        "....".to_owned(),
        four.to_owned(),
        format!("{whole}."),
        format!(".{whole}"),
        format!("{whole}.{last}"),
        format!("{whole} "),
        format!("{whole}\0"),
        format!("\u{feff}{whole}"),
    ] {
        assert!(malformed(forge.read(&bent)), "{bent:?}");
    }
}

#[test]
fn a_tag_or_nonce_of_any_other_length_is_refused() {
    let forge = Forge::new();
    let token = forge.token(|_| {}, |_| {}, |_| {});
    let tag = token.rsplit('.').next().unwrap();
    for length in (0..=15).chain([17, 24, 32]) {
        let other = encode(vec![7; length]);
        assert!(malformed(with_part(&forge, 4, &other)), "{length} bytes");
    }
    // The tag that belongs to it, cut: a lenient library compares what is left.
    for length in 0..tag.len() {
        let (rest, _) = token.rsplit_once('.').unwrap();
        let bent = format!("{rest}.{}", &tag[..length]);
        assert!(malformed(forge.read(&bent)), "{length} characters");
    }
    for length in (0..=11).chain([13, 16, 32, 64]) {
        // Twelve of these bytes are the nonce that the forge uses.
        let other = encode(vec![7; length]);
        assert!(malformed(with_part(&forge, 2, &other)), "{length} bytes");
    }
    for bytes in [1, 16, 32, 40] {
        let key = encode(vec![7; bytes]);
        assert!(malformed(with_part(&forge, 1, &key)), "a key of {bytes}");
    }
}

/// Cut to whole bytes under their own tag, so that only its length is wrong.
#[test]
fn the_right_tag_cut_to_fewer_bytes_is_refused() {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

    let forge = Forge::new();
    let token = forge.token(|_| {}, |_| {}, |_| {});
    let (rest, tag) = token.rsplit_once('.').unwrap();
    let tag = BASE64_URL_SAFE_NO_PAD.decode(tag).unwrap();
    for length in 1..=15 {
        let bent = format!("{rest}.{}", encode(&tag[..length]));
        assert!(malformed(forge.read(&bent)), "{length} bytes");
    }
}

#[test]
fn empty_and_swapped_parts_are_refused() {
    let forge = Forge::new();
    for position in [0, 2, 3, 4] {
        assert!(malformed(with_part(&forge, position, "")), "{position}");
    }
    let (one, other) = (
        forge.token(|_| {}, |_| {}, |_| {}),
        forge.token(|_| {}, |_| {}, |_| {}),
    );
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    // The nonce is the same in all forgeries.
    for position in [0, 3, 4] {
        let mut mixed = parts(&one);
        mixed[position].clone_from(&parts(&other)[position]);
        let refused = forge.read(&mixed.join("."));
        assert_eq!(refused, Err(Rejected::Undecryptable), "{position}");
    }
    for (a, b) in [(0, 3), (0, 4), (2, 3), (2, 4), (3, 4), (1, 2)] {
        let mut mixed = parts(&one);
        mixed.swap(a, b);
        assert!(forge.read(&mixed.join(".")).is_err(), "{a} and {b}");
    }
}

#[test]
fn a_token_that_is_longer_than_a_cookie_is_refused_though_it_is_true() {
    let forge = Forge::new();
    let named = |length: usize| {
        forge.token(
            |_| {},
            |_| {},
            |claims| claims["user"]["username"] = "a".repeat(length).into(),
        )
    };
    let longest = (1_500..1_900)
        .map(named)
        .take_while(|token| token.len() <= MAX_COOKIE_BYTES)
        .last();
    assert_eq!(forge.read(&longest.unwrap()), Ok(()));
    assert!(malformed(forge.read(&named(1_900))));
}
