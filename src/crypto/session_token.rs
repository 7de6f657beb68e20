//! Claims <-> nested JWT: a JWE (ECDH-ES, A256GCM) around a JWS (Ed25519), in
//! compact form (RFC 7516, RFC 7515, RFC 7519 §5.2).
//!
//! Everything from outside passes [`compact`]'s strict reading before any
//! cryptography, and nothing else in the house calls josekit's decoding.

mod cache;
mod claims;
mod compact;
mod decode;
mod encode;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::keys::{KeyRing, LiveRing};
use cache::VerifiedCache;

pub use claims::{SessionClaims, SessionUser};
pub use decode::Rejected;
pub use encode::{EncodeError, SessionDraft};

/// The value of `typ` in both headers: this token and no other.
const TOKEN_TYPE: &str = "session+jwt";

/// The longest token that is looked at, and the longest Set-Cookie value that
/// every browser keeps (RFC 6265bis §5.6).
pub const MAX_COOKIE_BYTES: usize = 4096;

/// A session whose token was opened, verified and checked. Only
/// [`SessionTokens::decode`] makes one.
pub struct VerifiedSession {
    claims: SessionClaims,
    /// From the protected headers, for the page that explains the session.
    encryption_kid: String,
    signing_kid: String,
}

impl VerifiedSession {
    pub fn claims(&self) -> &SessionClaims {
        &self.claims
    }

    pub fn encryption_kid(&self) -> &str {
        &self.encryption_kid
    }

    pub fn signing_kid(&self) -> &str {
        &self.signing_kid
    }
}

/// Mints and reads session tokens for one origin.
pub struct SessionTokens {
    ring: Arc<LiveRing>,
    /// `iss` and `aud`: `PUBLIC_URL`.
    origin: String,
    /// `exp - iat` is never longer.
    max_lifetime: Duration,
    verified: VerifiedCache,
}

impl SessionTokens {
    pub fn new(ring: Arc<LiveRing>, origin: impl Into<String>, max_lifetime: Duration) -> Self {
        Self {
            ring,
            origin: origin.into(),
            max_lifetime,
            verified: VerifiedCache::default(),
        }
    }

    /// A new token, issued by and for this origin. It fits a cookie whatever
    /// the provider sent: names are cut at a character boundary, an e-mail or
    /// picture address that is too long is left out.
    pub fn mint(&self, draft: SessionDraft) -> Result<String, EncodeError> {
        encode::mint(&self.ring.glance(), &self.origin, draft)
    }

    /// Reads a token that anyone may have sent.
    ///
    /// A token that was verified before costs a SHA-256 and a look-up; its
    /// expiry is checked each time.
    pub fn decode(
        &self,
        token: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Arc<VerifiedSession>, Rejected> {
        fits_a_cookie(token)?;
        let digest = VerifiedCache::digest(token);
        if let Some(session) = self.verified.get(&digest, &self.ring.glance()) {
            session.claims.not_expired(now)?;
            return Ok(session);
        }
        let (session, ring) = self.ring.try_with(
            |ring| Ok((self.read(ring, token, now)?, Arc::clone(ring))),
            |reason| *reason == Rejected::UnknownKey,
        )?;
        let session = Arc::new(session);
        self.verified.insert(digest, Arc::clone(&session), &ring);

        Ok(session)
    }

    /// [`Self::decode`] without the memory of earlier tokens.
    pub fn decode_cold(
        &self,
        token: &[u8],
        now: DateTime<Utc>,
    ) -> Result<VerifiedSession, Rejected> {
        fits_a_cookie(token)?;
        self.read(&self.ring.glance(), token, now)
    }

    fn read(
        &self,
        ring: &KeyRing,
        token: &[u8],
        now: DateTime<Utc>,
    ) -> Result<VerifiedSession, Rejected> {
        let session = decode::open(ring, token)?;
        session.claims.check(&self.origin, self.max_lifetime, now)?;

        Ok(session)
    }
}

/// Nothing longer is read at all, not even to look it up.
fn fits_a_cookie(token: &[u8]) -> Result<(), Rejected> {
    if token.len() > MAX_COOKIE_BYTES {
        return Err(Rejected::Malformed("longer than any token of ours"));
    }
    Ok(())
}
