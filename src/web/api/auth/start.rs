//! `POST /api/auth/signin/{provider}?next=/path`: off to the provider.

use actix_session::Session;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::see_other;
use crate::error::{Error, Problem};
use crate::oauth::Authorization;
use crate::provider::Provider;
use crate::sign_in::PendingSignIn;
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
    match begin(&app, &request, &provider, &session) {
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
) -> Result<String, Error> {
    let provider: Provider = provider.parse().map_err(|_| Error::NotFound)?;
    let offer = app.offer(provider).ok_or(Error::NotFound)?;
    let address = visitor::client_address(app, request);
    app.limits
        .sign_in
        .count(address)
        .map_err(|wait| Error::TooMany(TOO_MANY, wait))?;
    let authorization = Authorization::begin(offer.config, &offer.redirect_uri)?;
    let (now, next) = (app.clock.now(), next_of(app, request.query_string()));
    let mut all = flash::pending(session);
    let (state, verifier) = (authorization.state, authorization.verifier);
    all.add(
        PendingSignIn::new(provider, state, verifier, next, now),
        now,
    );
    flash::set_pending(session, &all)?;

    Ok(authorization.url.into())
}
