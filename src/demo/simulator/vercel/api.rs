//! Vercel's userinfo and REST API.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::demo::simulator::client_auth;
use crate::demo::simulator::faults::final_status;
use crate::demo::simulator::ledger::{Consent, Kind};
use crate::demo::simulator::pages;
use crate::demo::simulator::world::World;
use crate::provider::Provider;

pub async fn userinfo(request: HttpRequest, world: Data<World>) -> HttpResponse {
    let Some(consent) = consent(&request, &world) else {
        return unauthorized();
    };
    let overrides = world.overrides(Provider::Vercel, consent.person);
    let status = overrides
        .userinfo_status
        .or(world.faults(Provider::Vercel).userinfo_status);
    if let Some(status) = status.and_then(final_status) {
        return error(status, "not_found", "The endpoint does not answer");
    }
    if !consent.has_scope("openid") {
        return forbidden();
    }
    let claims = claims(&world.public_url, &consent);
    pages::json(StatusCode::OK, &overrides.over_profile(claims))
}

pub async fn user(request: HttpRequest, world: Data<World>) -> HttpResponse {
    let Some(consent) = consent(&request, &world) else {
        return forbidden();
    };
    let person = consent.person;
    let user = json!({
        "id": person.vercel_id,
        "username": person.login,
        "name": person.name,
        "email": person.email,
        "avatar": person.vercel_avatar,
        "defaultTeamId": null,
        "limited": true,
    });
    let overrides = world.overrides(Provider::Vercel, person);
    pages::json(StatusCode::OK, &json!({"user": overrides.over_user(user)}))
}

pub async fn teams(request: HttpRequest, world: Data<World>) -> HttpResponse {
    let Some(consent) = consent(&request, &world) else {
        return forbidden();
    };
    let login = consent.person.login;
    let team = json!({
        "id": format!("team_{login}1842EngineRoom"),
        "slug": format!("{login}-projects"),
        "name": format!("{}'s projects", consent.person.name),
        "membership": {"role": "OWNER"},
    });
    let pagination = json!({"count": 1, "next": null, "prev": null});
    pages::json(
        StatusCode::OK,
        &json!({"teams": [team], "pagination": pagination}),
    )
}

fn consent(request: &HttpRequest, world: &World) -> Option<Consent> {
    let token = client_auth::bearer(Provider::Vercel, request.headers())?;
    let state = world.lock();
    let live = state.ledger.live(Provider::Vercel, Kind::Access, token);
    live.map(|(_, consent)| consent.clone())
}

/// Each scope brings its own members (OIDC Core §5.4).
fn claims(public_url: &str, consent: &Consent) -> Value {
    let person = consent.person;
    let mut claims = json!({"sub": person.vercel_id});
    if consent.has_scope("email") {
        claims["email"] = person.email.into();
        claims["email_verified"] = person.email.is_some().into();
    }
    if consent.has_scope("profile") {
        claims["name"] = person.name.into();
        claims["preferred_username"] = person.login.into();
        claims["picture"] = person.avatar_url(public_url).into();
    }
    claims
}

fn error(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    pages::json(
        status,
        &json!({"error": {"code": code, "message": message}}),
    )
}

fn forbidden() -> HttpResponse {
    error(StatusCode::FORBIDDEN, "forbidden", "Not authorized")
}

/// Userinfo is a protected resource as RFC 6750 §3 has it.
fn unauthorized() -> HttpResponse {
    let mut answer = error(StatusCode::UNAUTHORIZED, "forbidden", "Not authorized");
    let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
    answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    answer
}
