//! One [`Error`], two renderings: a page for people, a problem document
//! (RFC 9457) for programs.

mod page;
mod problem;

use std::fmt;
use std::time::Duration;

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::api::routes::is_gated;
use super::visitor;
use crate::error::{Error, Problem};

pub use page::{ErrorPage, WayOn};
pub use problem::ProblemDocument;

/// How soon to try again when something we need cannot answer, in seconds.
const RETRY_AFTER_SECONDS: u64 = 5;

/// An error that becomes a page.
#[derive(Debug)]
pub struct PageError(pub Error);

/// An error that becomes a problem document.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl<E: Into<Error>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        log(&self.0);
        let page = ErrorPage::of(self.status_code(), message(&self.0));
        with_retry_after(page.respond(self.status_code()), &self.0)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        log(&self.0);
        let status = self.status_code();
        let document = ProblemDocument::of(status, code(&self.0), message(&self.0));
        let mut response = with_retry_after(document.respond(status), &self.0);
        if let Some(challenge) = challenge(&self.0) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Where the caller may be a person or a program, what they ask for decides.
pub fn respond(head: &RequestHead, error: Error) -> HttpResponse {
    if wants_page(head) {
        PageError(error).error_response()
    } else {
        ApiError(error).error_response()
    }
}

/// The same for an answer that is known by its status and words alone.
pub fn respond_with(head: &RequestHead, status: StatusCode, problem: Problem) -> HttpResponse {
    if wants_page(head) {
        ErrorPage::of(status, problem.message).respond(status)
    } else {
        ProblemDocument::of(status, problem.code, problem.message).respond(status)
    }
}

/// What is not there.
pub async fn not_found(request: HttpRequest) -> HttpResponse {
    respond(request.head(), Error::NotFound)
}

/// Whether a person is to read the answer. What lies under `/api` answers in
/// JSON always, but for the flows that a browser walks through.
pub fn wants_page(head: &RequestHead) -> bool {
    !is_gated(head.uri.path()) && !visitor::prefers_json(&head.headers)
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Unauthenticated | Error::InvalidToken => StatusCode::UNAUTHORIZED,
        Error::Invalid(_) => StatusCode::BAD_REQUEST,
        Error::Forbidden(_) | Error::InsufficientScope(_) => StatusCode::FORBIDDEN,
        Error::TooMany(..) => StatusCode::TOO_MANY_REQUESTS,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Unavailable(_) | Error::Later(..) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::NotFound => "not_found",
        Error::Unauthenticated => "unauthenticated",
        Error::InvalidToken => "invalid_token",
        Error::InsufficientScope(_) => "insufficient_scope",
        Error::Invalid(problem)
        | Error::Forbidden(problem)
        | Error::Conflict(problem)
        | Error::TooMany(problem, _)
        | Error::Later(problem, _) => problem.code,
        Error::Unavailable(_) => "unavailable",
        Error::Internal(_) => "internal",
    }
}

fn message(error: &Error) -> &'static str {
    match error {
        Error::NotFound => "There is nothing at this address.",
        Error::Unauthenticated => "Please sign in first.",
        Error::InvalidToken => {
            "This API token is not valid: it was never made, was revoked, or has expired."
        }
        Error::InsufficientScope(_) => "This API token lacks the scope that this takes.",
        Error::Invalid(problem)
        | Error::Forbidden(problem)
        | Error::Conflict(problem)
        | Error::TooMany(problem, _)
        | Error::Later(problem, _) => problem.message,
        Error::Unavailable(_) => {
            "Something that we depend on does not answer right now. Please try again in a moment."
        }
        Error::Internal(_) => "Something went wrong on our side. It has been noted.",
    }
}

/// The one place where an error is logged.
fn log(error: &Error) {
    match error {
        Error::Internal(cause) => tracing::error!("{cause:#}"),
        Error::Unavailable(_) | Error::Later(..) => tracing::warn!("{error}"),
        _ => tracing::debug!("{error}"),
    }
}

fn with_retry_after(mut response: HttpResponse, error: &Error) -> HttpResponse {
    let seconds = match error {
        Error::Unavailable(_) => RETRY_AFTER_SECONDS,
        Error::TooMany(_, wait) | Error::Later(_, wait) => whole_seconds(*wait),
        _ => return response,
    };
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// For Retry-After. Rounded up: a second too early is one try too many.
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

/// What would have helped (RFC 6750 §3). No error code for who came without
/// credentials.
fn challenge(error: &Error) -> Option<HeaderValue> {
    let text = match error {
        Error::Unauthenticated => "Bearer".to_owned(),
        Error::InvalidToken => "Bearer error=\"invalid_token\"".to_owned(),
        Error::InsufficientScope(needed) => {
            format!("Bearer error=\"insufficient_scope\", scope=\"{needed}\"")
        }
        Error::Invalid(problem) if problem.code == "invalid_request" => {
            "Bearer error=\"invalid_request\"".to_owned()
        }
        _ => return None,
    };
    HeaderValue::from_str(&text).ok()
}
