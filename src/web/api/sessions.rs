//! `/api/sessions`: where the caller is signed in, and ending it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::auth::without_cookie;
use crate::models::ids::SessionId;
use crate::models::session::{LiveSession, Session};
use crate::web::caller::SignedIn;
use crate::web::device;
use crate::web::error::ApiError;
use crate::web::state::Vestibule;
use crate::web::visitor::visitor;

#[derive(Serialize)]
struct List {
    sessions: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: SessionId,
    /// From the user agent, for people.
    device: String,
    ip: String,
    auth_provider: String,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
    /// Whether the caller came with it.
    current: bool,
}

impl Item {
    fn of(session: LiveSession, current: SessionId) -> Self {
        Self {
            id: session.id,
            device: device::describe(&session.user_agent),
            ip: session.ip.addr().to_string(),
            auth_provider: session.auth_provider,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            current: session.id == current,
        }
    }
}

/// The newest first.
pub async fn list(me: SignedIn, app: Data<Vestibule>) -> Result<HttpResponse, ApiError> {
    let scope = me.scope();
    let live = app.db.run(move |conn| Session::live(conn, scope)).await?;
    let items = live.into_iter();
    Ok(HttpResponse::Ok().json(List {
        sessions: items
            .map(|session| Item::of(session, scope.session_id()))
            .collect(),
    }))
}

/// Ends one: 204. Ending one's own signs out, cookie and all.
pub async fn end(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    id: Path<SessionId>,
) -> Result<HttpResponse, ApiError> {
    let (scope, id) = (me.scope(), *id);
    let visitor = visitor(&app, &request);
    if id == scope.session_id() {
        app.endings.sign_out(scope, visitor).await;
        return Ok(without_cookie(&app, HttpResponse::NoContent().finish()));
    }
    app.endings.end(scope, id, visitor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends all but the caller's own: 204.
pub async fn end_others(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let visitor = visitor(&app, &request);
    app.endings.end_others(me.scope(), visitor).await?;
    Ok(HttpResponse::NoContent().finish())
}
