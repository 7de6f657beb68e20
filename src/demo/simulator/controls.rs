//! `/_simulator` for programs: calls, faults and people as JSON.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::calls::Call;
use super::faults::{Faults, Knobs};
use super::pages;
use super::params::Params;
use super::people::{Change, Person};
use super::world::World;
use crate::provider::Provider;

pub async fn calls(world: Data<World>) -> HttpResponse {
    let calls: Vec<Call> = world.lock().calls.iter().cloned().collect();
    pages::json(StatusCode::OK, &calls)
}

pub async fn clear_calls(world: Data<World>) -> HttpResponse {
    world.lock().calls.clear();
    HttpResponse::NoContent().finish()
}

pub async fn faults(world: Data<World>) -> HttpResponse {
    let [github, vercel] = Provider::ALL.map(|provider| world.faults(provider));
    pages::json(StatusCode::OK, &json!({"github": github, "vercel": vercel}))
}

pub async fn set_faults(body: Bytes, world: Data<World>) -> HttpResponse {
    match from_json::<Knobs>(&body).and_then(|knobs| apply(&world, knobs)) {
        Ok(faults) => pages::json(StatusCode::OK, &faults),
        Err(problem) => refuse(&problem),
    }
}

/// One PUT is the whole truth about a provider until the next.
pub fn apply(world: &World, knobs: Knobs) -> Result<Faults, String> {
    let faults = Faults::try_from(knobs)?;
    *world.lock().faults_mut(faults.provider) = faults.clone();
    Ok(faults)
}

pub async fn set_person(body: Bytes, world: Data<World>) -> HttpResponse {
    match from_json::<Change>(&body).and_then(|change| change_person(&world, change)) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(problem) => refuse(&problem),
    }
}

fn change_person(world: &World, change: Change) -> Result<(), String> {
    let provider = change.provider;
    let person = Person::named(&change.login).ok_or("login is ada, grace or alan")?;
    let overrides = change.overrides().map_err(|error| error.to_string())?;
    world
        .lock()
        .overrides
        .insert((provider, person.login), overrides);
    Ok(())
}

/// Whoever gets here followed a redirect that has to be left alone; the call
/// is counted under the provider that sent it.
pub async fn redirect_trap(request: HttpRequest, world: Data<World>) -> HttpResponse {
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let provider = params.get("provider").and_then(|word| word.parse().ok());
    let provider = provider.unwrap_or(Provider::GitHub);
    let (method, path) = (request.method().as_str(), request.path());
    world
        .lock()
        .calls
        .record(provider, method, path, StatusCode::OK.as_u16());
    pages::json(
        StatusCode::OK,
        &json!({"message": "This redirect should not be followed."}),
    )
}

fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn refuse(problem: &str) -> HttpResponse {
    pages::json(StatusCode::BAD_REQUEST, &json!({"error": problem}))
}
