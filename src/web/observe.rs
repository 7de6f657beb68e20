//! The outermost middleware: every request has an id, a span, one log line and
//! an answer with our headers, whatever becomes of it.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode, Uri};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError as _};
use futures_util::FutureExt as _;
use tracing::{Instrument as _, Level};
use uuid::Uuid;

use super::api::routes::is_gated;
use super::error::PageError;
use super::health;
use super::state::Vestibule;
use super::visitor;
use crate::crypto::session_token::VerifiedSession;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: Answering;
}

/// What error pages have to know of the request that is being answered,
/// wherever they come from.
struct Answering {
    id: Uuid,
    /// What was asked for, to try again; only where errors are pages.
    uri: Option<Uri>,
    /// Who is signed in, once that is known.
    session: RefCell<Option<Arc<VerifiedSession>>>,
}

/// The id of the request that is being answered.
pub fn request_id() -> String {
    let id = CURRENT.try_with(|current| current.id.simple().to_string());
    id.unwrap_or_default()
}

/// The page of the request that is being answered, or the one that its form
/// stands on.
pub fn page() -> String {
    let page = CURRENT.try_with(|current| current.uri.as_ref().map(visitor::page_of));
    page.ok().flatten().unwrap_or_else(|| "/".to_owned())
}

/// Notes who is signed in, for the header of error pages.
pub fn note_session(session: &Arc<VerifiedSession>) {
    let _ = CURRENT.try_with(|current| current.session.replace(Some(Arc::clone(session))));
}

pub fn username() -> Option<String> {
    let name = CURRENT.try_with(|current| {
        let session = current.session.borrow();
        Some(session.as_ref()?.claims().user.username.clone())
    });
    name.ok().flatten()
}

pub async fn observe(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = Uuid::now_v7();
    let current = Answering {
        id,
        uri: (!is_gated(request.path())).then(|| request.uri().clone()),
        session: RefCell::default(),
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
    );
    let answer = AssertUnwindSafe(next.call(request).instrument(span.clone()))
        .catch_unwind()
        .await;

    span.in_scope(|| match answer {
        Ok(Ok(mut response)) => {
            finish(app, response.response_mut(), facts.id);
            log(response.status(), &facts, || {
                response.request().match_pattern()
            });
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
    finish(app, &mut response, facts.id);
    log(response.status(), facts, || None);
    actix_web::error::InternalError::from_response("answered", response).into()
}

/// Of a request, for its answer's headers and its line in the log.
struct Facts {
    id: Uuid,
    started: Instant,
    is_health: bool,
}

fn finish(app: Option<&Vestibule>, response: &mut HttpResponse, id: Uuid) {
    let headers = response.headers_mut();
    if let Some(app) = app {
        app.headers.add_to(headers);
    }
    let text = &mut Uuid::encode_buffer();
    if let Ok(id) = HeaderValue::from_str(id.simple().encode_lower(text)) {
        headers.insert(REQUEST_ID, id);
    }
    if app.is_some_and(Vestibule::is_draining) {
        // Else the next request could meet the connection as it closes.
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
}

/// One line. The route's pattern, not the path: a path may be anything, a query
/// may hold a code. It stands in the line and not in the span, whose fields
/// would be read and written anew for one that is told late.
fn log(status: StatusCode, facts: &Facts, route: impl Fn() -> Option<String>) {
    let route = || route().unwrap_or_else(|| "none".to_owned());
    let elapsed_us = || u64::try_from(facts.started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (status, failed) = (status.as_u16(), status.is_server_error());
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                status,
                elapsed_us = elapsed_us(),
                route = route(),
                "answered"
            )
        };
    }
    if facts.is_health {
        // Asked every second by whoever balances load.
        tell!(debug);
    } else if failed {
        tell!(warn);
    } else {
        tell!(info);
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words")
}
