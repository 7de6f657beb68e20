//! An error as a problem document (RFC 9457).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::observe;

const CONTENT_TYPE: &str = "application/problem+json";

/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
pub struct ProblemDocument {
    /// No page describes the kinds of problems beyond their code.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    /// Stable, for programs.
    #[schema(example = "unauthenticated")]
    code: &'static str,
    /// A sentence, for people.
    detail: &'static str,
    /// The request's id, to quote when asking for help.
    #[serde(rename = "requestId")]
    request_id: String,
}

impl ProblemDocument {
    pub fn of(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail,
            request_id: observe::request_id(),
        }
    }

    pub fn respond(&self, status: StatusCode) -> HttpResponse {
        let body = serde_json::to_string(self).unwrap_or_default();
        HttpResponse::build(status)
            .content_type(CONTENT_TYPE)
            .body(body)
    }
}
