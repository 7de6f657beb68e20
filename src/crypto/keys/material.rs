//! One type a kind of key, so that none can stand in for another.

use josekit::jwe::alg::ecdh_es::{EcdhEsJweDecrypter, EcdhEsJweEncrypter};
use josekit::jws::alg::eddsa::{EddsaJwsSigner, EddsaJwsVerifier};
use zeroize::Zeroizing;

/// Ed25519: signs sessions and checks their signatures.
pub struct SigningKey {
    pub(super) kid: String,
    pub(super) signer: EddsaJwsSigner,
    pub(super) verifier: EddsaJwsVerifier,
}

impl SigningKey {
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub(in crate::crypto) fn signer(&self) -> &EddsaJwsSigner {
        &self.signer
    }

    pub(in crate::crypto) fn verifier(&self) -> &EddsaJwsVerifier {
        &self.verifier
    }
}

/// X25519: encrypts sessions to the house, and opens them.
pub struct EncryptionKey {
    pub(super) kid: String,
    pub(super) encrypter: EcdhEsJweEncrypter,
    pub(super) decrypter: EcdhEsJweDecrypter,
}

impl EncryptionKey {
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub(in crate::crypto) fn encrypter(&self) -> &EcdhEsJweEncrypter {
        &self.encrypter
    }

    pub(in crate::crypto) fn decrypter(&self) -> &EcdhEsJweDecrypter {
        &self.decrypter
    }
}

/// 256 bits that seal tokens at rest.
pub struct SealingKey {
    pub(super) kid: String,
    pub(super) bytes: Zeroizing<[u8; 32]>,
}

impl SealingKey {
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub(in crate::crypto) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

/// 512 bits for actix-session's encrypted cookie.
pub struct PreSignInKey {
    pub(super) kid: String,
    pub(super) bytes: Zeroizing<[u8; 64]>,
}

impl PreSignInKey {
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub fn bytes(&self) -> &[u8; 64] {
        &self.bytes
    }
}
