//! `/signin`: why you are here, where you go next, and one button a provider.

use actix_session::Session as SignInSession;
use actix_web::web::{Data, Path};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use askama::Template;
use url::form_urlencoded;

use super::{Viewer, over, show as show_page};
use crate::error::Error;
use crate::models::session::EndedReason;
use crate::provider::Provider;
use crate::sign_in::NextPath;
use crate::web::caller::{self, MaybeSignedIn};
use crate::web::error::PageError;
use crate::web::flash::{self, Flash, Over};
use crate::web::sign_in_cookie::AllCookies;
use crate::web::state::Vestibule;

#[derive(Template)]
#[template(path = "signin.html")]
struct SignIn {
    viewer: Viewer,
    buttons: Vec<Button>,
    /// Why somebody who was signed in is not any more.
    over: Option<&'static str>,
    /// Where to go afterwards, unless it is the start page.
    next: Option<NextPath>,
    /// What is to be seen there, in words.
    purpose: Option<&'static str>,
}

struct Button {
    /// The word in the sprite.
    word: &'static str,
    label: &'static str,
    /// Used last in this browser.
    is_last: bool,
    action: String,
}

pub async fn show(
    MaybeSignedIn(me): MaybeSignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
) -> HttpResponse {
    let next = next_of(&app, request.query_string());
    let last = last_provider(&app, &request);
    let buttons = app.config.providers().map(|provider| Button {
        word: provider.as_str(),
        label: provider.label(),
        is_last: last == Some(provider),
        action: start_address(provider, &next),
    });
    show_page(&SignIn {
        viewer: Viewer::of(me.as_ref()),
        buttons: buttons.collect(),
        over: why_here(&app, &request, &session).await.map(Over::words),
        purpose: purpose(next.as_str()),
        next: Some(next).filter(|next| !next.is_home()),
    })
}

fn last_provider(app: &Vestibule, request: &HttpRequest) -> Option<Provider> {
    let extensions = request.extensions();
    let AllCookies(all) = extensions.get()?;
    app.cookies.find_last_provider(all)
}

/// Asked for by GET, starting a sign-in only shows this page.
pub async fn show_for(
    me: MaybeSignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
    provider: Path<String>,
) -> Result<HttpResponse, PageError> {
    let known = provider
        .parse()
        .ok()
        .and_then(|provider| app.config.provider(provider));
    if known.is_none() {
        return Err(Error::NotFound.into());
    }
    Ok(show(me, app, request, session).await)
}

/// What the page before left to say, or what this request's own cookie says.
async fn why_here(app: &Vestibule, request: &HttpRequest, session: &SignInSession) -> Option<Over> {
    match flash::take_flash(session) {
        Some(Flash::SessionOver(over)) => Some(over),
        Some(Flash::SignedOut(_)) => Some(Over::Ended(Some(EndedReason::SignedOut))),
        _ => over::why(app, &caller::current(request)).await,
    }
}

/// The `next` parameter, checked. Twice is as good as never.
pub fn next_of(app: &Vestibule, query: &str) -> NextPath {
    let mut asked = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "next");
    match (asked.next(), asked.next()) {
        (Some((_, path)), None) => NextPath::parse(&path, &app.config.public_url),
        _ => NextPath::home(),
    }
}

fn start_address(provider: Provider, next: &NextPath) -> String {
    let address = format!("/api/auth/signin/{provider}");
    if next.is_home() {
        return address;
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", next.as_str())
        .finish();
    format!("{address}?{query}")
}

fn purpose(next: &str) -> Option<&'static str> {
    match next.split('?').next()? {
        "/account" => Some("your account"),
        "/account/session" => Some("your session explained"),
        "/account/sessions" => Some("your sessions"),
        "/account/tokens" => Some("your API tokens"),
        "/account/delete" => Some("the page that deletes your account"),
        "/account/activity" => Some("your activity"),
        _ => None,
    }
}
