//! Between the JWK Set's text and checked keys.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::{DateTime, Utc};
use josekit::jwe::ECDH_ES;
use josekit::jwk::Jwk as JosekitJwk;
use josekit::jws::EdDSA;
use openssl::pkey::{Id, PKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::material::{EncryptionKey, PreSignInKey, SealingKey, SigningKey};
use super::{About, KeyRing, Keys, Kind, RingError};

/// The ring as it lies in its file.
#[derive(Serialize, Deserialize)]
pub(super) struct JwkSet {
    pub keys: Vec<Jwk>,
    /// Set by `vestibule demo`, refused by `vestibule serve` in production.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub demo: bool,
}

/// One key (RFC 7517, RFC 8037). `d` and `k` are the secrets.
#[derive(Serialize, Deserialize)]
pub(super) struct Jwk {
    pub kty: String,
    #[serde(rename = "use")]
    pub usage: String,
    pub alg: String,
    pub kid: String,
    pub iat: i64,
    pub nbf: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub d: Option<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<Zeroizing<String>>,
}

const KID_LENGTH: std::ops::RangeInclusive<usize> = 1..=64;

impl TryFrom<&JwkSet> for KeyRing {
    type Error = RingError;

    fn try_from(set: &JwkSet) -> Result<Self, RingError> {
        let (mut signing, mut encryption) = (Vec::new(), Vec::new());
        let (mut sealing, mut pre_sign_in) = (Vec::new(), Vec::new());
        for (position, jwk) in set.keys.iter().enumerate() {
            if set.keys[..position]
                .iter()
                .any(|other| other.kid == jwk.kid)
            {
                return Err(RingError::DuplicateKid(jwk.kid.clone()));
            }
            let about = jwk.about()?;
            match about.kind {
                Kind::Signing => signing.push((about, jwk.signing()?)),
                Kind::Encryption => encryption.push((about, jwk.encryption()?)),
                Kind::Sealing => sealing.push((about, jwk.sealing()?)),
                Kind::PreSignIn => pre_sign_in.push((about, jwk.pre_sign_in()?)),
            }
        }
        let ring = Self {
            signing: Keys::new(signing),
            encryption: Keys::new(encryption),
            sealing: Keys::new(sealing),
            pre_sign_in: Keys::new(pre_sign_in),
            demo: set.demo,
        };
        ring.every_kind_is_active(Utc::now())?;

        Ok(ring)
    }
}

impl KeyRing {
    fn every_kind_is_active(&self, now: DateTime<Utc>) -> Result<(), RingError> {
        let overview = self.overview(now);
        for kind in Kind::ALL {
            let mut of_kind = overview
                .iter()
                .filter(|(about, _)| about.kind == kind)
                .peekable();
            if of_kind.peek().is_none() {
                return Err(RingError::MissingKind(kind));
            }
            if !of_kind.any(|(_, active)| *active) {
                return Err(RingError::NoneActive(kind));
            }
        }
        Ok(())
    }
}

impl Jwk {
    pub(super) fn about(&self) -> Result<About, RingError> {
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.alg() == self.alg)
            .ok_or_else(|| self.broken("its alg is none of those in a ring"))?;
        let expected = match kind {
            Kind::Signing => ("OKP", "sig", Some("Ed25519")),
            Kind::Encryption => ("OKP", "enc", Some("X25519")),
            Kind::Sealing | Kind::PreSignIn => ("oct", "enc", None),
        };
        if (self.kty.as_str(), self.usage.as_str(), self.crv.as_deref()) != expected {
            return Err(self.broken("kty, use and crv do not fit its alg"));
        }
        let clean = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !KID_LENGTH.contains(&self.kid.len()) || !self.kid.chars().all(clean) {
            return Err(self.broken("a kid is 1 to 64 letters, digits, - and _"));
        }
        let time = |seconds| {
            DateTime::from_timestamp(seconds, 0).ok_or_else(|| self.broken("iat or nbf is no time"))
        };
        let private = self.d.as_ref().or(self.k.as_ref());
        let private = private.map(|text| text.as_bytes()).unwrap_or_default();
        Ok(About {
            kid: self.kid.clone(),
            kind,
            fingerprint: Sha256::digest(private).into(),
            made_at: time(self.iat)?,
            active_from: time(self.nbf)?,
        })
    }

    fn signing(&self) -> Result<SigningKey, RingError> {
        let jwk = self.okp(Id::ED25519)?;
        let broken = |_| self.broken("it is no Ed25519 key");
        Ok(SigningKey {
            kid: self.kid.clone(),
            signer: EdDSA.signer_from_jwk(&jwk).map_err(broken)?,
            verifier: EdDSA.verifier_from_jwk(&jwk).map_err(broken)?,
        })
    }

    fn encryption(&self) -> Result<EncryptionKey, RingError> {
        let jwk = self.okp(Id::X25519)?;
        let broken = |_| self.broken("it is no X25519 key");
        Ok(EncryptionKey {
            kid: self.kid.clone(),
            encrypter: ECDH_ES.encrypter_from_jwk(&jwk).map_err(broken)?,
            decrypter: ECDH_ES.decrypter_from_jwk(&jwk).map_err(broken)?,
        })
    }

    fn sealing(&self) -> Result<SealingKey, RingError> {
        Ok(SealingKey {
            kid: self.kid.clone(),
            bytes: self.bytes(self.k.as_ref())?,
        })
    }

    fn pre_sign_in(&self) -> Result<PreSignInKey, RingError> {
        Ok(PreSignInKey {
            kid: self.kid.clone(),
            bytes: self.bytes(self.k.as_ref())?,
        })
    }

    /// The pair for josekit, once the public half is known to be that of the
    /// private one.
    fn okp(&self, id: Id) -> Result<JosekitJwk, RingError> {
        let private = self.bytes::<32>(self.d.as_ref())?;
        let public = PKey::private_key_from_raw_bytes(&*private, id)
            .and_then(|key| key.raw_public_key())
            .map_err(|_| self.broken("OpenSSL does not take it"))?;
        if self.x.as_deref() != Some(BASE64_URL_SAFE_NO_PAD.encode(public).as_str()) {
            return Err(self.broken("x is not the public half of d"));
        }
        let members = serde_json::to_value(self).ok();
        members
            .and_then(|value| value.as_object().cloned())
            .and_then(|map| JosekitJwk::from_map(map).ok())
            .ok_or_else(|| self.broken("it is no JWK"))
    }

    fn bytes<const N: usize>(
        &self,
        text: Option<&Zeroizing<String>>,
    ) -> Result<Zeroizing<[u8; N]>, RingError> {
        let text = text.ok_or_else(|| self.broken("its private part is missing"))?;
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| self.broken("its private part is not base64url"))?;
        let exact = <[u8; N]>::try_from(bytes.as_slice());
        exact
            .map(Zeroizing::new)
            .map_err(|_| self.broken(&format!("its private part has not {N} bytes")))
    }

    fn broken(&self, why: &str) -> RingError {
        RingError::BrokenKey {
            kid: self.kid.chars().take(64).collect(),
            why: why.to_owned(),
        }
    }
}
