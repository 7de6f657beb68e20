//! Giving back what was granted: RFC 7009 at Vercel, GitHub's own way at
//! GitHub ("Delete an app token").

use base64::prelude::{BASE64_STANDARD, Engine as _};
use oauth2::HttpRequest;
use oauth2::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use oauth2::http::{self, HeaderValue, Method};
use serde_json::json;
use url::form_urlencoded;

use super::{OAuthError, ProviderClient};
use crate::config::ProviderConfig;
use crate::provider::Provider;
use crate::secret::Secret;

impl ProviderClient<'_> {
    /// Revokes a token. One that the provider does not know is as good as
    /// revoked (RFC 7009 §2.2). The hint is `access_token` or
    /// `refresh_token`.
    pub async fn revoke(&self, token: &Secret, hint: &'static str) -> Result<(), OAuthError> {
        let request = match self.config.provider {
            Provider::GitHub => at_github(self.config, token)?,
            Provider::Vercel => at_vercel(self.config, token, hint)?,
        };
        let answer = self.http.send(request).await?;
        match (self.config.provider, answer.status().as_u16()) {
            (_, 200..=299) | (Provider::GitHub, 404) => Ok(()),
            (_, status) => Err(OAuthError::Refused(format!("status_{status}"))),
        }
    }
}

/// Never in the address, where logs would keep it.
fn at_github(config: &ProviderConfig, token: &Secret) -> Result<HttpRequest, OAuthError> {
    let ProviderConfig {
        api_url, client_id, ..
    } = config;
    let credentials = format!("{client_id}:{}", config.client_secret.expose());
    let basic = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    let mut basic = HeaderValue::from_str(&basic).map_err(|_| NO_REQUEST)?;
    basic.set_sensitive(true);
    let body = json!({ "access_token": token.expose() });
    let mut url = url::Url::parse(api_url).map_err(|_| NO_REQUEST)?;
    url.path_segments_mut()
        .map_err(|()| NO_REQUEST)?
        .pop_if_empty()
        .extend(["applications", client_id, "token"]);
    http::Request::builder()
        .method(Method::DELETE)
        .uri(url.as_str())
        .header(ACCEPT, "application/vnd.github+json")
        .header(AUTHORIZATION, basic)
        .header(CONTENT_TYPE, "application/json")
        .body(body.to_string().into_bytes())
        .map_err(|_| NO_REQUEST)
}

fn at_vercel(
    config: &ProviderConfig,
    token: &Secret,
    hint: &'static str,
) -> Result<HttpRequest, OAuthError> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token.expose())
        .append_pair("token_type_hint", hint)
        .append_pair("client_id", &config.client_id)
        .append_pair("client_secret", config.client_secret.expose())
        .finish();
    http::Request::builder()
        .method(Method::POST)
        .uri(format!("{}/login/oauth/token/revoke", config.api_url))
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.into_bytes())
        .map_err(|_| NO_REQUEST)
}

const NO_REQUEST: OAuthError = OAuthError::Malformed("its revocation endpoint is no URL");
