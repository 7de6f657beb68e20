//! `/account/sessions`: where you are signed in, and how to end it.

use actix_session::Session as SignInSession;
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::TimeDelta;
use serde::Deserialize;

use super::{Moment, Viewer, in_words, show as show_page};
use crate::error::Error;
use crate::models::ids::SessionId;
use crate::models::session::{LiveSession, Session};
use crate::provider::Provider;
use crate::web::api::auth::{leave, see_other};
use crate::web::caller::SignedIn;
use crate::web::device;
use crate::web::error::PageError;
use crate::web::flash::{self, Flash, SessionsEnded};
use crate::web::renewal;
use crate::web::state::Vestibule;
use crate::web::visitor::visitor;

const ADDRESS: &str = "/account/sessions";

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions {
    viewer: Viewer,
    /// What was done just now.
    done: Option<String>,
    /// Changes with who is signed in: what the forms say they were shown to.
    shown_to: SessionId,
    /// How long a session may be used before it counts as seen again.
    seen_within: String,
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
    /// At the latest.
    ends: Moment,
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
            ends: Moment(session.expires_at),
        }
    }

    fn end_address(&self) -> String {
        format!("/account/sessions/{}/end", self.id)
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
        .partition(|device| Some(device.id) == scope.session_id());
    let done = match flash::take_flash(&session) {
        Some(Flash::SessionsEnded(done)) => Some(done.words()),
        _ => None,
    };
    let seen_within = renewal::after(app.config.session.idle);
    Ok(show_page(&Sessions {
        viewer: Viewer::of(Some(&me)),
        done,
        shown_to: me.own().session_id(),
        seen_within: in_words(TimeDelta::from_std(seen_within).unwrap_or_default()),
        current: current.into_iter().next(),
        others,
    }))
}

/// What the form was shown to: another person may have signed in since.
#[derive(Deserialize)]
pub struct Shown {
    pub to: SessionId,
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
    if Some(id) == scope.session_id() {
        return Ok(leave(me.own(), &app, &request, &session).await);
    }
    let done = match app.endings.end(scope, id, visitor(&app, &request)).await {
        Ok(ended) => SessionsEnded::One(device::describe(&ended.user_agent)),
        Err(Error::NotFound) => SessionsEnded::None,
        Err(error) => return Err(error.into()),
    };
    flash::set_flash(&session, &Flash::SessionsEnded(done))?;
    Ok(see_other(ADDRESS))
}

/// Ends all but this one.
pub async fn end_others(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
    shown: Form<Shown>,
) -> Result<HttpResponse, PageError> {
    let done = if shown.to == me.own().session_id() {
        let visitor = visitor(&app, &request);
        SessionsEnded::Some(app.endings.end_others(me.scope(), visitor).await?)
    } else {
        SessionsEnded::OtherPerson
    };
    flash::set_flash(&session, &Flash::SessionsEnded(done))?;
    Ok(see_other(ADDRESS))
}
