//! The compact forms, read strictly: exactly the parts, the alphabet, the
//! header members and the lengths that our own tokens have.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Deserialize;

use super::{Rejected, TOKEN_TYPE};
use crate::strict_json::{Object, object};

/// A GCM nonce and tag (RFC 7518 §5.3), an X25519 key, an Ed25519 signature.
const IV_LENGTH: usize = 12;
const TAG_LENGTH: usize = 16;
const X25519_LENGTH: usize = 32;
const SIGNATURE_LENGTH: usize = 64;

/// The outer token: everything that decryption needs.
pub(super) struct Jwe<'a> {
    pub kid: String,
    /// The header's JSON, whose members are known to be ours.
    pub header: Vec<u8>,
    /// The header as it was sent: the additional authenticated data.
    pub header_text: &'a str,
    pub iv: Vec<u8>,
    pub ciphertext: Vec<u8>,
    pub tag: Vec<u8>,
}

/// The inner token: everything that verification needs.
pub(super) struct Jws<'a> {
    pub kid: String,
    /// `header.payload`: what was signed.
    pub signed_text: &'a str,
    pub payload: Vec<u8>,
    pub signature: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JweHeader {
    alg: String,
    enc: String,
    typ: String,
    cty: String,
    kid: String,
    #[serde(deserialize_with = "object")]
    epk: EphemeralKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EphemeralKey {
    kty: String,
    crv: String,
    x: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JwsHeader {
    alg: String,
    typ: String,
    kid: String,
}

impl<'a> Jwe<'a> {
    pub fn parse(token: &'a [u8]) -> Result<Self, Rejected> {
        let token = ascii(token)?;
        let [header_text, key, iv, ciphertext, tag] = parts(token)?;
        if !key.is_empty() {
            return Err(Rejected::Malformed("an encrypted key where none belongs"));
        }
        let header = canonical(header_text)?;
        let Object(members) = serde_json::from_slice::<Object<JweHeader>>(&header)
            .map_err(|_| Rejected::Malformed("the JWE header is not ours"))?;
        members.check()?;

        let (iv, ciphertext, tag) = (canonical(iv)?, canonical(ciphertext)?, canonical(tag)?);
        if iv.len() != IV_LENGTH || tag.len() != TAG_LENGTH || ciphertext.is_empty() {
            return Err(Rejected::Malformed(
                "a part of the JWE has the wrong length",
            ));
        }
        Ok(Self {
            kid: members.kid,
            header,
            header_text,
            iv,
            ciphertext,
            tag,
        })
    }
}

impl JweHeader {
    fn check(&self) -> Result<(), Rejected> {
        let fixed = (&*self.alg, &*self.enc, &*self.typ, &*self.cty);
        if fixed != ("ECDH-ES", "A256GCM", TOKEN_TYPE, "JWT") {
            return Err(Rejected::Malformed("the JWE header is of another purpose"));
        }
        if (&*self.epk.kty, &*self.epk.crv) != ("OKP", "X25519") {
            return Err(Rejected::Malformed("the ephemeral key is of another kind"));
        }
        if canonical(&self.epk.x)?.len() != X25519_LENGTH {
            return Err(Rejected::Malformed(
                "the ephemeral key has the wrong length",
            ));
        }
        Ok(())
    }
}

impl<'a> Jws<'a> {
    pub fn parse(token: &'a [u8]) -> Result<Self, Rejected> {
        let token = ascii(token)?;
        let [header, payload, signature] = parts(token)?;
        let Object(members) = serde_json::from_slice::<Object<JwsHeader>>(&canonical(header)?)
            .map_err(|_| Rejected::Malformed("the JWS header is not ours"))?;
        if (&*members.alg, &*members.typ) != ("EdDSA", TOKEN_TYPE) {
            return Err(Rejected::Malformed("the JWS header is of another purpose"));
        }
        let signed_text = &token[..header.len() + 1 + payload.len()];
        let (payload, signature) = (canonical(payload)?, canonical(signature)?);
        if signature.len() != SIGNATURE_LENGTH {
            return Err(Rejected::Malformed("the signature has the wrong length"));
        }
        Ok(Self {
            kid: members.kid,
            signed_text,
            payload,
            signature,
        })
    }
}

fn ascii(token: &[u8]) -> Result<&str, Rejected> {
    std::str::from_utf8(token)
        .ok()
        .filter(|text| text.is_ascii())
        .ok_or(Rejected::Malformed("not ASCII"))
}

fn parts<const N: usize>(token: &str) -> Result<[&str; N], Rejected> {
    let mut found = [""; N];
    let mut parts = token.split('.');
    for slot in &mut found {
        *slot = parts.next().ok_or(Rejected::Malformed("too few parts"))?;
    }
    match parts.next() {
        None => Ok(found),
        Some(_) => Err(Rejected::Malformed("too many parts")),
    }
}

/// Base64url that encodes back to itself: without padding, without bits that
/// are thrown away, so that no two texts mean the same token. The engine
/// refuses both; the property tests would tell if it ever stopped.
fn canonical(part: &str) -> Result<Vec<u8>, Rejected> {
    BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Rejected::Malformed("not canonical base64url"))
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn only_one_text_decodes_to_the_same_bytes() {
        assert!(canonical("QQ").is_ok());
        for other in ["QR", "QQ==", "QQ=", "QQ\n", " QQ", "Q", "+/", "QQ%3D"] {
            assert!(canonical(other).is_err(), "{other:?}");
        }
    }
}
