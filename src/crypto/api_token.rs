//! API tokens: what they look like, and what is kept of them.
//!
//! ```text
//! vst_ 43 digits of randomness 6 digits of checksum
//! ```
//!
//! The prefix and the checksum let secret scanners tell a token from noise,
//! and let us refuse a mistyped one without asking the database.

use sha2::{Digest as _, Sha256};

use super::random;
use crate::secret::Secret;

const PREFIX: &str = "vst_";
/// 43 digits of 62 are 256 bits.
const RANDOM_DIGITS: usize = 43;
/// Six digits of 62 hold a CRC-32.
const CHECKSUM_DIGITS: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The length of every token, in bytes.
pub const TOKEN_BYTES: usize = PREFIX.len() + RANDOM_DIGITS + CHECKSUM_DIGITS;

/// How much of a token its owner sees afterwards: enough to tell a dozen
/// apart, and 221 bits short of the token.
const SHOWN_BYTES: usize = PREFIX.len() + 6;

/// An API token as its owner sees it, once.
pub struct PlainToken(Secret);

/// What we keep: enough to recognise the token, useless to a thief. The token
/// has 256 random bits, so a plain hash is as good as a slow one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl PlainToken {
    pub fn generate() -> Self {
        let mut text = String::with_capacity(TOKEN_BYTES);
        text.push_str(PREFIX);
        while text.len() < PREFIX.len() + RANDOM_DIGITS {
            let [byte] = random::bytes();
            // 248 is the largest multiple of 62 in a byte: each digit is as
            // likely as any other.
            if byte < 248 {
                text.push(char::from(DIGITS[usize::from(byte) % DIGITS.len()]));
            }
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(Secret::new(text))
    }

    /// `None` for what no token of ours looks like.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TOKEN_BYTES || !text.is_ascii() {
            return None;
        }
        let (token, sum) = text.split_at(TOKEN_BYTES - CHECKSUM_DIGITS);
        let digits = token.strip_prefix(PREFIX)?;
        let known = digits.bytes().all(|digit| digit.is_ascii_alphanumeric());
        (known && checksum(token) == sum).then(|| Self(Secret::new(text)))
    }

    /// The only way to look.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.expose()).into())
    }

    /// How it begins, for people to recognise it.
    pub fn shown(&self) -> &str {
        &self.expose()[..SHOWN_BYTES]
    }
}

impl TokenHash {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Of prefix and randomness, in base 62, the most significant digit first.
fn checksum(token: &str) -> String {
    let mut sum = crc32fast::hash(token.as_bytes());
    let mut digits = [b'0'; CHECKSUM_DIGITS];
    for digit in digits.iter_mut().rev() {
        let place = usize::try_from(sum % 62).unwrap_or_default();
        *digit = DIGITS[place];
        sum /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_shape_and_is_read_again() {
        let (one, other) = (PlainToken::generate(), PlainToken::generate());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 53);
        assert!(one.expose().starts_with("vst_"));
        let read = PlainToken::parse(one.expose()).unwrap();
        assert!(read.hash() == one.hash() && one.hash() != other.hash());
        assert_eq!(one.shown().len(), 10);
    }

    #[test]
    fn whatever_is_changed_about_a_token_is_noticed() {
        let token = PlainToken::generate();
        for place in 0..TOKEN_BYTES {
            let mut other = token.expose().as_bytes().to_vec();
            other[place] = if other[place] == b'7' { b'8' } else { b'7' };
            let other = String::from_utf8(other).unwrap();
            assert!(PlainToken::parse(&other).is_none(), "at {place}");
        }
        for text in [
            "",
            "vst_",
            &token.expose()[1..],
            &format!("{}0", token.expose()),
        ] {
            assert!(PlainToken::parse(text).is_none(), "{text}");
        }
        assert!(PlainToken::parse(&"é".repeat(53)).is_none());
    }

    #[test]
    fn every_digit_is_about_as_likely() {
        let mut counts = std::collections::HashMap::new();
        for _ in 0..500 {
            let token = PlainToken::generate();
            for digit in token.expose()[4..47].bytes() {
                *counts.entry(digit).or_insert(0) += 1;
            }
        }
        // 347 each are expected; a bias of the modulus would show as 430.
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| (250..=450).contains(count)));
    }
}
