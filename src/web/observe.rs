//! The outermost middleware: every request has an id, a span, one log line and
//! an answer with our headers, whatever becomes of it.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError as _};
use futures_util::FutureExt as _;
use tracing::{Instrument as _, Level, field};
use uuid::Uuid;

use super::error::PageError;
use super::health;
use super::state::Vestibule;
use super::visitor;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: Answering;
}

/// What error pages have to know of the request that is being answered,
/// wherever they come from.
struct Answering {
    id: Uuid,
    /// The page that was asked for, to try again.
    page: String,
    /// Who is signed in, once that is known.
    username: RefCell<Option<String>>,
}

/// The id of the request that is being answered.
pub fn request_id() -> String {
    let id = CURRENT.try_with(|current| current.id.simple().to_string());
    id.unwrap_or_default()
}

/// The page of the request that is being answered, or the one that its form
/// stands on.
pub fn page() -> String {
    let page = CURRENT.try_with(|current| current.page.clone());
    page.unwrap_or_else(|_| "/".to_owned())
}

/// Notes who is signed in, for the header of error pages.
pub fn note_user(username: &str) {
    let _ = CURRENT.try_with(|current| current.username.replace(Some(username.to_owned())));
}

pub fn username() -> Option<String> {
    let name = CURRENT.try_with(|current| current.username.borrow().clone());
    name.ok().flatten()
}

pub async fn observe(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = Uuid::now_v7();
    let current = Answering {
        id,
        page: visitor::page_of(request.head()),
        username: RefCell::default(),
    };
    CURRENT.scope(current, observed(request, next, id)).await
}

async fn observed(
    request: ServiceRequest,
    next: Next<BoxBody>,
    id: Uuid,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let is_health = health::is_health(request.path());
    let app = request.app_data::<Data<Vestibule>>().cloned();
    let app = app.as_ref().map(|app| &***app);
    let facts = Facts {
        id,
        started,
        is_health,
    };
    let span = tracing::span!(
        Level::INFO,
        "request",
        id = %id.simple(),
        method = %request.method(),
        route = field::Empty,
    );
    let answer = AssertUnwindSafe(next.call(request).instrument(span.clone()))
        .catch_unwind()
        .await;

    span.in_scope(|| match answer {
        Ok(Ok(mut response)) => {
            // The pattern, not the path: a path may be anything, a query may
            // hold a code.
            let route = response.request().match_pattern();
            span.record("route", route.as_deref().unwrap_or("none"));
            finish(app, response.response_mut(), &facts);
            Ok(response)
        }
        Ok(Err(error)) => Err(wrapped(app, error.error_response(), &facts)),
        Err(panic) => {
            let error = PageError(anyhow::anyhow!("a handler panicked: {}", words(&*panic)).into());
            Err(wrapped(app, error.error_response(), &facts))
        }
    })
}

/// A response where an error was: middleware has no request left to answer.
fn wrapped(app: Option<&Vestibule>, mut response: HttpResponse, facts: &Facts) -> Error {
    finish(app, &mut response, facts);
    actix_web::error::InternalError::from_response("answered", response).into()
}

/// Of a request, for its answer's headers and its line in the log.
struct Facts {
    id: Uuid,
    started: Instant,
    is_health: bool,
}

fn finish(app: Option<&Vestibule>, response: &mut HttpResponse, facts: &Facts) {
    let Facts {
        id,
        started,
        is_health,
    } = *facts;
    let status = response.status();
    let headers = response.headers_mut();
    if let Some(app) = app {
        app.headers.add_to(headers);
    }
    if let Ok(id) = HeaderValue::from_str(&id.simple().to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    if app.is_some_and(Vestibule::is_draining) {
        // Else the next request could meet the connection as it closes.
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    if is_health {
        // Asked every second by whoever balances load.
        tracing::debug!(status = status.as_u16(), elapsed_us, "answered");
    } else if status >= StatusCode::INTERNAL_SERVER_ERROR {
        tracing::warn!(status = status.as_u16(), elapsed_us, "answered");
    } else {
        tracing::info!(status = status.as_u16(), elapsed_us, "answered");
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words")
}
