//! `GET /api/audit`: the caller's own events, the newest first, by cursor.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::document::CallerErrors;
use crate::error::{Error, Problem};
use crate::models::audit_event::{self, AuditEvent};
use crate::models::ids::{AuditEventId, SessionId};
use crate::web::audit::{Cursor, PageOfEvents};
use crate::web::caller::{Caller, Read};
use crate::web::device;
use crate::web::error::ApiError;
use crate::web::state::Vestibule;

const USUAL_EVENTS: i64 = 50;
const MOST_EVENTS: i64 = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// The `next` of an earlier answer.
    #[param(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
    /// 1 to 100; 50 when it is left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100)]
    limit: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct EventList {
    events: Vec<EventItem>,
    /// To be sent as `cursor`; null when there is nothing older.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EventItem {
    #[schema(value_type = uuid::Uuid)]
    id: AuditEventId,
    at: DateTime<Utc>,
    #[schema(example = "session.started")]
    kind: String,
    #[schema(value_type = Option<uuid::Uuid>)]
    session_id: Option<SessionId>,
    ip: Option<String>,
    device: Option<String>,
    details: Value,
}

impl EventItem {
    fn of(event: AuditEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            kind: event.kind,
            session_id: event.session_id,
            ip: event.ip.map(|ip| ip.addr().to_string()),
            device: event.user_agent.as_deref().map(device::describe),
            details: event.details,
        }
    }
}

/// What happened to the caller
///
/// The newest first, by cursor.
#[utoipa::path(
    get, path = "/api/audit", tag = "Audit",
    security(("session" = []), ("token" = ["read"])),
    params(Asked),
    responses((status = 200, description = "The events", body = EventList), CallerErrors)
)]
pub async fn list(
    me: Caller<Read>,
    app: Data<Vestibule>,
    asked: Query<Asked>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = asked.read()?;
    let scope = me.scope();
    let read = app
        .db
        // One more than is wanted tells whether there are more.
        .run(move |conn| audit_event::of_caller(conn, scope, after, limit + 1))
        .await?;
    let page = PageOfEvents::of(read, limit);
    Ok(HttpResponse::Ok().json(EventList {
        next: page.next.map(|cursor| cursor.to_string()),
        events: page.events.into_iter().map(EventItem::of).collect(),
    }))
}

impl Asked {
    fn read(&self) -> Result<(Option<audit_event::Position>, i64), Error> {
        let cursor = self.cursor.as_deref().map(str::parse::<Cursor>).transpose();
        let Cursor(position) = match cursor {
            Ok(None) => return Ok((None, self.limit()?)),
            Ok(Some(cursor)) => cursor,
            Err(_) => {
                return Err(Error::Invalid(Problem {
                    code: "invalid_cursor",
                    message: "The cursor is none that an earlier answer gave.",
                }));
            }
        };
        Ok((Some(position), self.limit()?))
    }

    fn limit(&self) -> Result<i64, Error> {
        let Some(text) = &self.limit else {
            return Ok(USUAL_EVENTS);
        };
        let limit = text.parse().ok();
        limit
            .filter(|limit| (1..=MOST_EVENTS).contains(limit))
            .ok_or(Error::Invalid(Problem {
                code: "invalid_limit",
                message: "The limit has to be a number from 1 to 100.",
            }))
    }
}
