//! Floor 2: providers. Where people are sent, and what comes back: a code for
//! tokens (RFC 6749 §4.1, RFC 7636), tokens for a person.

mod authorize;
mod exchange;
mod github;
mod http;
mod json;
mod overview;
mod refusal;
mod revoke;
mod text;
mod vercel;

use std::time::Duration;

use crate::config::ProviderConfig;
use crate::provider::Provider;
use crate::secret::Secret;

pub use authorize::{Authorization, authorize_url};
pub use exchange::token_endpoint;
pub use http::{Http, TlsSetup};
pub use overview::Overview;
pub use refusal::OAuthError;

/// Who a provider says somebody is. `(provider, provider_user_id)` is the
/// person; everything else is for showing, cleaned and never trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub provider: Provider,
    /// GitHub's numeric id, Vercel's `sub`: never empty.
    pub provider_user_id: String,
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: Option<String>,
    pub avatar_url: Option<String>,
}

/// What a provider gave for a code or for a refresh token.
pub struct ProviderTokens {
    pub access_token: Secret,
    pub refresh_token: Option<Secret>,
    /// How long the access token lives, if the provider says so.
    pub expires_in: Option<Duration>,
    pub refresh_token_expires_in: Option<Duration>,
    /// What was granted: may be less than was asked.
    pub scopes: Vec<String>,
}

impl ProviderTokens {
    fn grants(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// One provider, over one worker's HTTP client.
pub struct ProviderClient<'a> {
    config: &'a ProviderConfig,
    redirect_uri: &'a str,
    http: &'a Http,
}

impl<'a> ProviderClient<'a> {
    pub fn new(config: &'a ProviderConfig, redirect_uri: &'a str, http: &'a Http) -> Self {
        Self {
            config,
            redirect_uri,
            http,
        }
    }

    /// Who the tokens belong to.
    pub async fn identity(&self, tokens: &ProviderTokens) -> Result<Identity, OAuthError> {
        match self.config.provider {
            Provider::GitHub => github::identity(self, tokens).await,
            Provider::Vercel => vercel::identity(self, tokens).await,
        }
    }
}
