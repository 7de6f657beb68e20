//! Who is asking. The middlewares have done the work; these only look, and
//! refuse.
//!
//! What a route needs is part of its handler's signature: [`Caller`] with a
//! [`Need`], or [`SignedIn`]. A handler without either knows nobody, and has no
//! [`Scope`] to touch rows with.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{Error as ActixError, FromRequest, HttpMessage as _, HttpRequest};

use super::bearer::Bearer;
use super::extractors;
use super::session::Current;
use crate::crypto::session_token::VerifiedSession;
use crate::error::{Dependency, Error, Problem};
use crate::models::api_token::VerifiedToken;
use crate::models::{OwnSession, Scope, TokenScope};

/// Somebody who is signed in with a session. A stranger gets 401 before
/// anything else of the request is looked at: make it a handler's first
/// parameter.
pub struct SignedIn(Arc<VerifiedSession>);

/// Anybody: signed in or not. Nobody, while that cannot be told for certain:
/// public pages go on.
pub struct MaybeSignedIn(pub Option<SignedIn>);

/// Signed in or not, for certain: 503 while that cannot be told.
pub struct Known(pub Option<SignedIn>);

/// Whoever holds a good cookie, also when its session may have been ended
/// elsewhere: enough to end it, and for nothing else.
pub struct Holder(pub Option<OwnSession>);

/// Somebody who may use a route of the API, by API token or by session. The
/// first parameter of its handler.
pub struct Caller<N: Need> {
    who: Who,
    need: PhantomData<N>,
}

/// As [`Caller`], but a stranger is let in as nobody.
pub struct MaybeCaller<N: Need>(pub Option<Caller<N>>);

/// Who it is, and what they came with.
pub enum Who {
    Session(SignedIn),
    Token(Arc<VerifiedToken>),
}

/// What a route needs of its caller (specification §8).
pub trait Need: 'static {
    /// Whether a session will do.
    const SESSION: bool;
    /// What an API token must have; `None`: no token will do.
    const TOKEN: Option<TokenScope>;
}

/// A session, or a token that may read.
pub struct Read;
/// A session, or a token that may write.
pub struct Write;
/// A session: no token can do this.
pub struct SessionAlone;
/// A token that may be handed provider tokens: no session can.
pub struct AccountsTokenAlone;

impl Need for Read {
    const SESSION: bool = true;
    const TOKEN: Option<TokenScope> = Some(TokenScope::Read);
}

impl Need for Write {
    const SESSION: bool = true;
    const TOKEN: Option<TokenScope> = Some(TokenScope::Write);
}

impl Need for SessionAlone {
    const SESSION: bool = true;
    const TOKEN: Option<TokenScope> = None;
}

impl Need for AccountsTokenAlone {
    const SESSION: bool = false;
    const TOKEN: Option<TokenScope> = Some(TokenScope::AccountsToken);
}

impl SignedIn {
    pub fn session(&self) -> &VerifiedSession {
        &self.0
    }

    /// Whose rows may be touched.
    pub fn scope(&self) -> Scope {
        Scope::from(&*self.0)
    }

    /// The session itself, to be renewed or ended.
    pub fn own(&self) -> OwnSession {
        OwnSession::from(&*self.0)
    }
}

impl<N: Need> Caller<N> {
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// Whose rows may be touched.
    pub fn scope(&self) -> Scope {
        match &self.who {
            Who::Session(me) => me.scope(),
            Who::Token(token) => Scope::from(&**token),
        }
    }

    /// The session, if the caller came with one.
    pub fn own(&self) -> Option<OwnSession> {
        match &self.who {
            Who::Session(me) => Some(me.own()),
            Who::Token(_) => None,
        }
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
            Current::SignedIn(session) | Current::Unknown(session) => {
                Some(OwnSession::from(&*session))
            }
            Current::Nobody | Current::Ended(_) | Current::Expired => None,
        })))
    }
}

impl<N: Need> FromRequest for Caller<N> {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let who = allowed::<N>(request).and_then(|who| who.ok_or(Error::Unauthenticated));
        ready(
            who.map(|who| Self {
                who,
                need: PhantomData,
            })
            .map_err(|error| extractors::answer(request, error)),
        )
    }
}

impl<N: Need> FromRequest for MaybeCaller<N> {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = |who| Caller {
            who,
            need: PhantomData,
        };
        ready(
            allowed::<N>(request)
                .map(|who| Self(who.map(caller)))
                .map_err(|error| extractors::answer(request, error)),
        )
    }
}

/// What the session middleware found.
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

/// The gate: a Bearer header decides alone, also when it is bad and a good
/// cookie lies beside it. Without one the session speaks; without either it is
/// nobody.
fn allowed<N: Need>(request: &HttpRequest) -> Result<Option<Who>, Error> {
    let bearer = request.extensions().get().cloned();
    match bearer.unwrap_or(Bearer::Absent) {
        Bearer::Good(token) => match N::TOKEN {
            Some(needed) if token.scopes().contains(needed) => Ok(Some(Who::Token(token))),
            Some(needed) => Err(Error::InsufficientScope(needed.as_str())),
            None => Err(Error::Forbidden(SESSION_REQUIRED)),
        },
        Bearer::Malformed => Err(Error::Invalid(INVALID_AUTHORIZATION)),
        Bearer::Refused => Err(Error::InvalidToken),
        Bearer::TooMany(wait) => Err(Error::TooMany(TOO_MANY_REFUSED_TOKENS, wait)),
        Bearer::Unknown => Err(Error::Unavailable(Dependency::Database)),
        Bearer::Absent => match known(request)? {
            Some(_) if !N::SESSION => Err(Error::Forbidden(TOKEN_REQUIRED)),
            who => Ok(who.map(Who::Session)),
        },
    }
}

const SESSION_REQUIRED: Problem = Problem {
    code: "session_required",
    message: "An API token cannot do this. It takes somebody who is signed in.",
};
const TOKEN_REQUIRED: Problem = Problem {
    code: "token_required",
    message: "A session cannot do this. It takes an API token with the scope accounts:token.",
};
const INVALID_AUTHORIZATION: Problem = Problem {
    code: "invalid_request",
    message: "The Authorization header cannot be read. Send one, as: Authorization: Bearer TOKEN",
};
const TOO_MANY_REFUSED_TOKENS: Problem = Problem {
    code: "too_many_refused_tokens",
    message: "Too many tokens from this address were refused. Please wait before the next.",
};
