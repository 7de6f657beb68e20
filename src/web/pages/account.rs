//! `/account`: who you are, how you signed in, what is connected. The profile is
//! from the cookie alone, so that it is shown while the database is away.

mod connection;
mod live;

use std::time::Duration;

use actix_session::Session as SignInSession;
use actix_web::http::Method;
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::TimeDelta;

use super::sessions::Shown;
use super::{Moment, Viewer, render, show as show_page};
use crate::crypto::session_token::SessionUser;
use crate::error::{Error, Problem};
use crate::models::Scope;
use crate::models::account::Account;
use crate::models::ids::SessionId;
use crate::oauth::Http;
use crate::provider::Provider;
use crate::web::api::auth::{disconnect::end_connection, see_other};
use crate::web::caller::SignedIn;
use crate::web::error::PageError;
use crate::web::flash::{self, ConnectionsChanged, Flash};
use crate::web::session::ANSWERS_WITHIN;
use crate::web::state::Vestibule;
use crate::web::visitor::visitor;
use connection::Connection;

/// The page is shown without the connections when they take longer.
const LISTED_WITHIN: Duration = Duration::from_secs(1);

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    viewer: Viewer,
    /// What the forms say they were shown to.
    shown_to: SessionId,
    /// What was done just now.
    done: Option<String>,
    user: SessionUser,
    provider: &'static str,
    began: Moment,
    cookie_ends: Moment,
    ends: Moment,
    /// `None` when the database cannot tell now.
    connections: Option<Vec<Connection>>,
}

impl AccountPage {
    /// What to call the person.
    fn display_name(&self) -> &str {
        self.user.name.as_deref().unwrap_or(&self.user.username)
    }
}

pub async fn show(
    me: SignedIn,
    app: Data<Vestibule>,
    http: Data<Http>,
    request: HttpRequest,
    session: SignInSession,
) -> HttpResponse {
    let claims = me.session().claims();
    let began = Moment::from_milliseconds(claims.created);
    let max_age = TimeDelta::from_std(app.config.session.max_age).unwrap_or_default();
    let accounts = accounts(&app, me.scope()).await;
    let done = match flash::take_flash(&session) {
        Some(Flash::Connections(done)) => Some(done.words()),
        _ => None,
    };
    let page = AccountPage {
        viewer: Viewer::of(Some(&me)),
        shown_to: me.own().session_id(),
        done,
        user: claims.user.clone(),
        provider: claims.auth_provider.label(),
        ends: Moment(began.0 + max_age),
        cookie_ends: Moment::from_seconds(claims.exp),
        began,
        connections: accounts
            .as_deref()
            .map(|accounts| Connection::all(&app, accounts)),
    };
    match accounts {
        Some(accounts) if request.method() == Method::GET => {
            live::stream(&app, &http, me.scope(), &page, &accounts)
        }
        _ => show_page(&page),
    }
}

/// `None` when the database does not answer at once.
async fn accounts(app: &Vestibule, scope: Scope) -> Option<Vec<Account>> {
    if !app.revocations.heard_within(ANSWERS_WITHIN) {
        return None;
    }
    let accounts = app.db.run(move |conn| Account::all(conn, scope));
    let accounts = tokio::time::timeout(LISTED_WITHIN, accounts).await.ok()?;
    accounts
        .map_err(|error| tracing::warn!("the connections are not shown: {error}"))
        .ok()
}

/// Ends a connection; whoever asked sees what came of it.
pub async fn disconnect(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    provider: Path<String>,
    session: SignInSession,
    shown: Form<Shown>,
) -> Result<HttpResponse, PageError> {
    let provider: Provider = provider.parse().map_err(|_| Error::NotFound)?;
    if shown.to != me.own().session_id() {
        flash::set_flash(
            &session,
            &Flash::Connections(ConnectionsChanged::OtherPerson),
        )?;
        return Ok(see_other("/account"));
    }
    let visitor = visitor(&app, &request);
    let done = match end_connection(&app, me.scope(), provider, visitor).await {
        Ok(()) => ConnectionsChanged::Disconnected(provider),
        Err(Error::NotFound) => ConnectionsChanged::NotThere(provider),
        Err(Error::Conflict(Problem {
            code: "last_account",
            ..
        })) => ConnectionsChanged::Last(provider),
        Err(error) => return Err(error.into()),
    };
    flash::set_flash(&session, &Flash::Connections(done))?;
    Ok(see_other("/account"))
}
