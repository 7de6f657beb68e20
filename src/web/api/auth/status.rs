//! `GET /api/auth/{provider}/status`: whether the caller is connected there.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::models::account::Account;
use crate::provider::Provider;
use crate::web::api::document::{CallerErrors, NotFoundError};
use crate::web::caller::{MaybeCaller, Read};
use crate::web::error::ApiError;
use crate::web::state::Vestibule;

#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    connected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connected_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_reconnect: Option<bool>,
}

/// Whether the caller is connected at a provider
///
/// A stranger is connected nowhere.
#[utoipa::path(
    get, path = "/api/auth/{provider}/status", tag = "Accounts",
    security((), ("session" = []), ("token" = ["read"])),
    params(("provider" = String, Path, description = "`github` or `vercel`", example = "github")),
    responses((status = 200, description = "Connected or not", body = Status), CallerErrors, NotFoundError)
)]
pub async fn status(
    MaybeCaller(me): MaybeCaller<Read>,
    app: Data<Vestibule>,
    provider: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let provider: Provider = provider.parse().map_err(|_| Error::NotFound)?;
    let account = match me {
        Some(me) => {
            let scope = me.scope();
            app.db
                .run(move |conn| Account::at(conn, scope, provider))
                .await?
        }
        None => None,
    };
    let status = account.map_or_else(Status::default, |account| Status {
        connected: true,
        username: Some(account.username),
        connected_at: Some(account.connected_at),
        needs_reconnect: Some(account.needs_reconnect),
    });
    Ok(HttpResponse::Ok().json(status))
}
