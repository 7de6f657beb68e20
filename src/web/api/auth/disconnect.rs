//! `POST /api/auth/{provider}/disconnect`: the connection is over, here at once
//! and at the provider as soon as it answers.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use diesel::Connection as _;

use crate::connections;
use crate::error::Error;
use crate::models::{Scope, Visitor};
use crate::provider::Provider;
use crate::web::api::document::{CallerErrors, ConflictError, NotFoundError};
use crate::web::caller::{Caller, Write};
use crate::web::error::ApiError;
use crate::web::state::Vestibule;
use crate::web::visitor::visitor;

/// Disconnects a provider
///
/// The connection and its tokens are removed here, and the tokens revoked at
/// the provider: at once if it answers within two seconds, else in the
/// background. The last account cannot be disconnected.
#[utoipa::path(
    post, path = "/api/auth/{provider}/disconnect", tag = "Accounts",
    security(("session" = []), ("token" = ["write"])),
    params(("provider" = String, Path, description = "`github` or `vercel`", example = "github")),
    responses((status = 204, description = "Disconnected"), CallerErrors, NotFoundError, ConflictError)
)]
pub async fn disconnect(
    me: Caller<Write>,
    app: Data<Vestibule>,
    request: HttpRequest,
    provider: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let provider: Provider = provider.parse().map_err(|_| Error::NotFound)?;
    end_connection(&app, me.scope(), provider, visitor(&app, &request)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// For the page as well.
pub async fn end_connection(
    app: &Vestibule,
    scope: Scope,
    provider: Provider,
    visitor: Visitor,
) -> Result<(), Error> {
    let ring = app.ring.current();
    let unwanted = app
        .db
        .run(move |conn| {
            conn.transaction(|conn| connections::disconnect(conn, &ring, scope, provider, &visitor))
        })
        .await?;
    tracing::info!(user = %scope.user_id(), %provider, "disconnected");
    app.withdrawals.now(unwanted).await;
    Ok(())
}
