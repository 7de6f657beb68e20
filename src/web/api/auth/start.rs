//! `POST /api/auth/signin/{provider}?next=/path`: off to the provider. And
//! `POST /api/auth/connect/{provider}?next=/path`: the same for somebody who is
//! signed in, to connect another account or to renew a connection.

use actix_session::Session;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::see_other;
use crate::error::{Error, Problem};
use crate::models::ids::SessionId;
use crate::oauth::Authorization;
use crate::provider::Provider;
use crate::sign_in::{NextPath, PendingSignIn};
use crate::web::caller::SignedIn;
use crate::web::error::respond;
use crate::web::pages::sign_in::next_of;
use crate::web::state::Vestibule;
use crate::web::{flash, visitor};

const TOO_MANY: Problem = Problem {
    code: "too_many_sign_ins",
    message: "Too many sign-ins were started from your address. Please wait a moment, then try again.",
};

pub async fn start(
    app: Data<Vestibule>,
    request: HttpRequest,
    provider: Path<String>,
    session: Session,
) -> HttpResponse {
    answer(&request, begin(&app, &request, &provider, &session, None))
}

pub async fn connect(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    provider: Path<String>,
    session: Session,
) -> HttpResponse {
    let own = Some(me.own().session_id());
    answer(&request, begin(&app, &request, &provider, &session, own))
}

fn answer(request: &HttpRequest, begun: Result<String, Error>) -> HttpResponse {
    match begun {
        Ok(url) if visitor::prefers_json(request.headers()) => {
            HttpResponse::Ok().json(json!({ "url": url }))
        }
        Ok(url) => see_other(&url),
        Err(error) => respond(request.head(), error),
    }
}

/// Keeps state and verifier in the browser; writes nothing to the database.
fn begin(
    app: &Vestibule,
    request: &HttpRequest,
    provider: &str,
    session: &Session,
    connect: Option<SessionId>,
) -> Result<String, Error> {
    let provider: Provider = provider.parse().map_err(|_| Error::NotFound)?;
    let offer = app.offer(provider).ok_or(Error::NotFound)?;
    let address = visitor::client_address(app, request);
    app.limits
        .sign_in
        .count(address)
        .map_err(|wait| Error::TooMany(TOO_MANY, wait))?;
    let authorization = Authorization::begin(offer.config, &offer.redirect_uri)?;
    let (now, mut next) = (app.clock.now(), next_of(app, request.query_string()));
    if connect.is_some() && next.is_home() {
        next = NextPath::parse("/account", &app.config.public_url);
    }
    let mut all = flash::pending(session);
    let (state, verifier) = (authorization.state, authorization.verifier);
    // Not later than it was: somebody who leaves afterwards is not brought back.
    let began = app.clock.at_least();
    let mut pending = PendingSignIn::new(provider, state, verifier, next, began);
    if let Some(session) = connect {
        pending = pending.connecting(session);
    }
    all.add(pending, now);
    flash::set_pending(session, &all)?;

    Ok(authorization.url.into())
}
