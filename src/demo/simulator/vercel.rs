//! Vercel's token endpoint: RFC 6749 to the letter, with refresh tokens that
//! rotate ("Sign in with Vercel", vercel.com/docs).

pub mod api;
mod id_token;
pub mod revoke;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::Client;
use super::client_auth::{self, ClientError};
use super::ledger::{Consent, GrantId, Kind};
use super::pages;
use super::params::{Params, ParamsError};
use super::pkce;
use super::world::{State, World};
use crate::provider::Provider;

/// Thirty days ("Sign in with Vercel: tokens").
const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// `error` and `error_description` (RFC 6749 §5.2).
#[derive(Debug)]
pub struct Refusal(&'static str, &'static str);

pub async fn token(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    let answer = Params::form(&request, &body)
        .map_err(Refusal::from)
        .and_then(|form| exchange(&world, &request, &form));
    match answer {
        Ok(answer) => pages::json(StatusCode::OK, &answer),
        Err(refusal) => refusal.into_response(),
    }
}

fn exchange(world: &World, request: &HttpRequest, form: &Params) -> Result<Value, Refusal> {
    let client = client_auth::client(world, Provider::Vercel, request, form)?;
    match form.get("grant_type") {
        Some("authorization_code") => redeem(world, client, form),
        Some("refresh_token") => refresh(world, client, form),
        Some(_) => Err(Refusal(
            "unsupported_grant_type",
            "grant_type is not supported",
        )),
        None => Err(Refusal("invalid_request", "grant_type is required")),
    }
}

fn redeem(world: &World, client: &Client, form: &Params) -> Result<Value, Refusal> {
    let value = form
        .get("code")
        .ok_or(Refusal("invalid_request", "code is required"))?;
    let verifier = form.get("code_verifier");
    let mut state = world.lock();
    state.ledger.note_secrets(verifier);
    let code = state
        .ledger
        .code(value)
        .filter(|code| code.consent.is_of(client))
        .cloned()
        .ok_or(Refusal("invalid_grant", "The code is unknown or expired"))?;
    if let Some(grant) = code.grant {
        // RFC 6749 §4.1.2: what came of a code that is shown twice is revoked.
        state.ledger.end_grant(grant);
        return Err(Refusal("invalid_grant", "The code was used before"));
    }
    if form.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err(Refusal(
            "invalid_grant",
            "redirect_uri is not the one of the request",
        ));
    }
    if !pkce::satisfied(code.challenge.as_deref(), verifier) {
        return Err(Refusal("invalid_grant", "code_verifier does not match"));
    }
    let consent = state.vercel_faults.narrowed(code.consent);
    let grant = state.ledger.open_grant(value, consent.clone());
    issue(world, &mut state, grant, &consent, true)
}

/// A spent refresh token in anybody's hands means that it was stolen: the
/// whole grant ends (RFC 9700 §4.14.2).
fn refresh(world: &World, client: &Client, form: &Params) -> Result<Value, Refusal> {
    let missing = Refusal("invalid_request", "refresh_token is required");
    let unknown = Refusal(
        "invalid_grant",
        "The refresh token is unknown, spent or expired",
    );
    let value = form.get("refresh_token").ok_or(missing)?;
    let mut state = world.lock();
    state.ledger.note_presented(value);
    let (grant, consent) = match state.ledger.grant_of(Provider::Vercel, value) {
        Some((grant, Kind::Refresh, consent)) if consent.is_of(client) => (grant, consent.clone()),
        _ => return Err(unknown),
    };
    if state
        .ledger
        .live(Provider::Vercel, Kind::Refresh, value)
        .is_none()
    {
        state.ledger.end_grant(grant);
        return Err(unknown);
    }
    let rotate = state.vercel_faults.rotate;
    if rotate {
        state.ledger.end_token(value);
    }
    issue(world, &mut state, grant, &consent, rotate)
}

fn issue(
    world: &World,
    state: &mut State,
    grant: GrantId,
    consent: &Consent,
    with_refresh_token: bool,
) -> Result<Value, Refusal> {
    let lifetime = state.vercel_faults.token_lifetime();
    let access_token = state
        .ledger
        .issue(grant, Kind::Access, "vca_", Some(lifetime))?;
    let mut answer = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "scope": consent.scopes.join(" "),
    });
    if state.vercel_faults.expires_in {
        answer["expires_in"] = lifetime.as_secs().into();
    }
    if with_refresh_token && consent.has_scope("offline_access") {
        let lifetime = Some(REFRESH_TOKEN_LIFETIME);
        answer["refresh_token"] = state
            .ledger
            .issue(grant, Kind::Refresh, "vcr_", lifetime)?
            .into();
    }
    if consent.has_scope("openid") {
        let id_token = id_token::mint(&world.public_url, consent, lifetime)?;
        state.ledger.note_secrets([id_token.as_str()]);
        answer["id_token"] = id_token.into();
    }
    Ok(answer)
}

impl Refusal {
    pub fn into_response(self) -> HttpResponse {
        let Self(error, description) = self;
        let body = json!({"error": error, "error_description": description});
        match error {
            "invalid_client" => {
                let mut answer = pages::json(StatusCode::UNAUTHORIZED, &body);
                let challenge = HeaderValue::from_static("Basic");
                answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                answer
            }
            "server_error" => pages::json(StatusCode::INTERNAL_SERVER_ERROR, &body),
            _ => pages::json(StatusCode::BAD_REQUEST, &body),
        }
    }
}

impl From<ParamsError> for Refusal {
    fn from(error: ParamsError) -> Self {
        Self("invalid_request", error.as_str())
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Wrong => Self("invalid_client", "Client authentication failed"),
            ClientError::Malformed => Self(
                "invalid_client",
                "Client authentication is missing, doubled or broken",
            ),
        }
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(_: getrandom::Error) -> Self {
        Self("server_error", "There is no randomness")
    }
}
