//! The key ring: one JWK Set (RFC 7517) that holds every key of the house.
//!
//! Of each kind the newest key whose `nbf` has come is active; all others
//! still open what they made.

mod change;
mod file;
mod generate;
mod jwk;
mod live;
mod material;
mod standing;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

pub use change::{Change, TakenOut};
pub use file::{RingError, load, write_new};
pub use live::LiveRing;
pub use material::{EncryptionKey, PreSignInKey, SealingKey, SigningKey};
pub use standing::{READ_EVERY, Standing};

/// What a key is for. The word in brackets is its `alg` in the JWK Set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ed25519, signs sessions (`EdDSA`).
    Signing,
    /// X25519, encrypts sessions (`ECDH-ES`).
    Encryption,
    /// 256 bits, seals tokens at rest (`A256GCM-SIV`).
    Sealing,
    /// 512 bits, encrypts the pre-sign-in cookie (`pre-sign-in`).
    PreSignIn,
}

impl Kind {
    pub const ALL: [Self; 4] = [
        Self::Signing,
        Self::Encryption,
        Self::Sealing,
        Self::PreSignIn,
    ];

    /// The JWK's `alg` member.
    pub const fn alg(self) -> &'static str {
        match self {
            Self::Signing => "EdDSA",
            Self::Encryption => "ECDH-ES",
            Self::Sealing => "A256GCM-SIV",
            Self::PreSignIn => "pre-sign-in",
        }
    }

    /// What operators read in `keys list`.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Signing => "signs sessions",
            Self::Encryption => "encrypts sessions",
            Self::Sealing => "seals tokens at rest",
            Self::PreSignIn => "encrypts the pre-sign-in cookie",
        }
    }
}

/// What is known of a key besides its bytes.
#[derive(Clone, Debug)]
pub struct About {
    pub kid: String,
    pub kind: Kind,
    /// `iat`: when it was made.
    pub made_at: DateTime<Utc>,
    /// `nbf`: from when on it is used for new things.
    pub active_from: DateTime<Utc>,
    /// SHA-256 of its private part: tells two keys of one name apart.
    fingerprint: [u8; 32],
}

/// Keys of one kind, the newest first.
pub(crate) struct Keys<K>(Vec<(About, K)>);

impl<K> Keys<K> {
    /// In the order of the file: of two that were made within one second the
    /// later one there is the newer.
    fn new(mut keys: Vec<(About, K)>) -> Self {
        keys.reverse();
        keys.sort_by_key(|(about, _)| Reverse((about.active_from, about.made_at)));
        Self(keys)
    }

    fn abouts(&self) -> impl Iterator<Item = &About> {
        self.0.iter().map(|(about, _)| about)
    }

    fn find(&self, kid: &str) -> Option<&K> {
        let (_, key) = self.0.iter().find(|(about, _)| about.kid == kid)?;
        Some(key)
    }

    fn active_entry(&self, now: DateTime<Utc>) -> Option<&(About, K)> {
        self.0.iter().find(|(about, _)| about.active_from <= now)
    }

    fn active(&self) -> &K {
        let (_, key) = self
            .active_entry(Utc::now())
            // The clock went back behind the oldest key's birth: use that one.
            .or(self.0.last())
            .expect("a ring without a kind is refused when it is read");
        key
    }
}

/// The ring, checked: every kind is there, every kid is unique.
pub struct KeyRing {
    signing: Keys<SigningKey>,
    encryption: Keys<EncryptionKey>,
    sealing: Keys<SealingKey>,
    pre_sign_in: Keys<PreSignInKey>,
    demo: bool,
}

impl KeyRing {
    pub fn active_signing(&self) -> &SigningKey {
        self.signing.active()
    }

    pub fn signing(&self, kid: &str) -> Option<&SigningKey> {
        self.signing.find(kid)
    }

    pub fn active_encryption(&self) -> &EncryptionKey {
        self.encryption.active()
    }

    pub fn encryption(&self, kid: &str) -> Option<&EncryptionKey> {
        self.encryption.find(kid)
    }

    pub fn active_sealing(&self) -> &SealingKey {
        self.sealing.active()
    }

    pub fn sealing(&self, kid: &str) -> Option<&SealingKey> {
        self.sealing.find(kid)
    }

    pub fn active_pre_sign_in(&self) -> &PreSignInKey {
        self.pre_sign_in.active()
    }

    /// Made by `vestibule demo`: never to be used in production.
    pub fn is_demo(&self) -> bool {
        self.demo
    }

    /// How many keys there are, of all kinds.
    pub fn len(&self) -> usize {
        self.every().count()
    }

    /// Always false: a ring without keys is refused.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn every(&self) -> impl Iterator<Item = &About> {
        let (signing, encryption) = (self.signing.abouts(), self.encryption.abouts());
        let (sealing, pre_sign_in) = (self.sealing.abouts(), self.pre_sign_in.abouts());
        signing.chain(encryption).chain(sealing).chain(pre_sign_in)
    }

    /// The id of a key that is another one in `other`: a mistake, because an id
    /// stands for one key for ever.
    fn contradicts(&self, other: &Self) -> Option<String> {
        let is_other = |ours: &&About| {
            let mut theirs = other.every().filter(|theirs| theirs.kid == ours.kid);
            theirs.any(|theirs| theirs.fingerprint != ours.fingerprint)
        };
        self.every().find(is_other).map(|about| about.kid.clone())
    }

    /// Whether all keys are the same, and active from the same times on.
    fn is_same_as(&self, other: &Self) -> bool {
        let all = |ring: &Self| {
            let keys = ring.every();
            let mut all: Vec<_> = keys
                .map(|about| (about.fingerprint, about.active_from, about.kid.clone()))
                .collect();
            all.sort();
            all
        };
        all(self) == all(other)
    }

    /// Every key with whether it is the active one of its kind, for listing.
    pub fn overview(&self, now: DateTime<Utc>) -> Vec<(About, bool)> {
        fn of<K>(keys: &Keys<K>, now: DateTime<Utc>) -> impl Iterator<Item = (About, bool)> {
            let active = keys.active_entry(now).map(|(about, _)| about.kid.clone());
            keys.0
                .iter()
                .map(move |(about, _)| (about.clone(), active.as_ref() == Some(&about.kid)))
        }
        of(&self.signing, now)
            .chain(of(&self.encryption, now))
            .chain(of(&self.sealing, now))
            .chain(of(&self.pre_sign_in, now))
            .collect()
    }
}
