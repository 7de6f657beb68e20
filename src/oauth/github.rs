//! GitHub's profile: `/user` and `/user/emails`.

use std::num::NonZeroU64;

use serde::Deserialize;

use super::{Identity, OAuthError, ProviderClient, ProviderTokens, json, text};
use crate::provider::Provider;
use crate::strict_json::Object;

/// `GET /user`, as far as it matters. The id is a number and never zero.
#[derive(Deserialize)]
struct User {
    id: NonZeroU64,
    login: String,
    name: Option<String>,
    avatar_url: Option<String>,
}

/// One entry of `GET /user/emails`.
#[derive(Deserialize)]
struct Email {
    #[serde(rename = "email")]
    address: String,
    primary: bool,
    verified: bool,
}

/// What `/user/emails` needs.
const EMAIL_SCOPES: [&str; 2] = ["user:email", "user"];

pub(super) async fn identity(
    client: &ProviderClient<'_>,
    tokens: &ProviderTokens,
) -> Result<Identity, OAuthError> {
    let (http, config) = (client.http, client.config);
    let answer = http
        .get(&format!("{}/user", config.api_url), &tokens.access_token)
        .await?;
    let Object(user) = json::read::<Object<User>>(&answer)?;
    let username =
        text::name(&user.login).ok_or(OAuthError::Malformed("a person without a login"))?;
    let email = primary_email(client, tokens).await?;

    Ok(Identity {
        provider: Provider::GitHub,
        provider_user_id: user.id.to_string(),
        username,
        email_verified: email.is_some(),
        email,
        name: user.name.as_deref().and_then(text::name),
        avatar_url: user
            .avatar_url
            .and_then(|url| text::picture(&url, &config.url)),
    })
}

/// The primary e-mail, if it is verified. GitHub Apps grant no scopes, and
/// either kind may be refused the list: then there is none.
async fn primary_email(
    client: &ProviderClient<'_>,
    tokens: &ProviderTokens,
) -> Result<Option<String>, OAuthError> {
    let scopes_told = !tokens.scopes.is_empty();
    if scopes_told && !EMAIL_SCOPES.iter().any(|scope| tokens.grants(scope)) {
        return Ok(None);
    }
    let url = format!("{}/user/emails", client.config.api_url);
    let answer = client.http.get(&url, &tokens.access_token).await?;
    if answer.status().is_client_error() {
        return Ok(None);
    }
    let emails: Vec<Object<Email>> = json::read(&answer)?;
    let mut emails = emails.into_iter().map(|Object(email)| email);
    let primary = emails.find(|email| email.primary && email.verified);

    Ok(primary.and_then(|entry| text::email(&entry.address)))
}
