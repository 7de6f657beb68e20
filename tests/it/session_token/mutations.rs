//! A hundred thousand tokens that are almost ours.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::Utc;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use vestibule::crypto::session_token::Rejected;

use super::forge::{Forge, Members};

const CASES: u32 = 100_000;

/// The same mutations in every run; another number makes others. A failure
/// says what was done to the token, made as small as can be, and this seed.
const SEED: u64 = 1_815;

fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(SEED),
        ..Config::default()
    }
}

/// What is done to a token.
#[derive(Clone, Debug)]
enum Mutation {
    Cut(prop::sample::Index),
    FlipBit(prop::sample::Index, u8),
    SetByte(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    /// The first part of one token and the rest of another.
    Splice(prop::sample::Index),
    /// One whole part of another token.
    SwapPart(usize),
    /// A bit of a decoded part, so that it is base64url again.
    FlipDecoded(usize, prop::sample::Index, u8),
    /// A part with other characters for the same bytes, or padded.
    Reencode(usize, usize),
    /// A member of the header renamed, removed or doubled.
    RewriteHeader(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Mutation::Cut),
        (index(), 0..8_u8).prop_map(|(at, bit)| Mutation::FlipBit(at, bit)),
        (index(), any::<u8>()).prop_map(|(at, byte)| Mutation::SetByte(at, byte)),
        (index(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        index().prop_map(Mutation::Remove),
        index().prop_map(Mutation::Splice),
        (0..5_usize).prop_map(Mutation::SwapPart),
        (0..5_usize, index(), 0..8_u8)
            .prop_map(|(part, at, bit)| Mutation::FlipDecoded(part, at, bit)),
        (0..5_usize, 0..4_usize).prop_map(|(part, how)| Mutation::Reencode(part, how)),
        (0..6_usize, 0..4_usize).prop_map(|(member, how)| Mutation::RewriteHeader(member, how)),
    ]
}

fn mutate(token: &[u8], other: &[u8], mutation: &Mutation) -> Vec<u8> {
    let mut bytes = token.to_vec();
    match mutation {
        // An earlier change left nothing to change.
        _ if token.is_empty() => {}
        Mutation::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Mutation::FlipBit(at, bit) => bytes[at.index(token.len())] ^= 1 << bit,
        Mutation::SetByte(at, byte) => bytes[at.index(token.len())] = *byte,
        Mutation::Insert(at, byte) => bytes.insert(at.index(token.len()), *byte),
        Mutation::Remove(at) => drop(bytes.remove(at.index(token.len()))),
        Mutation::Splice(at) => {
            let at = at.index(token.len().min(other.len()));
            bytes = [&token[..at], &other[at..]].concat();
        }
        Mutation::SwapPart(part) => {
            let theirs = parts(other);
            return with_part(token, *part, |_| theirs[part % theirs.len()].clone());
        }
        Mutation::FlipDecoded(part, at, bit) => {
            return with_part(token, *part, |text| {
                let mut decoded = BASE64_URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
                if !decoded.is_empty() {
                    let at = at.index(decoded.len());
                    decoded[at] ^= 1 << bit;
                }
                BASE64_URL_SAFE_NO_PAD.encode(decoded)
            });
        }
        Mutation::Reencode(part, how) => {
            return with_part(token, *part, |text| match how {
                0 => format!("{text}="),
                1 => format!("{text}=="),
                2 => format!(" {text}"),
                _ => other_last_character(text),
            });
        }
        Mutation::RewriteHeader(member, how) => {
            return with_part(token, 0, |text| rewrite(text, *member, *how));
        }
    }
    bytes
}

/// The unused bits of the last character set: lenient decoders do not mind.
fn other_last_character(text: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let Some(last) = text.chars().last() else {
        return "A".to_owned();
    };
    let at = alphabet.find(last).unwrap_or(0);
    let next = alphabet.as_bytes()[(at + 1) % 64] as char;
    format!("{}{next}", &text[..text.len() - last.len_utf8()])
}

fn rewrite(text: &str, member: usize, how: usize) -> String {
    let json = BASE64_URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    // What an earlier change left is no header any more.
    let Ok(mut header) = serde_json::from_slice::<Members>(&json) else {
        return text.to_owned();
    };
    let Some(name) = header.keys().cycle().nth(member).cloned() else {
        return text.to_owned();
    };
    let value = header[&name].clone();
    let changed = match how {
        0 => {
            header.remove(&name);
            serde_json::to_string(&header).unwrap()
        }
        1 => {
            header.insert(format!("{name}2"), value);
            serde_json::to_string(&header).unwrap()
        }
        2 => serde_json::to_string(&header).unwrap().replacen(
            '{',
            &format!("{{\"{name}\":{value},"),
            1,
        ),
        _ => serde_json::to_string_pretty(&header).unwrap(),
    };
    BASE64_URL_SAFE_NO_PAD.encode(changed)
}

fn parts(token: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(token)
        .split('.')
        .map(str::to_owned)
        .collect()
}

fn with_part(token: &[u8], part: usize, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let mut parts = parts(token);
    let part = part % parts.len();
    parts[part] = change(&parts[part]);
    parts.join(".").into_bytes()
}

fn run<S: Strategy>(cases: u32, what: S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    TestRunner::new(config(cases))
        .run(&what, check)
        .unwrap_or_else(|failure| panic!("with seed {SEED}: {failure}"));
}

#[test]
fn no_mutated_token_is_accepted_and_none_panics() {
    let forge = Forge::new();
    let mint = || forge.token(|_| {}, |_| {}, |_| {}).into_bytes();
    let (token, other, now) = (mint(), mint(), Utc::now());
    assert!(forge.tokens.decode(&token, now).is_ok() && forge.tokens.decode(&other, now).is_ok());

    // One change most of the time, so that it is the only reason; sometimes more.
    let changes = prop_oneof![
        4 => prop::collection::vec(mutation(), 1),
        1 => prop::collection::vec(mutation(), 2..4),
    ];
    run(CASES, changes, |changes| {
        let mutated = changes.iter().fold(token.clone(), |token, change| {
            mutate(&token, &other, change)
        });
        if mutated != token && mutated != other {
            let read = forge.tokens.decode(&mutated, now).map(drop);
            let text = String::from_utf8_lossy(&mutated);
            prop_assert!(read.is_err(), "accepted {text}");
            prop_assert_ne!(read, Err(Rejected::Panicked), "panicked on {}", text);
        }
        Ok(())
    });
}

/// The same inside an envelope that opens: only the strict reading and the
/// signature are in the way.
#[test]
fn no_mutated_signature_is_accepted_in_a_true_envelope() {
    let forge = Forge::new();
    let sign = || {
        forge.signed(
            |_| {},
            |claims| claims["user"]["name"] = 1.to_string().into(),
        )
    };
    let signed = sign().into_bytes();
    let other = forge.signed(|_| {}, |_| {}).into_bytes();
    run(4_000, mutation(), |change| {
        let mutated = mutate(&signed, &other, &change);
        let Ok(mutated) = String::from_utf8(mutated) else {
            return Ok(());
        };
        let bytes = mutated.as_bytes();
        if bytes != signed && bytes != other {
            let token = forge.encrypted(&mutated, |_| {});
            let read = forge.tokens.decode_cold(token.as_bytes(), Utc::now());
            let read = read.map(drop);
            prop_assert!(read.is_err(), "accepted {mutated}");
            prop_assert_ne!(read, Err(Rejected::Panicked), "panicked on {}", mutated);
        }
        Ok(())
    });
}

#[test]
fn rubbish_of_any_kind_signs_nobody_in() {
    let forge = Forge::new();
    let rubbish = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "[A-Za-z0-9_=-]{0,40}(\\.[A-Za-z0-9_=-]{0,40}){0,5}".prop_map(String::into_bytes),
    ];
    run(20_000, rubbish, |bytes| {
        prop_assert!(forge.tokens.decode(&bytes, Utc::now()).is_err());
        Ok(())
    });
}
