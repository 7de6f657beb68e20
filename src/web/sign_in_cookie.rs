//! The pre-sign-in cookie: actix-session's, fenced in.
//!
//! actix-session reads names leniently and leaves a cookie that it cannot read
//! where it is. So it gets to see its own cookie alone, found byte for byte,
//! and what it could not read is removed here.

use actix_session::config::{CookieContentSecurity, PersistentSession};
use actix_session::storage::CookieSessionStore;
use actix_session::{SessionExt as _, SessionMiddleware};
use actix_web::body::BoxBody;
use actix_web::cookie::{Key, SameSite, time};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _};

use super::cookies::{self, Found};
use super::flash;
use super::state::Vestibule;
use crate::sign_in::PENDING_FOR;

/// Encrypted, so that PKCE's verifier stays secret; gone when the last pending
/// sign-in is too old.
pub fn middleware(app: &Vestibule) -> SessionMiddleware<CookieSessionStore> {
    let key = Key::from(app.ring.active_pre_sign_in().bytes());
    let lifetime = time::Duration::seconds(PENDING_FOR.num_seconds());
    SessionMiddleware::builder(CookieSessionStore::default(), key)
        .cookie_name(app.cookies.sign_in.to_owned())
        .cookie_secure(app.cookies.secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Private)
        .session_lifecycle(PersistentSession::default().session_ttl(lifetime))
        .build()
}

/// The Cookie lines as they came, for the page that explains the session.
pub struct AllCookies(pub Vec<HeaderValue>);

/// Around [`middleware`].
pub async fn fence(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<Data<Vestibule>>().cloned() else {
        return next.call(request).await;
    };
    let name = app.cookies.sign_in;
    let all = request.headers().get_all(COOKIE).cloned().collect();
    let came = show_only(request.headers_mut(), name);
    request.extensions_mut().insert(AllCookies(all));
    let mut response = next.call(request).await?;

    let read = response.request().extensions().get::<WasRead>().is_some();
    let headers = response.headers_mut();
    let mut ours = headers
        .get_all(SET_COOKIE)
        .filter(|value| cookies::sets(value, name));
    if came && !read && ours.next().is_none() {
        headers.append(SET_COOKIE, app.cookies.remove(name));
    }
    Ok(response)
}

/// In the request's extensions when actix-session could read its cookie.
struct WasRead;

/// In the request's extensions when the browser has sign-ins under way.
pub struct SignInUnderWay;

/// Inside of [`middleware`], which empties its state once it has answered. An
/// empty cookie is never written, so what is empty now was not read.
pub async fn note(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.get_session().entries().is_empty() {
        request.extensions_mut().insert(WasRead);
    }
    if flash::is_signing_in(&request.get_session()) {
        request.extensions_mut().insert(SignInUnderWay);
    }
    next.call(request).await
}

/// Leaves the cookie called `name`, if it is there once, and no other. Says
/// whether any came under this name.
fn show_only(headers: &mut HeaderMap, name: &str) -> bool {
    let (came, kept) = match cookies::find(headers, name) {
        Found::None => (false, None),
        Found::Several => (true, None),
        Found::One(value) => {
            let line = [name.as_bytes(), b"=", value].concat();
            (true, HeaderValue::from_bytes(&line).ok())
        }
    };
    headers.remove(COOKIE);
    if let Some(line) = kept {
        headers.insert(COOKIE, line);
    }
    came
}
