//! The pre-sign-in cookie: actix-session's, fenced in.
//!
//! actix-session reads names leniently and leaves a cookie that it cannot read
//! where it is. So it gets to see its own cookie alone, found byte for byte,
//! and what it could not read is removed here.

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;

use actix_session::config::{CookieContentSecurity, PersistentSession};
use actix_session::storage::CookieSessionStore;
use actix_session::{SessionExt as _, SessionMiddleware};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Key, SameSite, time};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _};
use futures_util::future::LocalBoxFuture;

use super::cookies::{self, Found};
use super::flash;
use super::state::Vestibule;
use crate::crypto::keys::PreSignInKey;
use crate::sign_in::PENDING_FOR;

/// Encrypted, so that PKCE's verifier stays secret; gone when the last pending
/// sign-in is too old.
fn with_key(app: &Vestibule, key: &PreSignInKey) -> SessionMiddleware<CookieSessionStore> {
    let key = Key::from(key.bytes());
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

/// actix-session, under the key of the ring that is active now. What is under
/// way in a browser while that changes has to be started again.
pub struct SignInSession(pub Data<Vestibule>);

/// actix-session's middleware around `S`.
type Keyed<S> =
    <SessionMiddleware<CookieSessionStore> as Transform<Rc<S>, ServiceRequest>>::Transform;

pub struct FollowsRing<S>
where
    SessionMiddleware<CookieSessionStore>: Transform<Rc<S>, ServiceRequest>,
{
    app: Data<Vestibule>,
    service: Rc<S>,
    /// The key's id, and what was made with it.
    made: RefCell<Option<(String, Rc<Keyed<S>>)>>,
}

impl<S, B> Transform<S, ServiceRequest> for SignInSession
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type InitError = ();
    type Transform = FollowsRing<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(FollowsRing {
            app: self.0.clone(),
            service: Rc::new(service),
            made: RefCell::default(),
        }))
    }
}

impl<S, B> Service<ServiceRequest> for FollowsRing<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<ServiceResponse<B>, Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let ring = self.app.ring.current();
        let key = ring.active_pre_sign_in();
        let mut made = self.made.borrow_mut();
        if let Some((kid, keyed)) = &*made
            && kid == key.kid()
        {
            return keyed.call(request);
        }
        let keyed = with_key(&self.app, key).new_transform(Rc::clone(&self.service));
        let Ok(keyed) = keyed.into_inner().map(Rc::new) else {
            return Box::pin(ready(Err(ErrorInternalServerError("no session"))));
        };
        *made = Some((key.kid().to_owned(), Rc::clone(&keyed)));
        keyed.call(request)
    }
}

/// The Cookie lines as they came, for pages that look at others than
/// actix-session's.
pub struct AllCookies(pub HeaderMap);

/// Around [`SignInSession`].
pub async fn fence(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<Data<Vestibule>>().cloned() else {
        return next.call(request).await;
    };
    let name = app.cookies.sign_in;
    let mut all = HeaderMap::new();
    for line in request.headers().get_all(COOKIE) {
        all.append(COOKIE, line.clone());
    }
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

/// In the request's extensions when it could not: sealed under a key that is
/// not active any more, or broken.
pub struct Unreadable;

/// In the request's extensions when the browser has sign-ins under way.
pub struct SignInUnderWay;

/// Inside of [`SignInSession`], which empties its state once it has answered. An
/// empty cookie is never written, so what is empty now was not read.
pub async fn note(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.get_session().entries().is_empty() {
        request.extensions_mut().insert(WasRead);
    } else if request.headers().contains_key(COOKIE) {
        request.extensions_mut().insert(Unreadable);
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
