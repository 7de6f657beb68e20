//! GitHub's REST API, as much of it as a sign-in and one live call need.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, HeaderName, USER_AGENT};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Value, json};

use super::profile;
use crate::demo::simulator::client_auth;
use crate::demo::simulator::ledger::{Consent, Kind};
use crate::demo::simulator::pages;
use crate::demo::simulator::world::World;
use crate::provider::Provider;

/// What the token may do, as every answer of the real API says.
const X_OAUTH_SCOPES: HeaderName = HeaderName::from_static("x-oauth-scopes");

const NAMELESS: &str = "Request forbidden by administrative rules. Please make sure your request \
                        has a User-Agent header.";

type Answer = Result<HttpResponse, ApiError>;

#[derive(Debug)]
pub enum ApiError {
    /// GitHub refuses callers without a User-Agent before it looks at anything.
    Nameless,
    Message(StatusCode, &'static str),
}

pub async fn user(request: HttpRequest, world: Data<World>) -> Answer {
    let consent = consent(&request, &world)?;
    let base = profile::user(&world.public_url, consent.person);
    let overrides = world.overrides(Provider::GitHub, consent.person);
    Ok(answer(&consent, &overrides.over_profile(base)))
}

/// Without the scope it is "not found", as if it did not exist.
pub async fn emails(request: HttpRequest, world: Data<World>) -> Answer {
    let consent = consent(&request, &world)?;
    if !consent.has_scope("user:email") && !consent.has_scope("user") {
        return Err(ApiError::Message(StatusCode::NOT_FOUND, "Not Found"));
    }
    let overrides = world.overrides(Provider::GitHub, consent.person);
    let emails = overrides
        .emails
        .unwrap_or_else(|| profile::emails(consent.person));
    Ok(answer(&consent, &emails))
}

pub async fn repos(request: HttpRequest, world: Data<World>) -> Answer {
    let consent = consent(&request, &world)?;
    Ok(answer(
        &consent,
        &profile::repos(&world.public_url, consent.person),
    ))
}

pub async fn rate_limit(request: HttpRequest, world: Data<World>) -> Answer {
    let consent = consent(&request, &world)?;
    let core = json!({"limit": 5000, "remaining": 4987, "used": 13, "reset": 4_102_444_800_u64});
    Ok(answer(
        &consent,
        &json!({"resources": {"core": core}, "rate": core}),
    ))
}

pub fn named_caller(request: &HttpRequest) -> Result<(), ApiError> {
    let agent = request.headers().get(USER_AGENT);
    let named = agent.is_some_and(|agent| !agent.is_empty());
    named.then_some(()).ok_or(ApiError::Nameless)
}

fn consent(request: &HttpRequest, world: &World) -> Result<Consent, ApiError> {
    const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;

    named_caller(request)?;
    let token = client_auth::bearer(Provider::GitHub, request.headers())
        .ok_or(ApiError::Message(UNAUTHORIZED, "Requires authentication"))?;
    let state = world.lock();
    let live = state.ledger.live(Provider::GitHub, Kind::Access, token);
    live.map(|(_, consent)| consent.clone())
        .ok_or(ApiError::Message(UNAUTHORIZED, "Bad credentials"))
}

fn answer(consent: &Consent, body: &Value) -> HttpResponse {
    let mut answer = pages::json(StatusCode::OK, body);
    if let Ok(scopes) = consent.scopes.join(", ").parse() {
        answer.headers_mut().insert(X_OAUTH_SCOPES, scopes);
    }
    answer
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nameless => NAMELESS,
            Self::Message(_, message) => message,
        })
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Nameless => StatusCode::FORBIDDEN,
            Self::Message(status, _) => *status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Nameless => HttpResponse::Forbidden()
                .content_type(ContentType::html())
                .body(NAMELESS),
            Self::Message(status, message) => pages::json(
                *status,
                &json!({
                    "message": message,
                    "documentation_url": "https://docs.github.com/rest",
                    "status": status.as_str(),
                }),
            ),
        }
    }
}
