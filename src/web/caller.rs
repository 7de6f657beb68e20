//! Who is asking. The session middleware has done the work; these only look.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{Error as ActixError, FromRequest, HttpMessage as _, HttpRequest};

use super::extractors;
use super::session::Current;
use crate::crypto::session_token::VerifiedSession;
use crate::error::{Dependency, Error};
use crate::models::Scope;

/// Somebody who is signed in. A stranger gets 401 before anything else of the
/// request is looked at: make it a handler's first parameter.
pub struct SignedIn(Arc<VerifiedSession>);

/// Anybody: signed in or not. Nobody, while that cannot be told for certain:
/// public pages go on.
pub struct MaybeSignedIn(pub Option<SignedIn>);

/// Signed in or not, for certain: 503 while that cannot be told.
pub struct Known(pub Option<SignedIn>);

/// Whoever holds a good cookie, also when its session may have been ended
/// elsewhere: enough to end it, and for nothing else.
pub struct Holder(pub Option<Scope>);

impl SignedIn {
    pub fn session(&self) -> &VerifiedSession {
        &self.0
    }

    /// Whose rows may be touched.
    pub fn scope(&self) -> Scope {
        Scope::from(&*self.0)
    }
}

impl FromRequest for SignedIn {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let who = known(request).and_then(|who| who.ok_or(Error::Unauthenticated));
        ready(who.map_err(|error| extractors::answer(request, error)))
    }
}

impl FromRequest for Known {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let who = known(request).map(Self);
        ready(who.map_err(|error| extractors::answer(request, error)))
    }
}

impl FromRequest for MaybeSignedIn {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(known(request).ok().flatten())))
    }
}

impl FromRequest for Holder {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(match current(request) {
            Current::SignedIn(session) | Current::Unknown(session) => Some(Scope::from(&*session)),
            Current::Nobody | Current::Ended(_) | Current::Expired => None,
        })))
    }
}

/// What the middleware found.
pub fn current(request: &HttpRequest) -> Current {
    let extensions = request.extensions();
    extensions.get().cloned().unwrap_or(Current::Nobody)
}

fn known(request: &HttpRequest) -> Result<Option<SignedIn>, Error> {
    match current(request) {
        Current::SignedIn(session) => Ok(Some(SignedIn(session))),
        Current::Unknown(_) => Err(Error::Unavailable(Dependency::Database)),
        Current::Nobody | Current::Ended(_) | Current::Expired => Ok(None),
    }
}
