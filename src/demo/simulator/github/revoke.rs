//! GitHub's `/applications/{client_id}/…`: an application takes back a token,
//! or everything that a person ever granted it.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::api::{ApiError, named_caller};
use crate::demo::simulator::client_auth::{self, ClientError};
use crate::demo::simulator::ledger::{Consent, Kind};
use crate::demo::simulator::world::World;
use crate::provider::Provider;

/// The same for a token that nobody knows and for one of somebody else.
const UNKNOWN: ApiError = ApiError::Message(StatusCode::NOT_FOUND, "Not Found");

#[derive(Deserialize)]
struct Body {
    access_token: String,
}

pub async fn token(
    request: HttpRequest,
    client_id: Path<String>,
    body: Bytes,
    world: Data<World>,
) -> Result<HttpResponse, ApiError> {
    let (token, _) = named_token(&request, &client_id, &body, &world)?;
    world.lock().ledger.end_token(&token);
    Ok(HttpResponse::NoContent().finish())
}

pub async fn grant(
    request: HttpRequest,
    client_id: Path<String>,
    body: Bytes,
    world: Data<World>,
) -> Result<HttpResponse, ApiError> {
    let (_, consent) = named_token(&request, &client_id, &body, &world)?;
    world.lock().ledger.end_grants(|other| {
        other.provider == Provider::GitHub
            && other.client_id == consent.client_id
            && other.person.login == consent.person.login
    });
    Ok(HttpResponse::NoContent().finish())
}

/// The live access token in the body, when the caller may speak for it.
fn named_token(
    request: &HttpRequest,
    client_id: &str,
    body: &[u8],
    world: &World,
) -> Result<(String, Consent), ApiError> {
    named_caller(request)?;
    let client = match client_auth::basic_client(world, Provider::GitHub, request) {
        Ok(client) if client.client_id == client_id => client,
        Ok(_) | Err(ClientError::Wrong) => return Err(UNKNOWN),
        Err(ClientError::Malformed) => {
            return Err(ApiError::Message(
                StatusCode::UNAUTHORIZED,
                "Requires authentication",
            ));
        }
    };
    let body: Body = serde_json::from_slice(body)
        .map_err(|_| ApiError::Message(StatusCode::UNPROCESSABLE_ENTITY, "Validation Failed"))?;
    let state = world.lock();
    let live = state
        .ledger
        .live(Provider::GitHub, Kind::Access, &body.access_token);
    let consent = live
        .map(|(_, consent)| consent)
        .filter(|consent| consent.is_of(client));
    let consent = consent.cloned().ok_or(UNKNOWN)?;
    Ok((body.access_token, consent))
}
