//! Who is calling: client authentication (RFC 6749 §2.3.1) and Bearer tokens.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::Client;
use super::params::Params;
use super::world::World;
use crate::provider::Provider;

pub enum ClientError {
    /// No credentials, or two kinds of them at once.
    Malformed,
    Wrong,
}

/// The client that the Basic header or else the form's members name.
pub fn client<'w>(
    world: &'w World,
    provider: Provider,
    request: &HttpRequest,
    form: &Params,
) -> Result<&'w Client, ClientError> {
    let secret = form.get("client_secret");
    let (id, secret) = match (authorization(request.headers()), secret) {
        (Some(_), Some(_)) | (None, None) => return Err(ClientError::Malformed),
        (Some(header), None) => basic(provider, header).ok_or(ClientError::Malformed)?,
        (None, Some(secret)) => {
            let id = form.get("client_id").ok_or(ClientError::Malformed)?;
            (id.to_owned(), secret.to_owned())
        }
    };
    // RFC 6749 §3.2.1: a client_id in the form may come beside the header,
    // but it has to be the same one.
    if form.get("client_id").is_some_and(|in_form| in_form != id) {
        return Err(ClientError::Wrong);
    }
    known(world, provider, &id, &secret)
}

/// The client that the Basic header names: the only way at GitHub's
/// `/applications/…`.
pub fn basic_client<'w>(
    world: &'w World,
    provider: Provider,
    request: &HttpRequest,
) -> Result<&'w Client, ClientError> {
    let header = authorization(request.headers()).ok_or(ClientError::Malformed)?;
    let (id, secret) = basic(provider, header).ok_or(ClientError::Malformed)?;
    known(world, provider, &id, &secret)
}

fn known<'w>(
    world: &'w World,
    provider: Provider,
    id: &str,
    secret: &str,
) -> Result<&'w Client, ClientError> {
    world
        .client(provider, id)
        .filter(|client| client.client_secret == secret)
        .ok_or(ClientError::Wrong)
}

/// The token of `Authorization: Bearer …`; GitHub also reads `token …`.
pub fn bearer(provider: Provider, headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = authorization(headers)?.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer")
        || (provider == Provider::GitHub && scheme.eq_ignore_ascii_case("token"));
    known.then_some(token.trim())
}

/// The one Authorization header; of two, neither is believed.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(AUTHORIZATION);
    let first = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    first.to_str().ok()
}

fn basic(provider: Provider, header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some(match provider {
        // GitHub's API takes Basic as RFC 7617 has it, without form encoding.
        Provider::GitHub => (id.to_owned(), secret.to_owned()),
        Provider::Vercel => (form_decoded(id)?, form_decoded(secret)?),
    })
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they become Basic.
fn form_decoded(half: &str) -> Option<String> {
    if half.contains(['&', '=']) {
        return None;
    }
    let mut pairs = form_urlencoded::parse(half.as_bytes());
    pairs.next().map(|(value, _)| value.into_owned())
}
