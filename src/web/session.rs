//! The middleware that reads the session cookie, once per request, and decides
//! what becomes of it in the browser.
//!
//! Whatever is wrong with the cookie, nobody is signed in: never an error.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _};

use super::api::routes::is_gated;
use super::cookies::{self, Found};
use super::replaced::Digest;
use super::sign_in_cookie::SignInUnderWay;
use super::state::Vestibule;
use super::{observe, renewal, visitor};
use crate::crypto::session_token::{Rejected, VerifiedSession};
use crate::revocations::Standing;

/// Who this request comes from, in the request's extensions.
#[derive(Clone)]
pub enum Current {
    Nobody,
    SignedIn(Arc<VerifiedSession>),
    /// Somebody, whose session may have been ended elsewhere: whether it was
    /// cannot be told now. No pass, and not "signed out" either.
    Unknown(Arc<VerifiedSession>),
    /// Nobody any more: the session was ended.
    Ended(Arc<VerifiedSession>),
    /// Nobody any more: the cookie's time is over.
    Expired,
}

/// What a request's cookie turned out to be.
struct Cookie {
    current: Current,
    /// Whether it fails for good, so that the browser can forget it. A cookie
    /// that another process may be able to read is left alone.
    is_worthless: bool,
    /// Of its value, where something may be decided by that.
    digest: Option<Digest>,
}

/// A slower answer removes no cookie: by the time it arrives the browser may
/// have been given a new one. Nobody signs in faster, from the first click on;
/// whoever has clicked already keeps what there is.
const REMOVE_WITHIN: Duration = Duration::from_millis(500);

/// When the database has not answered for so long, no visit waits for it.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

pub async fn load(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<Data<Vestibule>>().cloned() else {
        return next.call(request).await;
    };
    let arrived = Instant::now();
    let is_api = is_gated(request.path());
    let is_visit =
        !request.path().starts_with("/api/") && visitor::is_document_navigation(request.head());
    let cookie = read(&app, request.headers(), !is_api);
    if !is_api && let Current::SignedIn(session) = &cookie.current {
        observe::note_session(session);
    }
    request.extensions_mut().insert(cookie.current.clone());

    let mut response = next.call(request).await?;
    if sets_session(response.headers(), &app) {
        if app.replaced.since(cookie.digest, arrived) {
            // Signed in again while we were signing out: the new one stays.
            keep_session(response.headers_mut(), &app);
        } else {
            // A sign-in or sign-out: answers still under way to requests that
            // came with the old cookie must not touch the new one.
            app.replaced.note(cookie.digest);
        }
    } else if is_visit {
        let is_signing_in = response.request().extensions().contains::<SignInUnderWay>();
        // A page that comes in parts is complete long after it was decided here;
        // a sign-in that finishes meanwhile sets the newer cookie.
        let is_in_parts = response.response().body().size() == BodySize::Stream;
        if is_in_parts && is_signing_in {
            return Ok(response);
        }
        if let Some(change) = Box::pin(change(&app, cookie, arrived, is_signing_in)).await {
            response.headers_mut().append(SET_COOKIE, change);
        }
    }
    Ok(response)
}

/// Takes the removal of the session cookie out of an answer.
fn keep_session(headers: &mut HeaderMap, app: &Vestibule) {
    let removal = app.cookies.remove(app.cookies.session);
    let kept: Vec<_> = headers
        .remove(SET_COOKIE)
        .filter(|value| *value != removal)
        .collect();
    for value in kept {
        headers.append(SET_COOKIE, value);
    }
}

fn sets_session(headers: &HeaderMap, app: &Vestibule) -> bool {
    headers
        .get_all(SET_COOKIE)
        .any(|value| cookies::sets(value, app.cookies.session))
}

fn read(app: &Vestibule, headers: &HeaderMap, with_digest: bool) -> Cookie {
    let token = match cookies::find(headers, app.cookies.session) {
        Found::None => return Cookie::not_ours(),
        Found::One(token) => token,
        Found::Several => {
            tracing::debug!("two session cookies: nobody is signed in");
            return Cookie::not_ours();
        }
    };
    let (current, is_worthless) = judge(app, token);
    Cookie {
        current,
        is_worthless,
        digest: with_digest.then(|| Digest::of(token)),
    }
}

impl Cookie {
    fn not_ours() -> Self {
        Self {
            current: Current::Nobody,
            is_worthless: false,
            digest: None,
        }
    }
}

/// Who a token signs in, and whether it fails for good.
fn judge(app: &Vestibule, token: &[u8]) -> (Current, bool) {
    match app.tokens.decode(token, app.clock.now()) {
        Ok(session) => match app.revocations.standing(session.claims().sid) {
            Standing::Good => (Current::SignedIn(session), false),
            Standing::Revoked => {
                tracing::debug!("the session was ended: nobody is signed in");
                (Current::Ended(session), true)
            }
            Standing::Unknown => {
                tracing::debug!("whether the session was ended cannot be told");
                (Current::Unknown(session), false)
            }
        },
        Err(reason) => {
            tracing::debug!("nobody is signed in by this cookie: {reason}");
            // Until the database has told the time, ours may be wrong.
            let is_worthless = Rejected::for_good(reason) && app.revocations.is_loaded();
            match reason {
                Rejected::Expired => (Current::Expired, is_worthless),
                _ => (Current::Nobody, is_worthless),
            }
        }
    }
}

/// What a person's visit to a page does to the cookie: a worthless one is
/// removed, an ageing one issued again. Decided as late as can be, when the
/// answer is ready, because a sign-in may have been faster.
async fn change(
    app: &Vestibule,
    cookie: Cookie,
    arrived: Instant,
    is_signing_in: bool,
) -> Option<HeaderValue> {
    if app.replaced.since(cookie.digest, arrived) {
        return None;
    }
    match cookie.current {
        Current::SignedIn(session) if renewal::is_due(app, &session) => {
            renewal::renew(app, &session).await
        }
        _ if cookie.is_worthless && !is_signing_in && arrived.elapsed() < REMOVE_WITHIN => {
            Some(app.cookies.remove(app.cookies.session))
        }
        _ => None,
    }
}
