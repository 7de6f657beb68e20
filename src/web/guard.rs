//! What a request must be before anybody looks at what it wants.

use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_LENGTH, HOST, HeaderMap, ORIGIN, TRANSFER_ENCODING};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpResponse};

use super::api::routes;
use super::bearer::{self, Header};
use super::cookies::{self, Found};
use super::error::{ErrorPage, WayOn, respond_with, wants_page};
use super::health;
use super::state::Vestibule;
use crate::error::Problem;

/// Forms here hold a few words.
const LARGEST_BODY: usize = 16 * 1024;
/// A body that takes longer is not meant to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// An answer to whoever is not let in.
type Refusal = Box<HttpResponse>;

/// Meant for us, of a bearable size, from our own pages: in this order. One
/// middleware and not three, because each costs every request a few allocations.
pub async fn check(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match admit(&mut request).await {
        Ok(()) => next.call(request).await,
        Err(refusal) => Ok(request.into_response(*refusal)),
    }
}

async fn admit(request: &mut ServiceRequest) -> Result<(), Refusal> {
    host(request)?;
    if announces_body(request.headers()) {
        // Boxed, so that requests without one take no room for it.
        Box::pin(body(request)).await?;
    }
    origin(request)
}

/// Requests for another Host get 421 (RFC 9110 §15.5.20), so that nothing is
/// ever answered under a name that is not ours. Health checks come by address.
fn host(request: &ServiceRequest) -> Result<(), Refusal> {
    let health = health::is_health(request.path());
    // The page that refuses is in the house style; nothing here names a host.
    let is_static = request.path().starts_with("/static/");
    let ours = app(request).is_some_and(|app| {
        let url = &app.config.public_url;
        let authority = request.head().uri.authority();
        let mut named = one_text(request.headers(), HOST).into_iter();
        named
            .next()
            .is_some_and(|host| url.is_host(host, app.bound_port))
            && authority.is_none_or(|name| url.is_host(name.as_str(), app.bound_port))
    });
    if health || is_static || ours {
        return Ok(());
    }
    let problem = Problem {
        code: "wrong_host",
        message: "This server is known under another address.",
    };
    let status = StatusCode::MISDIRECTED_REQUEST;
    match app(request) {
        Some(app) if wants_page(request.head()) => {
            let way_on = WayOn {
                href: app.config.public_url.to_string(),
                label: "Go to its address",
            };
            let page = ErrorPage::of(status, problem.message);
            Err(page.with_way_on(way_on).respond(status).into())
        }
        _ => Err(respond_with(request.head(), status, problem).into()),
    }
}

fn announces_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.contains_key(CONTENT_LENGTH)
}

/// Reads the body whole, within limits, before anybody waits for it.
async fn body(request: &mut ServiceRequest) -> Result<(), Refusal> {
    let (status, problem) = match request.extract::<Payload>().await {
        Ok(payload) => {
            let read = tokio::time::timeout(BODY_DEADLINE, payload.to_bytes_limited(LARGEST_BODY));
            match read.await {
                Ok(Ok(Ok(bytes))) => {
                    request.set_payload(bytes.into());
                    return Ok(());
                }
                Ok(Ok(Err(_cut))) => (StatusCode::BAD_REQUEST, INCOMPLETE),
                Ok(Err(_larger)) => (StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE),
                Err(_late) => (StatusCode::REQUEST_TIMEOUT, TOO_SLOW),
            }
        }
        Err(_) => (StatusCode::BAD_REQUEST, INCOMPLETE),
    };
    Err(respond_with(request.head(), status, problem).into())
}

const INCOMPLETE: Problem = Problem {
    code: "incomplete_body",
    message: "The request ended before it was complete.",
};
const TOO_LARGE: Problem = Problem {
    code: "body_too_large",
    message: "What was sent is larger than anything that belongs here.",
};
const TOO_SLOW: Problem = Problem {
    code: "body_too_slow",
    message: "What was sent took too long to arrive.",
};

/// Unsafe methods only from our own pages (OWASP CSRF, Fetch Metadata). A
/// Bearer header is nothing that a browser sends by itself, and where it is
/// there, no cookie counts.
fn origin(request: &ServiceRequest) -> Result<(), Refusal> {
    if is_safe(request.method()) {
        return Ok(());
    }
    let Some(app) = app(request) else {
        return Ok(());
    };
    let headers = request.headers();
    // Where the gate asks, who comes without a cookie is told so by the gate.
    let no_cookie_counts = routes::is_gated(request.path())
        && (bearer::read(headers) != Header::Absent
            || cookies::find(headers, app.cookies.session) == Found::None);
    if no_cookie_counts || is_same_origin(headers, app.config.public_url.as_str()) {
        return Ok(());
    }
    let problem = Problem {
        code: "cross_site",
        message: "This was sent from another site, so nothing was done. Please use the buttons on our own pages.",
    };
    Err(respond_with(request.head(), StatusCode::FORBIDDEN, problem).into())
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    if headers.contains_key("sec-fetch-site") {
        let site = one_text(headers, "sec-fetch-site");
        return matches!(site, Some("same-origin" | "none"));
    }
    one_text(headers, ORIGIN) == Some(public_url)
}

/// A header that comes once, as text.
fn one_text(headers: &HeaderMap, name: impl actix_web::http::header::AsHeaderName) -> Option<&str> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    values.next().is_none().then_some(value)?.to_str().ok()
}

fn app(request: &ServiceRequest) -> Option<&Vestibule> {
    request.app_data::<Data<Vestibule>>().map(|app| &***app)
}
