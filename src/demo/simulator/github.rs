//! GitHub's token endpoint. Its errors come with status 200, and its answers
//! are JSON only when asked for ("Authorizing OAuth apps", docs.github.com).

pub mod api;
mod profile;
pub mod revoke;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::Client;
use super::client_auth;
use super::ledger::{Consent, GrantId, Kind};
use super::pages;
use super::params::{Params, ParamsError};
use super::pkce;
use super::world::{State, World};
use crate::provider::Provider;

/// Six months ("Refreshing user access tokens").
const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_hours(184 * 24);

/// `error` and `error_description`.
#[derive(Debug)]
struct Refusal(&'static str, &'static str);

const WRONG_CLIENT: Refusal = Refusal(
    "incorrect_client_credentials",
    "The client_id and/or client_secret passed are incorrect.",
);
const BAD_CODE: Refusal = Refusal(
    "bad_verification_code",
    "The code passed is incorrect or expired.",
);
const WRONG_REDIRECT: Refusal = Refusal(
    "redirect_uri_mismatch",
    "The redirect_uri MUST match the registered callback URL for this application.",
);
const BAD_REFRESH: Refusal = Refusal(
    "bad_refresh_token",
    "The refresh token passed is incorrect or expired.",
);
const WRONG_GRANT_TYPE: Refusal =
    Refusal("unsupported_grant_type", "The grant_type is not supported.");

pub async fn token(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    let answer = Params::form(&request, &body)
        .map_err(Refusal::from)
        .and_then(|form| exchange(&world, &request, &form))
        .unwrap_or_else(Refusal::into_answer);
    render(&request, &answer)
}

fn render(request: &HttpRequest, answer: &Value) -> HttpResponse {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        return pages::json(StatusCode::OK, answer);
    }
    let members = answer.as_object().into_iter().flatten();
    let texts = members.map(|(name, value)| match value {
        Value::String(text) => (name, text.clone()),
        other => (name, other.to_string()),
    });
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .content_type("application/x-www-form-urlencoded; charset=utf-8")
        .body(
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(texts)
                .finish(),
        )
}

fn exchange(world: &World, request: &HttpRequest, form: &Params) -> Result<Value, Refusal> {
    let client =
        client_auth::client(world, Provider::GitHub, request, form).map_err(|_| WRONG_CLIENT)?;
    match form.get("grant_type") {
        None | Some("authorization_code") => redeem(world, client, form),
        Some("refresh_token") => refresh(world, client, form),
        Some(_) => Err(WRONG_GRANT_TYPE),
    }
}

fn redeem(world: &World, client: &Client, form: &Params) -> Result<Value, Refusal> {
    let value = form.get("code").ok_or(BAD_CODE)?;
    let verifier = form.get("code_verifier");
    let mut state = world.lock();
    state.ledger.note_secrets(verifier);
    let code = state
        .ledger
        .code(value)
        .filter(|code| code.consent.is_of(client) && code.grant.is_none())
        .cloned()
        .ok_or(BAD_CODE)?;
    // Stricter than GitHub, which lets it be left out (RFC 6749 §4.1.3).
    if form.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err(WRONG_REDIRECT);
    }
    if !pkce::satisfied(code.challenge.as_deref(), verifier) {
        return Err(BAD_CODE);
    }
    let consent = state.github_faults.narrowed(code.consent);
    let grant = state.ledger.open_grant(value, consent.clone());
    if state.github_faults.expires_in {
        issue_expiring(&mut state, grant)
    } else {
        issue_lasting(&mut state, grant, &consent)
    }
}

/// A refresh token works once, and takes the old access token with it
/// ("Refreshing user access tokens").
fn refresh(world: &World, client: &Client, form: &Params) -> Result<Value, Refusal> {
    let value = form.get("refresh_token").ok_or(BAD_REFRESH)?;
    let mut state = world.lock();
    state.ledger.note_presented(value);
    let grant = state
        .ledger
        .live(Provider::GitHub, Kind::Refresh, value)
        .filter(|(_, consent)| consent.is_of(client))
        .map(|(grant, _)| grant)
        .ok_or(BAD_REFRESH)?;
    state.ledger.end_token(value);
    state.ledger.end_access_tokens(grant);
    issue_expiring(&mut state, grant)
}

/// As an OAuth App's: without an end.
fn issue_lasting(state: &mut State, grant: GrantId, consent: &Consent) -> Result<Value, Refusal> {
    let access_token = state.ledger.issue(grant, Kind::Access, "gho_", None)?;
    Ok(json!({
        "access_token": access_token,
        "scope": consent.scopes.join(","),
        "token_type": "bearer",
    }))
}

/// As a GitHub App's whose tokens expire: its scope is always empty, because
/// such an app has permissions instead.
fn issue_expiring(state: &mut State, grant: GrantId) -> Result<Value, Refusal> {
    let lifetime = state.github_faults.token_lifetime();
    let access_token = state
        .ledger
        .issue(grant, Kind::Access, "ghu_", Some(lifetime))?;
    let refresh_token =
        state
            .ledger
            .issue(grant, Kind::Refresh, "ghr_", Some(REFRESH_TOKEN_LIFETIME))?;
    Ok(json!({
        "access_token": access_token,
        "expires_in": lifetime.as_secs(),
        "refresh_token": refresh_token,
        "refresh_token_expires_in": REFRESH_TOKEN_LIFETIME.as_secs(),
        "scope": "",
        "token_type": "bearer",
    }))
}

impl Refusal {
    fn into_answer(self) -> Value {
        let Self(error, description) = self;
        let mut answer = Map::new();
        answer.insert("error".to_owned(), error.into());
        answer.insert("error_description".to_owned(), description.into());
        let uri = format!(
            "https://docs.github.com/apps/managing-oauth-apps/\
             troubleshooting-oauth-app-access-token-request-errors/#{error}"
        );
        answer.insert("error_uri".to_owned(), uri.into());
        Value::Object(answer)
    }
}

impl From<ParamsError> for Refusal {
    fn from(error: ParamsError) -> Self {
        Self("invalid_request", error.as_str())
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(_: getrandom::Error) -> Self {
        Self("server_error", "There is no randomness.")
    }
}
