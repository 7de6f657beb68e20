//! The ID token that comes along when `openid` was granted. Vestibule does
//! not use it; it is here because the real one sends it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use serde_json::json;

use crate::demo::simulator::ledger::Consent;

/// The size of an RS256 signature under a 2,048-bit key.
const SIGNATURE_BYTES: usize = 256;

/// True claims under a signature of noise: nobody should believe it.
pub fn mint(
    issuer: &str,
    consent: &Consent,
    lifetime: Duration,
) -> Result<String, getrandom::Error> {
    let issued_at = Utc::now().timestamp();
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "simulator"});
    let claims = json!({
        "iss": issuer,
        "aud": consent.client_id,
        "sub": consent.person.vercel_id,
        "nonce": consent.nonce,
        "iat": issued_at,
        "exp": issued_at.saturating_add_unsigned(lifetime.as_secs()),
    });
    let mut signature = [0; SIGNATURE_BYTES];
    getrandom::fill(&mut signature)?;
    let parts = [
        header.to_string().as_bytes(),
        claims.to_string().as_bytes(),
        &signature,
    ]
    .map(|part| URL_SAFE_NO_PAD.encode(part));
    Ok(parts.join("."))
}
