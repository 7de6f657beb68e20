//! Opening a token: strict reading, then the key that its kid names, then
//! claims. The library's own decoding sees nothing that was not read first.

use std::panic::{AssertUnwindSafe, catch_unwind};

use josekit::jwe::enc::A256GCM;
use josekit::jwe::{JweContentEncryption as _, JweDecrypter as _, JweHeader};
use josekit::jws::JwsVerifier as _;

use super::compact::{Jwe, Jws};
use super::{SessionClaims, VerifiedSession};
use crate::crypto::keys::KeyRing;
use crate::strict_json::Object;

/// Why nobody is signed in by a token. The words are for our log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("malformed: {0}")]
    Malformed(&'static str),
    #[error("its key is not in this ring")]
    UnknownKey,
    #[error("it does not decrypt")]
    Undecryptable,
    #[error("its signature is wrong")]
    BadSignature,
    #[error("not for this place: {0}")]
    Foreign(&'static str),
    #[error("issued in the future by this clock")]
    NotYet,
    #[error("expired")]
    Expired,
    #[error("the library panicked on it")]
    Panicked,
}

impl Rejected {
    /// Whether the browser can forget it. A kid that we do not know may be
    /// known to another process, which has read the ring since; and a cookie
    /// from the future may be good where the clock is right.
    pub fn for_good(self) -> bool {
        !matches!(self, Self::UnknownKey | Self::NotYet)
    }
}

pub(super) fn open(ring: &KeyRing, token: &[u8]) -> Result<VerifiedSession, Rejected> {
    let jwe = Jwe::parse(token)?;
    let inner = decrypt(ring, &jwe)?;
    let jws = Jws::parse(&inner)?;
    verify(ring, &jws)?;
    let Object(claims) = serde_json::from_slice::<Object<SessionClaims>>(&jws.payload)
        .map_err(|_| Rejected::Malformed("the claims are not ours"))?;

    Ok(VerifiedSession {
        claims,
        encryption_kid: jwe.kid,
        signing_kid: jws.kid,
    })
}

fn decrypt(ring: &KeyRing, jwe: &Jwe<'_>) -> Result<Vec<u8>, Rejected> {
    let key = ring.encryption(&jwe.kid).ok_or(Rejected::UnknownKey)?;
    guarded(|| {
        let header = JweHeader::from_bytes(&jwe.header).ok()?;
        let content_key = key.decrypter().decrypt(None, &A256GCM, &header).ok()?;
        let (iv, tag) = (Some(&*jwe.iv), Some(&*jwe.tag));
        A256GCM
            .decrypt(
                &content_key,
                iv,
                &jwe.ciphertext,
                jwe.header_text.as_bytes(),
                tag,
            )
            .ok()
    })?
    .ok_or(Rejected::Undecryptable)
}

fn verify(ring: &KeyRing, jws: &Jws<'_>) -> Result<(), Rejected> {
    let key = ring.signing(&jws.kid).ok_or(Rejected::UnknownKey)?;
    guarded(|| {
        key.verifier()
            .verify(jws.signed_text.as_bytes(), &jws.signature)
    })?
    .map_err(|_| Rejected::BadSignature)
}

/// A panic inside the library is one more way to be signed out.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Rejected> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Rejected::Panicked)
}
