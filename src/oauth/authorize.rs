//! Where people are sent to approve.

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use url::Url;

use crate::config::ProviderConfig;
use crate::crypto::random;
use crate::provider::Provider;
use crate::secret::Secret;

/// State and verifier have 256 bits: 43 characters each (RFC 9700 §4.7.1,
/// RFC 7636 §4.1).
const RANDOM_BYTES: usize = 32;

/// One request for approval: what goes out, and what is kept to finish it.
pub struct Authorization {
    /// Where to send the browser. Holds no secret of ours.
    pub url: Url,
    pub state: Secret,
    pub verifier: Secret,
}

impl Authorization {
    /// A new request, with its own state and PKCE verifier.
    pub fn begin(config: &ProviderConfig, redirect_uri: &str) -> anyhow::Result<Self> {
        let state = Secret::new(random::text::<RANDOM_BYTES>());
        let verifier = Secret::new(random::text::<RANDOM_BYTES>());
        let url = authorize_url(config, redirect_uri, &state, &verifier)?;

        Ok(Self {
            url,
            state,
            verifier,
        })
    }
}

/// The address that asks for approval. The verifier itself stays here; only
/// its challenge goes out.
pub fn authorize_url(
    config: &ProviderConfig,
    redirect_uri: &str,
    state: &Secret,
    verifier: &Secret,
) -> anyhow::Result<Url> {
    let client = BasicClient::new(ClientId::new(config.client_id.clone()))
        .set_auth_uri(AuthUrl::new(authorize_endpoint(config))?)
        .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned())?);
    let (url, _) = client
        .authorize_url(|| CsrfToken::new(state.expose().to_owned()))
        .add_scopes(config.scopes.iter().cloned().map(Scope::new))
        .set_pkce_challenge(challenge_of(verifier))
        .url();

    Ok(url)
}

/// S256, the only method there is here (RFC 7636 §4.2).
fn challenge_of(verifier: &Secret) -> PkceCodeChallenge {
    let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
    PkceCodeChallenge::from_code_verifier_sha256(&verifier)
}

fn authorize_endpoint(config: &ProviderConfig) -> String {
    match config.provider {
        Provider::GitHub => format!("{}/login/oauth/authorize", config.url),
        Provider::Vercel => format!("{}/oauth/authorize", config.url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let challenge = challenge_of(&verifier);

        assert_eq!(
            challenge.as_str(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert_eq!(challenge.method().as_str(), "S256");
    }
}
