//! `/api/tokens`: tokens with which programs act for the caller.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::{BodyErrors, CallerErrors, NotFoundError};
use crate::models::TokenScope;
use crate::models::api_token::ApiToken;
use crate::models::ids::ApiTokenId;
use crate::strict_json::Object;
use crate::web::caller::{Caller, Read, SessionAlone, Write};
use crate::web::error::ApiError;
use crate::web::issuing::{self, Wish};
use crate::web::state::Vestibule;
use crate::web::visitor::visitor;

#[derive(Serialize, ToSchema)]
pub struct TokenList {
    tokens: Vec<TokenItem>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TokenItem {
    #[schema(value_type = uuid::Uuid)]
    id: ApiTokenId,
    #[schema(example = "ci")]
    name: String,
    /// How it begins.
    #[schema(example = "vst_3kTMd9")]
    prefix: String,
    #[schema(value_type = Vec<String>, example = json!(["read"]))]
    scopes: Vec<TokenScope>,
    created_at: DateTime<Utc>,
    /// To the minute; null: never.
    last_used_at: Option<DateTime<Utc>>,
    /// Null: it does not expire.
    expires_at: Option<DateTime<Utc>>,
}

impl TokenItem {
    fn of(token: ApiToken) -> Self {
        Self {
            id: token.id,
            scopes: token.scopes().iter().collect(),
            name: token.name,
            prefix: token.token_prefix,
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenWish {
    /// What to call it: 1 to 100 characters.
    #[schema(example = "ci", min_length = 1, max_length = 100)]
    name: String,
    /// Some of `read`, `write` and `accounts:token`.
    #[schema(value_type = Vec<String>, example = json!(["read"]), min_items = 1)]
    scopes: Vec<String>,
    /// From when on it is refused, within ten years; null or left out: it does
    /// not expire.
    #[serde(default)]
    #[schema(example = "2030-12-31T00:00:00Z")]
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeToken<'a> {
    #[schema(value_type = uuid::Uuid)]
    id: ApiTokenId,
    /// The token itself, this once.
    #[schema(example = "vst_3kTMd9x1Zq0bYpWnC7rJfUeGhLsAiVoXaQtRkBmDy5E4P2u8N")]
    token: &'a str,
    name: &'a str,
    #[schema(value_type = Vec<String>, example = json!(["read"]))]
    scopes: Vec<TokenScope>,
    expires_at: Option<DateTime<Utc>>,
}

/// The caller's API tokens
///
/// The newest first, also those that have expired; never the tokens themselves.
#[utoipa::path(
    get, path = "/api/tokens", tag = "API tokens",
    security(("session" = []), ("token" = ["read"])),
    responses((status = 200, description = "The tokens", body = TokenList), CallerErrors)
)]
pub async fn list(me: Caller<Read>, app: Data<Vestibule>) -> Result<HttpResponse, ApiError> {
    let scope = me.scope();
    let tokens = app.db.run(move |conn| ApiToken::all(conn, scope)).await?;
    Ok(HttpResponse::Ok().json(TokenList {
        tokens: tokens.into_iter().map(TokenItem::of).collect(),
    }))
}

/// Make an API token
///
/// The token is in the answer this once. At most 20 that have not expired a
/// person.
#[utoipa::path(
    post, path = "/api/tokens", tag = "API tokens",
    security(("session" = [])),
    request_body = TokenWish,
    responses(
        (status = 201, description = "Made", body = MadeToken),
        CallerErrors, BodyErrors
    )
)]
pub async fn create(
    me: Caller<SessionAlone>,
    app: Data<Vestibule>,
    request: HttpRequest,
    wish: Json<Object<TokenWish>>,
) -> Result<HttpResponse, ApiError> {
    let TokenWish {
        name,
        scopes,
        expires_at,
    } = wish.into_inner().0;
    let wish = Wish {
        name: &name,
        scopes: &scopes,
        expires_at,
    };
    let new = wish.check(app.clock.now())?;
    let (plain, made) = issuing::issue(&app, me.scope(), new, visitor(&app, &request)).await?;
    Ok(HttpResponse::Created().json(MadeToken {
        id: made.id,
        token: plain.expose(),
        scopes: made.scopes().iter().collect(),
        name: &made.name,
        expires_at: made.expires_at,
    }))
}

/// Revoke an API token
///
/// It is refused everywhere within a second.
#[utoipa::path(
    delete, path = "/api/tokens/{id}", tag = "API tokens",
    security(("session" = []), ("token" = ["write"])),
    params(("id" = uuid::Uuid, Path, description = "The token's id")),
    responses((status = 204, description = "Revoked"), CallerErrors, NotFoundError)
)]
pub async fn revoke(
    me: Caller<Write>,
    app: Data<Vestibule>,
    request: HttpRequest,
    id: Path<ApiTokenId>,
) -> Result<HttpResponse, ApiError> {
    issuing::revoke(&app, me.scope(), *id, visitor(&app, &request)).await?;
    Ok(HttpResponse::NoContent().finish())
}
