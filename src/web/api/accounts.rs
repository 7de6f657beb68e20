//! `/api/accounts`: identities at providers, and tokens for them.

use actix_web::http::Method;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::document::{CallerErrors, ConflictError, NotFoundError};
use crate::error::Error;
use crate::models::account::Account;
use crate::provider::Provider;
use crate::web::caller::{AccountsTokenAlone, Caller, Read, Who};
use crate::web::error::ApiError;
use crate::web::state::Vestibule;
use crate::web::visitor::visitor;

#[derive(Serialize, ToSchema)]
pub struct AccountList {
    accounts: Vec<AccountItem>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AccountItem {
    #[schema(example = "github")]
    provider: String,
    #[schema(example = "ada")]
    username: String,
    email: Option<String>,
    /// What the provider granted.
    #[schema(example = json!(["read:user", "user:email"]))]
    scopes: Vec<String>,
    connected_at: DateTime<Utc>,
    /// When the provider's access token expires; null: not told.
    expires_at: Option<DateTime<Utc>>,
    /// The provider refuses the tokens: only the person can mend that.
    needs_reconnect: bool,
}

impl AccountItem {
    fn of(account: Account) -> Self {
        Self {
            scopes: words(&account.scope),
            provider: account.provider,
            username: account.username,
            email: account.email,
            connected_at: account.connected_at,
            expires_at: account.access_token_expires_at,
            needs_reconnect: account.needs_reconnect,
        }
    }
}

fn words(scope: &str) -> Vec<String> {
    scope.split_whitespace().map(str::to_owned).collect()
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandedOut<'a> {
    access_token: &'a str,
    #[schema(example = "bearer")]
    token_type: &'static str,
    scopes: &'a [String],
    /// Null: not told.
    expires_at: Option<DateTime<Utc>>,
}

/// The caller's connected accounts
#[utoipa::path(
    get, path = "/api/accounts", tag = "Accounts",
    security(("session" = []), ("token" = ["read"])),
    responses((status = 200, description = "The accounts", body = AccountList), CallerErrors)
)]
pub async fn list(me: Caller<Read>, app: Data<Vestibule>) -> Result<HttpResponse, ApiError> {
    let scope = me.scope();
    let accounts = app.db.run(move |conn| Account::all(conn, scope)).await?;
    Ok(HttpResponse::Ok().json(AccountList {
        accounts: accounts.into_iter().map(AccountItem::of).collect(),
    }))
}

/// A provider's access token, fresh
///
/// One that has expired, or does within a minute, is refreshed first. 409 when
/// the provider does not accept any more what it granted: the person has to
/// reconnect. 503 with `Retry-After` when the provider cannot answer now.
///
/// For programs that act at the provider for the caller. Each time it is
/// handed out is an event on the caller's activity page.
#[utoipa::path(
    get, path = "/api/accounts/{provider}/token", tag = "Accounts",
    security(("token" = ["accounts:token"])),
    params(("provider" = String, Path, description = "`github` or `vercel`", example = "github")),
    responses(
        (status = 200, description = "The token", body = HandedOut),
        CallerErrors, NotFoundError, ConflictError
    )
)]
pub async fn token(
    me: Caller<AccountsTokenAlone>,
    app: Data<Vestibule>,
    request: HttpRequest,
    provider: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let provider: Provider = provider.parse().map_err(|_| Error::NotFound)?;
    let scope = me.scope();
    if request.method() == Method::HEAD {
        // Nothing is handed out, so nothing is noted.
        let connected = app.db.run(move |conn| Account::at(conn, scope, provider));
        connected.await?.ok_or(Error::NotFound)?;
        return Ok(HttpResponse::Ok().finish());
    }
    let fresh = app.vault.fresh_token(scope, provider).await;
    let fresh = fresh.map_err(Error::from)?;
    let mut details = json!({ "provider": provider });
    if let Who::Token(token) = me.who() {
        details["token"] = json!(token.id());
        details["name"] = json!(token.name());
    }
    let visitor = visitor(&app, &request);
    // Nothing leaves unseen.
    app.hand_outs.note(scope, visitor, details).await?;
    Ok(HttpResponse::Ok().json(HandedOut {
        access_token: fresh.token.expose(),
        token_type: "bearer",
        scopes: &fresh.scopes,
        expires_at: fresh.expires_at,
    }))
}
