//! Vercel's profile: `userinfo`, completed or replaced by `/v2/user`.

use serde::{Deserialize, Deserializer};

use super::{Identity, OAuthError, ProviderClient, ProviderTokens, json, text};
use crate::provider::Provider;
use crate::strict_json::{Object, object};

/// Longer than any id that Vercel gives.
const LONGEST_ID: usize = 255;

/// `GET /login/oauth/userinfo` (`OpenID` Connect Core §5.3.2).
#[derive(Deserialize)]
struct UserInfo {
    /// A member that is there but is no id is refused; one that is not there
    /// makes the answer useless.
    #[serde(default, deserialize_with = "id_if_present")]
    sub: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    picture: Option<String>,
}

/// `GET /v2/user`.
#[derive(Deserialize)]
struct Answer {
    #[serde(deserialize_with = "object")]
    user: User,
}

#[derive(Deserialize)]
struct User {
    #[serde(deserialize_with = "id")]
    id: String,
    username: Option<String>,
    name: Option<String>,
    email: Option<String>,
    /// A hash, not an address.
    avatar: Option<String>,
}

pub(super) async fn identity(
    client: &ProviderClient<'_>,
    tokens: &ProviderTokens,
) -> Result<Identity, OAuthError> {
    let info = user_info(client, tokens).await?;
    let complete = info.as_ref().is_some_and(|info| {
        info.preferred_username.is_some() && info.email.is_some() && info.picture.is_some()
    });
    let user = if complete {
        None
    } else {
        user(client, tokens, info.is_none()).await?
    };
    if let (Some(info), Some(user)) = (&info, &user)
        && info.sub.as_ref() != Some(&user.id)
    {
        return Err(OAuthError::Malformed("two answers name two people"));
    }
    combine(client, tokens, info, user)
}

/// `None` when it does not answer usefully.
async fn user_info(
    client: &ProviderClient<'_>,
    tokens: &ProviderTokens,
) -> Result<Option<UserInfo>, OAuthError> {
    let url = format!("{}/login/oauth/userinfo", client.config.api_url);
    let answer = client.http.get(&url, &tokens.access_token).await?;
    let is_object = serde_json::from_slice::<serde_json::Map<_, _>>(answer.body()).is_ok();
    if answer.status() != 200 || !is_object {
        return Ok(None);
    }
    let Object(info) = json::read::<Object<UserInfo>>(&answer)?;

    Ok(Some(info).filter(|info| info.sub.is_some()))
}

/// What `/v2/user` knows. Where it only completes, it may be refused.
async fn user(
    client: &ProviderClient<'_>,
    tokens: &ProviderTokens,
    needed: bool,
) -> Result<Option<User>, OAuthError> {
    let url = format!("{}/v2/user", client.config.api_url);
    let answer = client.http.get(&url, &tokens.access_token).await?;
    if !needed && answer.status() != 200 {
        return Ok(None);
    }
    json::read(&answer).map(|Object(Answer { user })| Some(user))
}

fn combine(
    client: &ProviderClient<'_>,
    tokens: &ProviderTokens,
    info: Option<UserInfo>,
    user: Option<User>,
) -> Result<Identity, OAuthError> {
    let missing = OAuthError::Malformed("nobody is named");
    let id = info.as_ref().and_then(|info| info.sub.clone());
    let id = id
        .or_else(|| user.as_ref().map(|user| user.id.clone()))
        .ok_or(missing)?;
    let (mut told_username, mut told_name, mut told_email, mut told_picture) =
        (None, None, None, None);
    let mut email_verified = false;
    if let Some(info) = info {
        (told_username, told_name) = (info.preferred_username, info.name);
        (told_email, told_picture) = (info.email, info.picture);
        email_verified = told_email.is_some() && info.email_verified == Some(true);
    }
    if let Some(user) = user {
        told_username = told_username.or(user.username);
        told_name = told_name.or(user.name);
        told_email = told_email.or(user.email).filter(|_| tokens.grants("email"));
        told_picture = told_picture.or_else(|| avatar(client, &user.avatar?));
    }
    let email = told_email.as_deref().and_then(text::email);
    let name = told_name.as_deref().and_then(text::name);
    let username = told_username.as_deref().and_then(text::name);
    Ok(Identity {
        provider: Provider::Vercel,
        // Somebody without a username is shown by name, at worst by id.
        username: username
            .or_else(|| name.clone())
            .unwrap_or_else(|| id.clone()),
        provider_user_id: id,
        email_verified: email_verified && email.is_some(),
        email,
        name,
        avatar_url: told_picture.and_then(|url| text::picture(&url, &client.config.url)),
    })
}

/// The address of a picture that is told by its hash.
fn avatar(client: &ProviderClient<'_>, hash: &str) -> Option<String> {
    let plain = !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| format!("{}/www/avatar/{hash}", client.config.api_url))
}

/// A person's id: text, not empty, in characters that ids are made of.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(serde::de::Error::custom("no id"));
    }
    Ok(id)
}

fn id_if_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    id(deserializer).map(Some)
}
