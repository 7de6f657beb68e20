//! Minting a token: signed first, then encrypted (RFC 7519 §11.2).

use josekit::jwe::{self, JweHeader};
use josekit::jws::{self, JwsHeader};
use uuid::Uuid;

use super::{MAX_COOKIE_BYTES, SessionClaims, SessionUser, TOKEN_TYPE};
use crate::crypto::keys::KeyRing;
use crate::provider::Provider;

/// What a cookie's name and attributes take of [`MAX_COOKIE_BYTES`] at most.
const ATTRIBUTE_BYTES: usize = 128;

/// A name longer than this is cut when a token has to shrink.
const SHORT_NAME_BYTES: usize = 64;

/// What a token is to say; the rest of its claims follow from these and from
/// the origin that mints it.
#[derive(Clone, Debug)]
pub struct SessionDraft {
    pub sid: Uuid,
    /// When the token is issued, in seconds.
    pub iat: i64,
    /// From when on it is refused, in seconds.
    pub exp: i64,
    /// When the session began, in milliseconds.
    pub created: i64,
    pub auth_provider: Provider,
    pub user: SessionUser,
}

/// Minting failed: OpenSSL refused, which a checked ring never sees.
#[derive(Debug, thiserror::Error)]
#[error("a session token could not be made")]
pub struct EncodeError(#[source] anyhow::Error);

/// Mints a token that fits a cookie, leaving out what is too long to carry.
pub(super) fn mint(
    ring: &KeyRing,
    origin: &str,
    draft: SessionDraft,
) -> Result<String, EncodeError> {
    let mut claims = SessionClaims {
        iss: origin.to_owned(),
        aud: origin.to_owned(),
        sub: draft.user.id,
        sid: draft.sid,
        iat: draft.iat,
        exp: draft.exp,
        created: draft.created,
        auth_provider: draft.auth_provider,
        user: draft.user.within_limits(),
    };
    let shrink: [fn(&mut SessionUser); 3] = [
        |user| user.avatar = None,
        |user| user.email = None,
        |user| user.cut_names(SHORT_NAME_BYTES),
    ];
    let mut token = encode(ring, &claims)?;
    for step in shrink {
        if token.len() + ATTRIBUTE_BYTES < MAX_COOKIE_BYTES {
            break;
        }
        step(&mut claims.user);
        token = encode(ring, &claims)?;
    }
    Ok(token)
}

fn encode(ring: &KeyRing, claims: &SessionClaims) -> Result<String, EncodeError> {
    let payload = serde_json::to_vec(claims).map_err(|error| EncodeError(error.into()))?;
    let signed = sign(ring, &payload).map_err(|error| EncodeError(error.into()))?;

    encrypt(ring, signed.as_bytes()).map_err(|error| EncodeError(error.into()))
}

fn sign(ring: &KeyRing, payload: &[u8]) -> Result<String, josekit::JoseError> {
    let key = ring.active_signing();
    let mut header = JwsHeader::new();
    header.set_token_type(TOKEN_TYPE);
    header.set_key_id(key.kid());

    jws::serialize_compact(payload, &header, key.signer())
}

fn encrypt(ring: &KeyRing, signed: &[u8]) -> Result<String, josekit::JoseError> {
    let key = ring.active_encryption();
    let mut header = JweHeader::new();
    header.set_content_encryption("A256GCM");
    header.set_token_type(TOKEN_TYPE);
    header.set_content_type("JWT");
    header.set_key_id(key.kid());

    jwe::serialize_compact(signed, &header, key.encrypter())
}
