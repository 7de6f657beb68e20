//! `/account/sessions`: where you are signed in, and how to end it.

use actix_session::Session as SignInSession;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{Moment, Viewer, show as show_page};
use crate::error::Error;
use crate::models::ids::SessionId;
use crate::models::session::{LiveSession, Session};
use crate::provider::Provider;
use crate::web::api::auth::{leave, see_other};
use crate::web::caller::SignedIn;
use crate::web::device;
use crate::web::error::PageError;
use crate::web::flash::{self, Flash};
use crate::web::state::Vestibule;
use crate::web::visitor::visitor;

const ADDRESS: &str = "/account/sessions";

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions {
    viewer: Viewer,
    /// How many were ended just now.
    ended: Option<usize>,
    /// The one of this browser.
    current: Option<Device>,
    others: Vec<Device>,
}

struct Device {
    id: SessionId,
    name: String,
    ip: String,
    provider: &'static str,
    since: Moment,
    seen: Moment,
    /// Unless it is visited before.
    until: Moment,
}

impl Device {
    fn of(session: &LiveSession) -> Self {
        let provider: Option<Provider> = session.auth_provider.parse().ok();
        Self {
            id: session.id,
            name: device::describe(&session.user_agent),
            ip: session.ip.addr().to_string(),
            provider: provider.map_or("a provider", Provider::label),
            since: Moment(session.created_at),
            seen: Moment(session.last_seen_at),
            until: Moment(session.cookie_expires_at),
        }
    }
}

pub async fn show(
    me: SignedIn,
    app: Data<Vestibule>,
    session: SignInSession,
) -> Result<HttpResponse, PageError> {
    let scope = me.scope();
    let live = app.db.run(move |conn| Session::live(conn, scope)).await?;
    let (current, others): (Vec<_>, Vec<_>) = live
        .iter()
        .map(Device::of)
        .partition(|device| device.id == scope.session_id());
    let ended = match flash::take_flash(&session) {
        Some(Flash::SessionsEnded(count)) => Some(count),
        _ => None,
    };
    Ok(show_page(&Sessions {
        viewer: Viewer::of(Some(&me)),
        ended,
        current: current.into_iter().next(),
        others,
    }))
}

/// Ends one. Twice is as good as once: whoever asked sees the list.
pub async fn end(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    id: Path<SessionId>,
    session: SignInSession,
) -> Result<HttpResponse, PageError> {
    let (scope, id) = (me.scope(), *id);
    if id == scope.session_id() {
        return Ok(leave(scope, &app, &request, &session).await);
    }
    let ended = app.endings.end(scope, id, visitor(&app, &request)).await;
    match ended {
        Ok(()) => flash::set_flash(&session, &Flash::SessionsEnded(1))?,
        Err(Error::NotFound) => flash::set_flash(&session, &Flash::SessionsEnded(0))?,
        Err(error) => return Err(error.into()),
    }
    Ok(see_other(ADDRESS))
}

/// Ends all but this one.
pub async fn end_others(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
) -> Result<HttpResponse, PageError> {
    let visitor = visitor(&app, &request);
    let count = app.endings.end_others(me.scope(), visitor).await?;
    flash::set_flash(&session, &Flash::SessionsEnded(count))?;
    Ok(see_other(ADDRESS))
}
