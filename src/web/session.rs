//! The middleware that reads the session cookie, once per request.
//!
//! Whatever is wrong with the cookie, nobody is signed in: never an error.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _};
use chrono::{DateTime, Utc};

use super::cookies::{self, Found};
use super::state::Vestibule;
use super::visitor;
use crate::crypto::session_token::{Rejected, SessionDraft, SessionUser, VerifiedSession};
use crate::error::Error as DomainError;
use crate::models::Scope;
use crate::models::ids::SessionId;
use crate::models::session::Session;
use crate::models::user::User;
use crate::provider::Provider;

/// Who this request comes from, in the request's extensions.
#[derive(Clone)]
pub struct Current(pub Option<Arc<VerifiedSession>>);

/// What a cookie turned out to be.
enum Cookie {
    Absent,
    SignedIn(Arc<VerifiedSession>),
    /// Nobody, but another process may read it: the browser keeps it.
    Unreadable,
    /// Nobody, for good: the browser can forget it.
    Worthless,
}

/// A tenth of the idle time may pass before a visit moves it.
const REISSUE_AFTER_FRACTION: u32 = 10;

pub async fn load(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<Data<Vestibule>>().cloned() else {
        return next
            .call(request)
            .await
            .map(ServiceResponse::map_into_boxed_body);
    };
    let mut cookie = read(&app, request.headers());
    let mut change = None;
    if visitor::is_document_navigation(request.head()) && !request.path().starts_with("/api/") {
        (cookie, change) = visit(&app, cookie).await;
    }
    let current = match cookie {
        Cookie::SignedIn(session) => Some(session),
        _ => None,
    };
    request.extensions_mut().insert(Current(current));

    let response = next.call(request).await?;
    let mut response = response.map_into_boxed_body();
    if let Some(change) = change {
        set_unless_set(response.headers_mut(), app.cookies.session, change);
    }
    Ok(response)
}

fn read(app: &Vestibule, headers: &HeaderMap) -> Cookie {
    let token = match cookies::find(headers, app.cookies.session) {
        Found::None => return Cookie::Absent,
        Found::One(token) => token,
        Found::Several => {
            tracing::debug!("two session cookies: nobody is signed in");
            return Cookie::Unreadable;
        }
    };
    match app.tokens.decode(token, Utc::now()) {
        Ok(session) if app.revocations.contains(session.claims().sid) => {
            tracing::debug!("the session was ended: nobody is signed in");
            Cookie::Worthless
        }
        Ok(session) => Cookie::SignedIn(session),
        Err(reason) => {
            tracing::debug!("nobody is signed in by this cookie: {reason}");
            if Rejected::for_good(reason) {
                Cookie::Worthless
            } else {
                Cookie::Unreadable
            }
        }
    }
}

/// A person opens a page: worthless cookies are removed, ageing ones issued
/// again.
async fn visit(app: &Vestibule, cookie: Cookie) -> (Cookie, Option<HeaderValue>) {
    match cookie {
        Cookie::Worthless => (cookie, Some(app.cookies.remove(app.cookies.session))),
        Cookie::SignedIn(session) if is_ageing(app, &session) => renew(app, session).await,
        cookie => (cookie, None),
    }
}

fn is_ageing(app: &Vestibule, session: &VerifiedSession) -> bool {
    let issued = DateTime::from_timestamp(session.claims().iat, 0);
    let tenth = app.config.session.idle / REISSUE_AFTER_FRACTION;
    issued.is_some_and(|issued| {
        Utc::now() - issued >= chrono::TimeDelta::from_std(tenth).unwrap_or_default()
    })
}

/// Issues the cookie again, if the session still has its row. No database, no
/// new cookie: the old one is good until it expires.
async fn renew(app: &Vestibule, session: Arc<VerifiedSession>) -> (Cookie, Option<HeaderValue>) {
    let (scope, idle) = (Scope::from(&*session), app.config.session.idle);
    match app
        .db
        .run(move |conn| Session::renew(conn, scope, idle))
        .await
    {
        Ok((row, user)) => {
            let header = issue(app, &row, &user, session.claims().auth_provider);
            (Cookie::SignedIn(session), header.ok())
        }
        Err(DomainError::NotFound) => {
            app.revocations
                .add(SessionId::from_uuid(session.claims().sid));
            (
                Cookie::Worthless,
                Some(app.cookies.remove(app.cookies.session)),
            )
        }
        Err(error) => {
            tracing::warn!("the cookie was not issued again: {error}");
            (Cookie::SignedIn(session), None)
        }
    }
}

/// A Set-Cookie value for a session as it is now. It expires after the idle
/// time, or with the session if that is earlier.
pub fn issue(
    app: &Vestibule,
    session: &Session,
    user: &User,
    provider: Provider,
) -> anyhow::Result<HeaderValue> {
    let now = Utc::now();
    let idle_end = now + chrono::TimeDelta::from_std(app.config.session.idle)?;
    let exp = idle_end.min(session.expires_at).timestamp();
    let token = app.tokens.mint(SessionDraft {
        sid: session.id.as_uuid(),
        iat: now.timestamp(),
        exp,
        created: session.created_at.timestamp_millis(),
        auth_provider: provider,
        user: SessionUser {
            id: user.id.as_uuid(),
            username: user.username.clone(),
            email: user.email.clone(),
            avatar: user.avatar_url.clone(),
            name: user.name.clone(),
        },
    })?;
    Ok(app
        .cookies
        .set_session(&token, (exp - now.timestamp()).max(0)))
}

/// What the handler decided about the cookie comes first.
fn set_unless_set(headers: &mut HeaderMap, name: &str, value: HeaderValue) {
    if !headers
        .get_all(SET_COOKIE)
        .any(|other| cookies::sets(other, name))
    {
        headers.append(SET_COOKIE, value);
    }
}
