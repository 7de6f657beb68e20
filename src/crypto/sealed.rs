//! AES-256-GCM-SIV for columns: a value that opens only under its key and in
//! its place.
//!
//! The sealed form is `version (1) | length of kid (1) | kid | nonce (12) |
//! ciphertext and tag`. The associated data is the place, `table/row id/column`,
//! so that a value copied to another row, column or person does not open
//! (RFC 8452; OWASP Cryptographic Storage).

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use zeroize::Zeroizing;

use super::keys::{KeyRing, SealingKey};
use super::random;
use crate::secret::Secret;

const FORMAT_VERSION: u8 = 1;
const NONCE_LENGTH: usize = 12;

/// Why a sealed value did not open. Says nothing about what is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process may know the key: "unavailable, try again".
    #[error("sealed under a key that this ring does not hold")]
    UnknownKey,
    /// Corrupted, cut, or copied from another place.
    #[error("the sealed value does not open here")]
    Broken,
}

/// Seals `plain` for `place` under the ring's active key.
pub fn seal(ring: &KeyRing, plain: &Secret, place: &str) -> Vec<u8> {
    seal_under(ring.active_sealing(), plain, place)
}

/// The same under this key.
///
/// # Panics
/// Never for values that fit in memory: the cipher's limit is 64 GiB.
pub fn seal_under(key: &SealingKey, plain: &Secret, place: &str) -> Vec<u8> {
    let nonce = random::bytes::<NONCE_LENGTH>();
    let ciphertext = cipher(key.bytes())
        .encrypt(
            &Nonce::from(nonce),
            Payload {
                msg: plain.expose().as_bytes(),
                aad: place.as_bytes(),
            },
        )
        .expect("a token is shorter than the cipher's limit");

    let mut sealed = beginning(key.kid());
    sealed.reserve_exact(NONCE_LENGTH + ciphertext.len());
    sealed.extend(nonce);
    sealed.extend(ciphertext);
    sealed
}

/// Opens what [`seal`] made for the same place.
pub fn open(ring: &KeyRing, sealed: &[u8], place: &str) -> Result<Secret, OpenError> {
    let (kid, nonce, ciphertext) = parts(sealed).ok_or(OpenError::Broken)?;
    let key = ring.sealing(kid).ok_or(OpenError::UnknownKey)?;
    let plain = cipher(key.bytes())
        .decrypt(
            &Nonce::from(nonce),
            Payload {
                msg: ciphertext,
                aad: place.as_bytes(),
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| OpenError::Broken)?;
    let text = std::str::from_utf8(&plain).map_err(|_| OpenError::Broken)?;

    Ok(Secret::new(text))
}

/// How every value begins that lies under the key of this name.
///
/// # Panics
/// When the name is longer than any key's.
pub fn beginning(kid: &str) -> Vec<u8> {
    let length = u8::try_from(kid.len()).expect("a kid has at most 64 bytes");
    [&[FORMAT_VERSION, length], kid.as_bytes()].concat()
}

/// Under which key a value lies, without opening it.
pub fn kid_of(sealed: &[u8]) -> Option<&str> {
    parts(sealed).map(|(kid, ..)| kid)
}

fn cipher(key: &[u8; 32]) -> Aes256GcmSiv {
    Aes256GcmSiv::new(key.into())
}

fn parts(sealed: &[u8]) -> Option<(&str, [u8; NONCE_LENGTH], &[u8])> {
    let (&[FORMAT_VERSION, kid_length], rest) = sealed.split_first_chunk::<2>()? else {
        return None;
    };
    let (kid, rest) = rest.split_at_checked(usize::from(kid_length))?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LENGTH>()?;

    Some((std::str::from_utf8(kid).ok()?, *nonce, ciphertext))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "accounts/1/access_token";

    fn sealed(ring: &KeyRing) -> Vec<u8> {
        seal(ring, &Secret::new("gho_secret"), PLACE)
    }

    #[test]
    fn what_was_sealed_opens_in_its_place() {
        let ring = KeyRing::generate();
        let opened = open(&ring, &sealed(&ring), PLACE);

        assert_eq!(
            opened.ok().map(|s| s.expose().to_owned()).as_deref(),
            Some("gho_secret")
        );
    }

    #[test]
    fn the_same_token_never_looks_the_same_twice() {
        let ring = KeyRing::generate();
        assert_ne!(sealed(&ring), sealed(&ring));
    }

    #[test]
    fn a_value_copied_elsewhere_does_not_open() {
        let ring = KeyRing::generate();
        for place in ["accounts/2/access_token", "accounts/1/refresh_token", ""] {
            let opened = open(&ring, &sealed(&ring), place);
            assert_eq!(opened.err(), Some(OpenError::Broken), "{place}");
        }
    }

    #[test]
    fn another_ring_does_not_know_the_key() {
        let value = sealed(&KeyRing::generate());
        let opened = open(&KeyRing::generate(), &value, PLACE);
        assert_eq!(opened.err(), Some(OpenError::UnknownKey));
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_refused() {
        let ring = KeyRing::generate();
        let value = sealed(&ring);
        for length in 0..value.len() {
            assert!(
                open(&ring, &value[..length], PLACE).is_err(),
                "cut to {length}"
            );
        }
        for bit in 0..value.len() * 8 {
            let mut bent = value.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&ring, &bent, PLACE).is_err(), "bit {bit}");
        }
    }
}
