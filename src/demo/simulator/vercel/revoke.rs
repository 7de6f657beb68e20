//! Token revocation (RFC 7009).

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::Refusal;
use crate::demo::simulator::client_auth;
use crate::demo::simulator::ledger::Kind;
use crate::demo::simulator::pages;
use crate::demo::simulator::params::Params;
use crate::demo::simulator::world::World;
use crate::provider::Provider;

pub async fn revoke(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    let done = Params::form(&request, &body)
        .map_err(Refusal::from)
        .and_then(|form| end(&world, &request, &form));
    match done {
        Ok(()) => pages::json(StatusCode::OK, &json!({})),
        Err(refusal) => refusal.into_response(),
    }
}

/// The hint is a hint: every kind is looked for without it. A refresh token
/// takes its whole grant along (§2.1); a token that nobody knows is as good
/// as revoked (§2.2).
fn end(world: &World, request: &HttpRequest, form: &Params) -> Result<(), Refusal> {
    let client = client_auth::client(world, Provider::Vercel, request, form)?;
    let token = form
        .get("token")
        .ok_or(Refusal("invalid_request", "token is required"))?;
    let mut state = world.lock();
    let known = state.ledger.grant_of(Provider::Vercel, token);
    match known.filter(|(_, _, consent)| consent.is_of(client)) {
        Some((grant, Kind::Refresh, _)) => state.ledger.end_grant(grant),
        Some((_, Kind::Access, _)) => state.ledger.end_token(token),
        None => {}
    }
    Ok(())
}
