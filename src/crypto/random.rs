//! Randomness from the operating system, and from nowhere else.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness to give: nothing that this
/// process could do from then on would be safe.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// `N` random bytes as base64url without padding, fit for a URL or a cookie.
pub fn text<const N: usize>() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes::<N>())
}
