//! What is said when a request's parts cannot be read: our words, never a
//! parser's.

use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::web::{FormConfig, JsonConfig, PathConfig, QueryConfig, ServiceConfig};
use actix_web::{Error, HttpRequest};

use super::error::{respond, respond_with};
use crate::error::{Error as DomainError, Problem};

pub fn configure(config: &mut ServiceConfig) {
    config
        .app_data(
            PathConfig::default()
                .error_handler(|_, request| answer(request, DomainError::NotFound)),
        )
        .app_data(QueryConfig::default().error_handler(|_, request| {
            let message = "The address's parameters cannot be read.";
            answer(
                request,
                DomainError::Invalid(Problem {
                    code: "invalid_query",
                    message,
                }),
            )
        }))
        .app_data(FormConfig::default().error_handler(|_, request| {
            let message = "The form that was sent cannot be read.";
            answer(
                request,
                DomainError::Invalid(Problem {
                    code: "invalid_form",
                    message,
                }),
            )
        }))
        .app_data(JsonConfig::default().error_handler(|error, request| {
            let (status, problem) = json_problem(&error);
            let response = respond_with(request.head(), status, problem);
            actix_web::error::InternalError::from_response("refused", response).into()
        }));
}

fn json_problem(error: &JsonPayloadError) -> (StatusCode, Problem) {
    match error {
        JsonPayloadError::ContentType => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Problem {
                code: "unsupported_media_type",
                message: "This takes JSON. Send it with Content-Type: application/json",
            },
        ),
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            Problem {
                code: "body_too_large",
                message: "What was sent is larger than anything that belongs here.",
            },
        ),
        _ => (
            StatusCode::BAD_REQUEST,
            Problem {
                code: "invalid_json",
                message: "The JSON that was sent is not what this takes. /api/docs says what is.",
            },
        ),
    }
}

/// An error as an extractor returns it, in the words that the caller asked
/// for.
pub fn answer(request: &HttpRequest, error: DomainError) -> Error {
    let response = respond(request.head(), error);
    actix_web::error::InternalError::from_response("refused", response).into()
}
