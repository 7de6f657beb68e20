//! What a request must be before anybody looks at what it wants.

use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_LENGTH, HOST, HeaderMap, ORIGIN, TRANSFER_ENCODING};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpResponse};

use super::api::routes;
use super::bearer::{self, Header};
use super::error::{ErrorPage, WayOn, respond, respond_with, wants_page};
use super::health;
use super::state::Vestibule;
use crate::error::{Error as DomainError, Problem};

/// Forms here hold a few words.
const LARGEST_BODY: usize = 16 * 1024;
/// A body that takes longer is not meant to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

type Answer = Result<ServiceResponse<BoxBody>, Error>;

/// Requests for another Host get 421 (RFC 9110 §15.5.20), so that nothing is
/// ever answered under a name that is not ours. Health checks come by address.
pub async fn host(request: ServiceRequest, next: Next<BoxBody>) -> Answer {
    let health = health::is_health(request.path());
    let ours = app(&request).is_some_and(|app| {
        let url = &app.config.public_url;
        let authority = request.head().uri.authority();
        let mut named = one_text(request.headers(), HOST).into_iter();
        named
            .next()
            .is_some_and(|host| url.is_host(host, app.bound_port))
            && authority.is_none_or(|name| url.is_host(name.as_str(), app.bound_port))
    });
    if health || ours {
        return next.call(request).await;
    }
    let here = app(&request).map(|app| app.config.public_url.to_string());
    Ok(refuse(request, |head| {
        let problem = Problem {
            code: "wrong_host",
            message: "This server is known under another address.",
        };
        let status = StatusCode::MISDIRECTED_REQUEST;
        match here {
            Some(href) if wants_page(head) => {
                let label = "Go to its address";
                ErrorPage::of(status, problem.message)
                    .with_way_on(WayOn { href, label })
                    .respond(status)
            }
            _ => respond_with(head, status, problem),
        }
    }))
}

/// Reads the body whole, within limits, before anybody waits for it.
pub async fn body(mut request: ServiceRequest, next: Next<BoxBody>) -> Answer {
    let headers = request.headers();
    let announced = headers.contains_key(TRANSFER_ENCODING) || headers.contains_key(CONTENT_LENGTH);
    if !announced {
        return next.call(request).await;
    }
    let payload = request.extract::<Payload>().await?;
    match tokio::time::timeout(BODY_DEADLINE, payload.to_bytes_limited(LARGEST_BODY)).await {
        Ok(Ok(Ok(bytes))) => {
            request.set_payload(bytes.into());
            next.call(request).await
        }
        Ok(Ok(Err(_cut))) => Ok(refuse(request, |head| {
            let message = "The request ended before it was complete.";
            let problem = Problem {
                code: "incomplete_body",
                message,
            };
            respond(head, DomainError::Invalid(problem))
        })),
        Ok(Err(_larger)) => Ok(refuse(request, |head| {
            let message = "What was sent is larger than anything that belongs here.";
            let problem = Problem {
                code: "body_too_large",
                message,
            };
            respond_with(head, StatusCode::PAYLOAD_TOO_LARGE, problem)
        })),
        Err(_late) => Ok(refuse(request, |head| {
            let message = "What was sent took too long to arrive.";
            let problem = Problem {
                code: "body_too_slow",
                message,
            };
            respond_with(head, StatusCode::REQUEST_TIMEOUT, problem)
        })),
    }
}

/// Unsafe methods only from our own pages (OWASP CSRF, Fetch Metadata). A
/// Bearer header is nothing that a browser sends by itself, and where it is
/// there, no cookie counts.
pub async fn origin(request: ServiceRequest, next: Next<BoxBody>) -> Answer {
    let public_url = app(&request).map(|app| app.config.public_url.as_str());
    let decides_alone =
        routes::is_gated(request.path()) && bearer::read(request.headers()) != Header::Absent;
    if decides_alone || is_safe(request.method()) || is_same_origin(request.headers(), public_url) {
        return next.call(request).await;
    }
    Ok(refuse(request, |head| {
        let message = "This was sent from another site, so nothing was done. Please use the buttons on our own pages.";
        let problem = Problem {
            code: "cross_site",
            message,
        };
        respond(head, DomainError::Forbidden(problem))
    }))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_same_origin(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    if headers.contains_key("sec-fetch-site") {
        let site = one_text(headers, "sec-fetch-site");
        return matches!(site, Some("same-origin" | "none"));
    }
    let origin = one_text(headers, ORIGIN);
    origin.is_some() && origin == public_url
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

fn refuse(
    request: ServiceRequest,
    answer: impl FnOnce(&RequestHead) -> HttpResponse,
) -> ServiceResponse<BoxBody> {
    let response = answer(request.head());
    request.into_response(response)
}
