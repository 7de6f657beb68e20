//! What the session token costs: `cargo bench --bench session_token`.
//!
//! Cold decode is compared, within one run, with the bare X25519 agreement and
//! Ed25519 verification of the same OpenSSL that it cannot do without, and with
//! josekit's decrypter and verifier alone. The figures in the README come from
//! what is printed at the end. The goals: decode cold within 1.9 times the bare
//! operations, decode warm under 2 µs. The
//! whole takes about a minute.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it fails"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use criterion::Criterion;
use josekit::jwe::enc::A256GCM;
use josekit::jwe::{ECDH_ES, JweDecrypter as _, JweEncrypter as _, JweHeader};
use josekit::jwk::alg::{ecx::EcxCurve, ed::EdCurve};
use josekit::jws::{EdDSA, JwsSigner as _, JwsVerifier as _};
use openssl::derive::Deriver;
use openssl::pkey::PKey;
use openssl::sign::{Signer, Verifier};
use uuid::Uuid;
use vestibule::crypto::keys::{KeyRing, LiveRing};
use vestibule::crypto::sealed;
use vestibule::crypto::session_token::{SessionDraft, SessionTokens, SessionUser};
use vestibule::provider::Provider;
use vestibule::secret::Secret;

const PLACE: &str = "accounts/01a20b46-4c02-762a-878d-0dcab2f3c620/access_token";

fn main() {
    let tokens = SessionTokens::new(
        Arc::new(LiveRing::fixed(KeyRing::generate())),
        "https://a.example",
        Duration::from_hours(90 * 24),
    );
    let token = tokens.mint(draft()).unwrap().into_bytes();
    let mut cold = || {
        drop(black_box(
            tokens
                .decode_cold(black_box(&token), Utc::now())
                .ok()
                .unwrap(),
        ));
    };
    let mut warm = || {
        drop(black_box(
            tokens.decode(black_box(&token), Utc::now()).ok().unwrap(),
        ));
    };
    let mut bare = bare_operations();
    let mut josekit = josekit_alone();

    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("decode cold", |b| b.iter(&mut cold));
    criterion.bench_function("decode warm", |b| b.iter(&mut warm));
    criterion.bench_function("mint", |b| b.iter(|| tokens.mint(draft()).unwrap()));
    criterion.bench_function("bare X25519 + Ed25519", |b| b.iter(&mut bare));
    criterion.bench_function("josekit alone", |b| b.iter(&mut josekit));
    sealing(&mut criterion);
    criterion.final_summary();
    ratios([&mut bare, &mut josekit, &mut cold, &mut warm]);
}

fn draft() -> SessionDraft {
    let now = Utc::now();
    SessionDraft {
        sid: Uuid::now_v7(),
        iat: now.timestamp(),
        exp: (now + TimeDelta::days(14)).timestamp(),
        created: now.timestamp_millis(),
        auth_provider: Provider::GitHub,
        user: SessionUser {
            id: Uuid::now_v7(),
            username: "ada".to_owned(),
            email: Some("ada@example.com".to_owned()),
            avatar: Some("https://avatars.example.com/u/1815001?v=4".to_owned()),
            name: Some("Ada Lovelace".to_owned()),
        },
    }
}

/// One agreement and one verification, on keys that are ready.
fn bare_operations() -> impl FnMut() {
    let (ours, theirs) = (
        PKey::generate_x25519().unwrap(),
        PKey::generate_x25519().unwrap(),
    );
    let signing = PKey::generate_ed25519().unwrap();
    // About as long as the signed part of a token.
    let message = [7; 640];
    let signature = Signer::new_without_digest(&signing)
        .unwrap()
        .sign_oneshot_to_vec(&message)
        .unwrap();
    move || {
        let mut deriver = Deriver::new(&ours).unwrap();
        deriver.set_peer(&theirs).unwrap();
        black_box(deriver.derive_to_vec().unwrap());
        let mut verifier = Verifier::new_without_digest(&signing).unwrap();
        assert!(verifier.verify_oneshot(&signature, &message).unwrap());
    }
}

/// The library's key agreement and verification, without any reading.
fn josekit_alone() -> impl FnMut() {
    let pair = ECDH_ES.generate_ecx_key_pair(EcxCurve::X25519).unwrap();
    let encrypter = ECDH_ES
        .encrypter_from_jwk(&pair.to_jwk_public_key())
        .unwrap();
    let decrypter = ECDH_ES.decrypter_from_jwk(&pair.to_jwk_key_pair()).unwrap();
    let mut header = JweHeader::new();
    encrypter
        .compute_content_encryption_key(&A256GCM, &JweHeader::new(), &mut header)
        .unwrap();
    header.set_algorithm("ECDH-ES");
    let pair = EdDSA.generate_key_pair(EdCurve::Ed25519).unwrap();
    let verifier = EdDSA.verifier_from_jwk(&pair.to_jwk_public_key()).unwrap();
    let signer = EdDSA.signer_from_jwk(&pair.to_jwk_key_pair()).unwrap();
    let message = [7; 640];
    let signature = signer.sign(&message).unwrap();
    move || {
        black_box(decrypter.decrypt(None, &A256GCM, &header).unwrap());
        verifier.verify(&message, &signature).unwrap();
    }
}

fn sealing(criterion: &mut Criterion) {
    let ring = KeyRing::generate();
    let plain = Secret::new("gho_".to_owned() + &"a".repeat(36));
    let value = sealed::seal(&ring, &plain, PLACE);
    criterion.bench_function("seal", |b| b.iter(|| sealed::seal(&ring, &plain, PLACE)));
    criterion.bench_function("open", |b| {
        b.iter(|| sealed::open(&ring, &value, PLACE).ok().unwrap());
    });
}

/// All in turn, many times, so that a noisy machine disturbs all alike;
/// the medians are compared.
fn ratios(mut work: [&mut dyn FnMut(); 4]) {
    const ROUNDS: usize = 200;
    const PER_ROUND: u32 = 20;
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        for (work, times) in work.iter_mut().zip(&mut times) {
            let started = Instant::now();
            (0..PER_ROUND).for_each(|_| work());
            times.push(started.elapsed() / PER_ROUND);
        }
    }
    let [bare, josekit, cold, warm] = times.map(|mut times| {
        times.sort();
        times[ROUNDS / 2].as_secs_f64()
    });
    println!("\nbare operations: {:.1} µs", bare * 1e6);
    println!("josekit alone:   {:.2} times that", josekit / bare);
    println!("decode cold:     {:.2} times that (goal: 1.9)", cold / bare);
    println!("decode warm:     {:.2} µs (goal: 2)", warm * 1e6);
}
