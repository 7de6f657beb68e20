//! `GET /api/openapi.json`: the API's document, made of what the handlers say
//! of themselves.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Value, json};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Content, Header, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::{IntoResponses, Modify, OpenApi};

use super::{accounts, audit, auth, examples, me, sessions, tokens};
use crate::web::error::ProblemDocument;
use crate::web::state::Vestibule;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vestibule",
        description = "Who is signed in, where, and with what. Errors are problem documents \
                       (RFC 9457) with a stable `code`; times are RFC 3339 in UTC. Unsafe methods \
                       with a session are taken from the site's own pages only."
    ),
    paths(
        auth::info::info,
        auth::status::status,
        auth::disconnect::disconnect,
        me::show,
        tokens::list,
        tokens::create,
        tokens::revoke,
        sessions::list,
        sessions::end,
        sessions::end_others,
        accounts::list,
        accounts::token,
        audit::list,
        openapi
    ),
    components(schemas(ProblemDocument)),
    modifiers(&Schemes),
    tags(
        (name = "Callers", description = "Who is calling"),
        (name = "API tokens", description = "Tokens with which programs act for a person"),
        (name = "Sessions", description = "Where a person is signed in"),
        (name = "Accounts", description = "Identities at providers"),
        (name = "Audit", description = "What happened"),
        (name = "Document", description = "This document")
    )
)]
struct Api;

/// The document, with examples, but for where it is served.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let mut document = serde_json::to_value(Api::openapi()).unwrap_or_default();
        examples::fill(&mut document);
        name_operations(&mut document);
        document
    });
    &DOCUMENT
}

/// Ids by method and path, because the handlers' names are not unique:
/// `getApiTokens`, `deleteApiTokensId`.
fn name_operations(document: &mut Value) {
    let paths = document["paths"].as_object_mut();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let mut id = method.clone();
            for word in path.split(|c: char| !c.is_ascii_alphanumeric()) {
                let (first, rest) = word.split_at(word.len().min(1));
                id = id + &first.to_uppercase() + rest;
            }
            operation["operationId"] = json!(id);
        }
    }
}

/// This document
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "Document",
    security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Value))
)]
pub async fn openapi(app: Data<Vestibule>) -> HttpResponse {
    let mut document = document().clone();
    document["servers"] = json!([{ "url": app.config.public_url.as_str() }]);
    HttpResponse::Ok().json(document)
}

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("vst_…")
            .description(Some(
                "An API token, made at /account/tokens. Its scopes are `read`, `write` and \
                 `accounts:token`. A Bearer header decides alone.",
            ))
            .build();
        let session = ApiKey::Cookie(ApiKeyValue::with_description(
            "__Host-session",
            "The session cookie of somebody who is signed in; `session` on http loopback.",
        ));
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    }
}

type Responses = BTreeMap<String, RefOr<Response>>;

/// What every route may answer that asks who is calling.
pub struct CallerErrors;
/// What a route may answer that takes an id or a provider.
pub struct NotFoundError;
/// What a route may answer where what is asked for does not fit what there is.
pub struct ConflictError;
/// What a route may answer that takes a body.
pub struct BodyErrors;

/// What a route may answer that has to know for certain.
pub struct UnavailableError;

impl IntoResponses for UnavailableError {
    fn responses() -> Responses {
        [unavailable()].into()
    }
}

fn unavailable() -> (String, RefOr<Response>) {
    let description = "Something that this depends on cannot answer now: `unavailable`";
    problem(503, description, &["Retry-After"])
}

impl IntoResponses for CallerErrors {
    fn responses() -> Responses {
        [
            problem(
                400,
                "The request cannot be read: `invalid_request` and others",
                &[],
            ),
            problem(
                401,
                "`unauthenticated` without credentials, `invalid_token` with bad ones",
                &["WWW-Authenticate"],
            ),
            problem(
                403,
                "`insufficient_scope`, `session_required`, `token_required`, `cross_site`",
                &["WWW-Authenticate"],
            ),
            problem(
                429,
                "Too often: `too_many_refused_tokens`, `too_many_tokens`",
                &["Retry-After"],
            ),
            problem(500, "Something went wrong here: `internal`", &[]),
            unavailable(),
        ]
        .into()
    }
}

impl IntoResponses for NotFoundError {
    fn responses() -> Responses {
        [problem(
            404,
            "Not there, or somebody else's: `not_found`",
            &[],
        )]
        .into()
    }
}

impl IntoResponses for ConflictError {
    fn responses() -> Responses {
        [problem(
            409,
            "It does not fit what there is: `last_account`, `reconnect_needed`",
            &[],
        )]
        .into()
    }
}

impl IntoResponses for BodyErrors {
    fn responses() -> Responses {
        [
            problem(
                408,
                "The body took too long to arrive: `body_too_slow`",
                &[],
            ),
            problem(413, "The body is larger than 16 KiB: `body_too_large`", &[]),
            problem(415, "The body is not JSON: `unsupported_media_type`", &[]),
        ]
        .into()
    }
}

fn problem(status: u16, description: &str, headers: &[&str]) -> (String, RefOr<Response>) {
    let schema = Ref::from_schema_name("ProblemDocument");
    let mut response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", Content::new(Some(schema)));
    for header in headers {
        response = response.header(*header, Header::default());
    }
    (status.to_string(), response.build().into())
}
