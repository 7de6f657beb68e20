//! `/api/sessions`: where the caller is signed in, and ending it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::without_cookie;
use super::document::{CallerErrors, NotFoundError};
use crate::models::ids::SessionId;
use crate::models::session::{LiveSession, Session};
use crate::web::caller::{Caller, Read, Write};
use crate::web::device;
use crate::web::error::ApiError;
use crate::web::state::Vestibule;
use crate::web::visitor::visitor;

#[derive(Serialize, ToSchema)]
pub struct SessionList {
    sessions: Vec<SessionItem>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionItem {
    #[schema(value_type = uuid::Uuid)]
    id: SessionId,
    /// From the user agent, for people.
    #[schema(example = "Firefox on Linux")]
    device: String,
    #[schema(example = "192.0.2.7")]
    ip: String,
    #[schema(example = "github")]
    auth_provider: String,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
    /// Whether the caller came with it.
    current: bool,
}

impl SessionItem {
    fn of(session: LiveSession, current: Option<SessionId>) -> Self {
        Self {
            id: session.id,
            device: device::describe(&session.user_agent),
            ip: session.ip.addr().to_string(),
            auth_provider: session.auth_provider,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            current: Some(session.id) == current,
        }
    }
}

/// Where the caller is signed in
///
/// Live sessions, the newest first.
#[utoipa::path(
    get, path = "/api/sessions", tag = "Sessions",
    security(("session" = []), ("token" = ["read"])),
    responses((status = 200, description = "The sessions", body = SessionList), CallerErrors)
)]
pub async fn list(me: Caller<Read>, app: Data<Vestibule>) -> Result<HttpResponse, ApiError> {
    let scope = me.scope();
    let live = app.db.run(move |conn| Session::live(conn, scope)).await?;
    let items = live.into_iter();
    Ok(HttpResponse::Ok().json(SessionList {
        sessions: items
            .map(|session| SessionItem::of(session, scope.session_id()))
            .collect(),
    }))
}

/// End a session
///
/// It is refused everywhere within a second. Ending one's own signs out, cookie
/// and all.
#[utoipa::path(
    delete, path = "/api/sessions/{id}", tag = "Sessions",
    security(("session" = []), ("token" = ["write"])),
    params(("id" = uuid::Uuid, Path, description = "The session's id")),
    responses((status = 204, description = "Ended"), CallerErrors, NotFoundError)
)]
pub async fn end(
    me: Caller<Write>,
    app: Data<Vestibule>,
    request: HttpRequest,
    id: Path<SessionId>,
) -> Result<HttpResponse, ApiError> {
    let visitor = visitor(&app, &request);
    if let Some(own) = me.own().filter(|own| own.session_id() == *id) {
        app.endings.sign_out(own, visitor).await;
        return Ok(without_cookie(&app, HttpResponse::NoContent().finish()));
    }
    app.endings.end(me.scope(), *id, visitor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End all other sessions
///
/// With an API token: all of them.
#[utoipa::path(
    delete, path = "/api/sessions", tag = "Sessions",
    security(("session" = []), ("token" = ["write"])),
    responses((status = 204, description = "Ended, if there were any"), CallerErrors)
)]
pub async fn end_others(
    me: Caller<Write>,
    app: Data<Vestibule>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let visitor = visitor(&app, &request);
    app.endings.end_others(me.scope(), visitor).await?;
    Ok(HttpResponse::NoContent().finish())
}
