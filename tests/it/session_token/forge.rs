//! Makes tokens with the ring's keys and anything at all in them.

use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::{DateTime, Utc};
use josekit::jwe::enc::A256GCM;
use josekit::jwe::{ECDH_ES, JweContentEncryption as _, JweEncrypter as _, JweHeader};
use josekit::jwk::Jwk;
use josekit::jws::{EdDSA, JwsSigner as _};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vestibule::config::KeySource;
use vestibule::crypto::keys::{self, LiveRing};
use vestibule::crypto::session_token::{Rejected, SessionTokens};
use vestibule::secret::Secret;

pub type Members = Map<String, Value>;

/// `exp - iat` of the house that reads the forgeries.
pub const MAX_LIFETIME: Duration = Duration::from_hours(90 * 24);

pub struct Forge {
    jwks: Value,
    pub tokens: SessionTokens,
    claims: Value,
}

impl Forge {
    pub fn new() -> Self {
        Self::at("https://a.example")
    }

    pub fn at(origin: &str) -> Self {
        Self::holding(new_jwks(), origin)
    }

    /// With the keys of this JWK Set, and forging with the first of each kind.
    pub fn holding(jwks: Value, origin: &str) -> Self {
        let source = KeySource::Text(Secret::new(jwks.to_string()));
        let ring = keys::load(&source).ok().unwrap();
        let ring = Arc::new(LiveRing::fixed(ring));
        let (id, now) = (Uuid::now_v7(), Utc::now());
        let claims = json!({
            "iss": origin, "aud": origin, "sub": id, "sid": Uuid::now_v7(),
            "iat": now.timestamp(), "exp": now.timestamp() + 3_600, "created": now.timestamp_millis(),
            "authProvider": "github",
            "user": {"id": id, "username": "ada", "email": null, "avatar": null, "name": "Ada"},
        });
        Self {
            tokens: SessionTokens::new(ring, origin, MAX_LIFETIME),
            jwks,
            claims,
        }
    }

    pub fn jwks(&self) -> &Value {
        &self.jwks
    }

    pub fn read(&self, token: &str) -> Result<(), Rejected> {
        self.read_at(token, Utc::now())
    }

    /// What all three ways to read it say: cold, for the first time, and from
    /// memory.
    pub fn read_at(&self, token: &str, now: DateTime<Utc>) -> Result<(), Rejected> {
        let token = token.as_bytes();
        let cold = self.tokens.decode_cold(token, now).map(drop);
        for _ in 0..2 {
            assert_eq!(self.tokens.decode(token, now).map(drop), cold);
        }
        cold
    }

    pub fn claims(&self) -> &Value {
        &self.claims
    }

    pub fn inner_header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "session+jwt", "kid": self.jwk("EdDSA").key_id()})
    }

    /// A whole token, bent in three places.
    pub fn token(
        &self,
        outer: impl FnOnce(&mut Members),
        inner: impl FnOnce(&mut Members),
        claims: impl FnOnce(&mut Members),
    ) -> String {
        self.encrypted(&self.signed(inner, claims), outer)
    }

    pub fn signed(
        &self,
        inner: impl FnOnce(&mut Members),
        claims: impl FnOnce(&mut Members),
    ) -> String {
        let (mut header, mut content) = (self.inner_header(), self.claims.clone());
        inner(header.as_object_mut().unwrap());
        claims(content.as_object_mut().unwrap());
        self.signed_text(&header.to_string(), &content.to_string())
    }

    pub fn signed_text(&self, header: &str, claims: &str) -> String {
        let text = format!("{}.{}", encode(header), encode(claims));
        let signer = EdDSA.signer_from_jwk(&self.jwk("EdDSA")).unwrap();
        let signature = signer.sign(text.as_bytes()).unwrap();
        format!("{text}.{}", encode(signature))
    }

    pub fn encrypted(&self, content: &str, outer: impl FnOnce(&mut Members)) -> String {
        self.encrypted_text(content, |header| {
            let mut header: Value = serde_json::from_str(&header).unwrap();
            outer(header.as_object_mut().unwrap());
            header.to_string()
        })
    }

    /// Encrypts under the header that `change` makes of ours, so that it is
    /// authentic whatever it says.
    pub fn encrypted_text(&self, content: &str, change: impl FnOnce(String) -> String) -> String {
        let jwk = self.jwk("ECDH-ES");
        let encrypter = ECDH_ES.encrypter_from_jwk(&jwk).unwrap();
        let mut header = JweHeader::new();
        let key = encrypter
            .compute_content_encryption_key(&A256GCM, &JweHeader::new(), &mut header)
            .unwrap()
            .unwrap()
            .into_owned();
        let ours = json!({
            "alg": "ECDH-ES", "enc": "A256GCM", "typ": "session+jwt", "cty": "JWT",
            "kid": jwk.key_id(), "epk": header.claim("epk"),
        });
        let header = encode(change(ours.to_string()));
        let iv = [7; 12];
        let (ciphertext, tag) = A256GCM
            .encrypt(&key, Some(&iv), content.as_bytes(), header.as_bytes())
            .unwrap();
        format!(
            "{header}..{}.{}.{}",
            encode(iv),
            encode(ciphertext),
            encode(tag.unwrap())
        )
    }

    fn jwk(&self, alg: &str) -> Jwk {
        let keys = self.jwks["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["alg"] == alg).unwrap();
        Jwk::from_map(key.as_object().unwrap().clone()).unwrap()
    }
}

/// Refused because of how it is written, before or after it was opened.
pub fn malformed(result: Result<(), Rejected>) -> bool {
    matches!(result, Err(Rejected::Malformed(_)))
}

/// A new ring as it lies in its file.
pub fn new_jwks() -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    keys::write_new(&path, false).ok().unwrap();
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
