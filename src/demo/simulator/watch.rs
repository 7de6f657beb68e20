//! Every call to a provider passes here: it is recorded, and what was asked
//! to go wrong goes wrong.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, rt};

use super::calls::Endpoint;
use super::faults::{self, Faults};
use super::world::World;

/// Paths are kept up to here; ours are shorter.
const LONGEST_PATH: usize = 200;

/// Recorded for a connection that was closed without an answer.
const NO_ANSWER: u16 = 0;

pub async fn watch(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let endpoint = Endpoint::of(request.path());
    let world = request.app_data::<Data<World>>().cloned();
    let (Some(endpoint), Some(world)) = (endpoint, world) else {
        return next.call(request).await;
    };
    let method = request.method().to_string();
    let path: String = request.path().chars().take(LONGEST_PATH).collect();
    let faults = Some(world.faults(endpoint.provider)).filter(|it| it.strike(endpoint.role));
    let answer = answer(request, next, faults.as_ref()).await?;

    // Recorded when it has happened, before the wait: a caller who gives up
    // meanwhile has still called.
    let silent = faults.as_ref().is_some_and(Faults::leave_no_answer);
    let status = if silent {
        NO_ANSWER
    } else {
        answer.status().as_u16()
    };
    world
        .lock()
        .calls
        .record(endpoint.provider, &method, &path, status);
    if let Some(faults) = faults {
        rt::time::sleep(faults.delay()).await;
    }
    Ok(answer)
}

async fn answer(
    request: ServiceRequest,
    next: Next<BoxBody>,
    faults: Option<&Faults>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(instead) = faults.and_then(faults::instead) {
        return Ok(request.into_response(instead));
    }
    let answer = next.call(request).await?;
    let Some(malformed) = faults.and_then(|faults| faults.malformed) else {
        return Ok(answer);
    };
    let (request, answer) = answer.into_parts();
    Ok(ServiceResponse::new(
        request,
        faults::spoiled(malformed, answer).await,
    ))
}
