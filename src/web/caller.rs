//! Who is asking. The session middleware has done the work; these only look.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};

use super::error::PageError;
use super::session::Current;
use crate::crypto::session_token::VerifiedSession;
use crate::error::Error;
use crate::models::Scope;

/// Somebody who is signed in. A stranger gets 401 before anything else of the
/// request is looked at: make it a handler's first parameter.
pub struct SignedIn(Arc<VerifiedSession>);

/// Anybody: signed in or not.
pub struct MaybeSignedIn(pub Option<SignedIn>);

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
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(look(request).ok_or(PageError(Error::Unauthenticated)))
    }
}

impl FromRequest for MaybeSignedIn {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(look(request))))
    }
}

fn look(request: &HttpRequest) -> Option<SignedIn> {
    let extensions = request.extensions();
    let Current(session) = extensions.get::<Current>()?;
    session.clone().map(SignedIn)
}
