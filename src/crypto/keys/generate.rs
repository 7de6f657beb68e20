//! New keys, from the system's randomness.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::{DateTime, Utc};
use openssl::pkey::{Id, PKey};
use zeroize::Zeroizing;

use super::jwk::{Jwk, JwkSet};
use super::{KeyRing, Kind};
use crate::crypto::random;

impl KeyRing {
    /// A whole ring in memory, for tests and benchmarks.
    ///
    /// # Panics
    /// When OpenSSL refuses keys that were just made.
    pub fn generate() -> Self {
        Self::try_from(&JwkSet::generate(Utc::now(), false)).expect("a new ring is whole")
    }
}

impl JwkSet {
    /// One key of each kind, active from `now` on.
    pub fn generate(now: DateTime<Utc>, demo: bool) -> Self {
        let keys = Kind::ALL
            .into_iter()
            .map(|kind| Jwk::generate(kind, now))
            .collect();
        Self { keys, demo }
    }
}

impl Jwk {
    pub fn generate(kind: Kind, now: DateTime<Utc>) -> Self {
        match kind {
            Kind::Signing => Self::okp_pair(kind, "sig", Id::ED25519, "Ed25519", now),
            Kind::Encryption => Self::okp_pair(kind, "enc", Id::X25519, "X25519", now),
            Kind::Sealing => Self::oct::<32>(kind, now),
            Kind::PreSignIn => Self::oct::<64>(kind, now),
        }
    }

    fn okp_pair(kind: Kind, usage: &str, id: Id, curve: &str, now: DateTime<Utc>) -> Self {
        // For both curves any 32 random bytes are a private key (RFC 8032, RFC 7748).
        let private = Zeroizing::new(random::bytes::<32>());
        let public = PKey::private_key_from_raw_bytes(&*private, id)
            .and_then(|key| key.raw_public_key())
            .expect("OpenSSL takes any 32 bytes for these curves");
        Self {
            crv: Some(curve.to_owned()),
            x: Some(BASE64_URL_SAFE_NO_PAD.encode(public)),
            d: Some(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*private))),
            ..Self::blank(kind, "OKP", usage, now)
        }
    }

    fn oct<const N: usize>(kind: Kind, now: DateTime<Utc>) -> Self {
        Self {
            k: Some(Zeroizing::new(random::text::<N>())),
            ..Self::blank(kind, "oct", "enc", now)
        }
    }

    fn blank(kind: Kind, kty: &str, usage: &str, now: DateTime<Utc>) -> Self {
        Self {
            kty: kty.to_owned(),
            usage: usage.to_owned(),
            alg: kind.alg().to_owned(),
            kid: kid(kind, now),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            crv: None,
            x: None,
            d: None,
            k: None,
        }
    }
}

/// Readable in a list, and unique: `sig-20261123-9f3a61c2`.
fn kid(kind: Kind, now: DateTime<Utc>) -> String {
    let word = match kind {
        Kind::Signing => "sig",
        Kind::Encryption => "enc",
        Kind::Sealing => "seal",
        Kind::PreSignIn => "pre",
    };
    let unique = u32::from_be_bytes(random::bytes());
    format!("{word}-{}-{unique:08x}", now.format("%Y%m%d"))
}
