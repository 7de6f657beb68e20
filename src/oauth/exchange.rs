//! A code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5), a refresh token for
//! others (RFC 6749 §6).

use std::time::Duration;

use oauth2::basic::{BasicErrorResponse, BasicTokenType};
use oauth2::http::StatusCode;
use oauth2::{
    AccessToken, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, StandardRevocableToken, StandardTokenResponse,
    TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};

use super::{OAuthError, ProviderClient, ProviderTokens};
use crate::config::ProviderConfig;
use crate::provider::Provider;
use crate::secret::Secret;

/// No token is believed to live longer: a provider that says so is mistaken.
const LONGEST_LIFETIME: Duration = Duration::from_hours(366 * 24);

/// One that is over at once would be refreshed over and over.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(1);

/// Providers' tokens have some hundred characters; a JWT may have a few
/// thousand.
const LONGEST_TOKEN: usize = 8 * 1024;

/// GitHub has some forty scopes, of some twenty characters.
const MOST_SCOPES: usize = 100;
const LONGEST_SCOPE: usize = 100;

/// GitHub Apps say how long the refresh token lives.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extra {
    refresh_token_expires_in: Option<u64>,
}

impl ExtraTokenFields for Extra {}

type TokenResponse = StandardTokenResponse<Extra, BasicTokenType>;
type TokenClient<TokenEndpoint = EndpointNotSet> = Client<
    BasicErrorResponse,
    TokenResponse,
    oauth2::basic::BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    oauth2::basic::BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    TokenEndpoint,
>;

const NO_URL: fn(url::ParseError) -> OAuthError =
    |_| OAuthError::Malformed("its token endpoint is no URL");

impl ProviderClient<'_> {
    /// Exchanges a code, once: a code that was presented is spent, whatever
    /// came of it.
    pub async fn exchange(
        &self,
        code: Secret,
        verifier: Secret,
    ) -> Result<ProviderTokens, OAuthError> {
        let redirect_uri = RedirectUrl::new(self.redirect_uri.to_owned()).map_err(NO_URL)?;
        self.token_client()?
            .set_redirect_uri(redirect_uri)
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
            .request_async(&|request| self.send_for_token(request))
            .await
            .map_err(refusal)
            .and_then(|response| tokens(&response, &self.config.scopes))
    }

    /// Exchanges a refresh token. Where the answer brings no other, the old one
    /// stays good; where it says nothing of scopes, `scopes` stay granted.
    pub async fn refresh(
        &self,
        refresh_token: &Secret,
        scopes: &[String],
    ) -> Result<ProviderTokens, OAuthError> {
        self.token_client()?
            .exchange_refresh_token(&RefreshToken::new(refresh_token.expose().to_owned()))
            .request_async(&|request| self.send_for_token(request))
            .await
            .map_err(refusal)
            .and_then(|response| tokens(&response, scopes))
    }

    fn token_client(&self) -> Result<TokenClient<EndpointSet>, OAuthError> {
        let config = self.config;
        let token_url = TokenUrl::new(token_endpoint(config)).map_err(NO_URL)?;
        Ok(TokenClient::new(ClientId::new(config.client_id.clone()))
            .set_client_secret(ClientSecret::new(config.client_secret.expose().to_owned()))
            // Both providers take it in the form (`client_secret_post`).
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(token_url))
    }

    async fn send_for_token(&self, request: HttpRequest) -> Result<HttpResponse, OAuthError> {
        let mut response = self.http.send(request).await?;
        let error = error_member(response.body());
        match (response.status(), error) {
            // GitHub answers refusals with status 200.
            (StatusCode::OK, Some(_)) => *response.status_mut() = StatusCode::BAD_REQUEST,
            // A refusal, also where its reason cannot be read.
            (status, error) if status.is_client_error() && error != Some(true) => {
                return Err(OAuthError::Refused(format!("status_{}", status.as_u16())));
            }
            _ => {}
        }
        if error == Some(false) {
            return Err(OAuthError::Refused("other".to_owned()));
        }
        Ok(response)
    }
}

/// Where codes are exchanged for tokens.
pub fn token_endpoint(config: &ProviderConfig) -> String {
    match config.provider {
        Provider::GitHub => format!("{}/login/oauth/access_token", config.url),
        Provider::Vercel => format!("{}/login/oauth/token", config.api_url),
    }
}

/// Whether the `error` member is a text, if there is one.
fn error_member(body: &[u8]) -> Option<bool> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    json.get("error").map(serde_json::Value::is_string)
}

fn refusal(error: RequestTokenError<OAuthError, BasicErrorResponse>) -> OAuthError {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(response) => {
            OAuthError::Refused(error_code(response.error().as_ref()))
        }
        // Both may quote what was sent, so their words end here.
        RequestTokenError::Parse(..) => {
            OAuthError::Malformed("the token answer is not what it should be")
        }
        RequestTokenError::Other(_) => OAuthError::Malformed("the token answer is no JSON"),
    }
}

/// Error codes of RFC 6749 §5.2, and GitHub's own.
const KNOWN_CODES: [&str; 16] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "access_denied",
    "server_error",
    "temporarily_unavailable",
    "bad_verification_code",
    "bad_refresh_token",
    "expired_token",
    "incorrect_client_credentials",
    "redirect_uri_mismatch",
    "unverified_user_email",
    "application_suspended",
];

/// A provider's error code, fit for a log line: one that we know, because
/// anything at all may stand there, a token too.
fn error_code(code: &str) -> String {
    let known = KNOWN_CODES.into_iter().find(|known| *known == code);
    known.unwrap_or("other").to_owned()
}

/// `asked` is what was granted where the answer says nothing of it (RFC 6749
/// §5.1).
fn tokens(response: &TokenResponse, asked: &[String]) -> Result<ProviderTokens, OAuthError> {
    if *response.token_type() != BasicTokenType::Bearer {
        return Err(OAuthError::Malformed("the token type is not bearer"));
    }
    let refresh_token = response
        .refresh_token()
        .map(|token| secret(token.secret()))
        .transpose()?;
    // GitHub writes commas.
    let scopes = response.scopes().map(|scopes| {
        let words = scopes.iter().flat_map(|scope| scope.split([',', ' ']));
        words
            .filter(|word| is_scope(word))
            .take(MOST_SCOPES)
            .map(str::to_owned)
            .collect()
    });
    Ok(ProviderTokens {
        access_token: secret(AccessToken::secret(response.access_token()))?,
        refresh_token,
        expires_in: response
            .expires_in()
            .map(|lifetime| lifetime.clamp(SHORTEST_LIFETIME, LONGEST_LIFETIME)),
        refresh_token_expires_in: response
            .extra_fields()
            .refresh_token_expires_in
            .map(|seconds| Duration::from_secs(seconds).min(LONGEST_LIFETIME)),
        scopes: scopes.unwrap_or_else(|| asked.to_vec()),
    })
}

/// A scope as RFC 6749 §3.3 has it. Whatever else is granted means nothing to
/// us.
fn is_scope(word: &str) -> bool {
    let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    (1..=LONGEST_SCOPE).contains(&word.len()) && word.bytes().all(fits)
}

/// A token as RFC 6750 §2.1 can carry it: visible ASCII, not empty.
fn secret(token: &str) -> Result<Secret, OAuthError> {
    let visible = token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.is_empty() || token.len() > LONGEST_TOKEN || !visible {
        return Err(OAuthError::Malformed("a token that no header could carry"));
    }
    Ok(Secret::new(token))
}
