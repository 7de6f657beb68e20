//! `GET /api/auth/callback/{provider}`: back from the provider.
//!
//! ```text
//! read the parameters          malformed?            refused
//! take the pending sign-in     not this browser's?   refused
//! use up the state             used before?          refused
//! exchange, ask who            declined, failed?     refused
//! write it all                 or nothing
//! ```
//!
//! Only then is there a cookie; or, for somebody who is signed in and connects
//! an account, none.

mod connect;
mod sign_in;

use std::time::Instant;

use actix_session::Session;
use actix_web::http::header::REFERRER_POLICY;
use actix_web::web::{Data, Path};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::see_other;
use crate::error::{Error, Problem};
use crate::models::audit_event::{Kind, NewEvent};
use crate::models::{OwnSession, Visitor, account, provider_revocation, sign_in_state};
use crate::oauth::{Http, Identity, OAuthError, ProviderTokens};
use crate::provider::Provider;
use crate::secret::Secret;
use crate::sign_in::{CallbackQuery, PENDING_FOR, PendingSignIn, Refusal};
use crate::web::caller::Holder;
use crate::web::error::respond;
use crate::web::pages::failure;
use crate::web::sign_in_cookie::Unreadable;
use crate::web::state::{Offer, Vestibule};
use crate::web::{flash, visitor};

/// Over the exchange and the profile together: nobody waits longer.
const PROVIDER_DEADLINE: std::time::Duration = std::time::Duration::from_secs(9);

const TOO_MANY: Problem = Problem {
    code: "too_many_callbacks",
    message: "Too many sign-ins came back to your address. Please wait a moment, then start again.",
};

/// Why there is no session: a refusal has its own page.
enum Failure {
    Refused(Refusal, Option<PendingSignIn>),
    Broken(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

pub async fn callback(
    Holder(me): Holder,
    app: Data<Vestibule>,
    http: Data<Http>,
    request: HttpRequest,
    provider: Path<String>,
    session: Session,
) -> HttpResponse {
    let mut answer = match finish(me, &app, &http, &request, &provider, &session).await {
        Ok(answer) => answer,
        // Late or repeated, by somebody who is in already: no harm was meant.
        Err(Failure::Refused(Refusal::UnknownState | Refusal::Expired | Refusal::Used, _))
            if me.is_some() =>
        {
            see_other("/")
        }
        Err(Failure::Refused(refusal, pending)) => failure::page(&refusal, pending.as_ref()),
        Err(Failure::Broken(error)) => respond(request.head(), error),
    };
    flash::purge_if_empty(&session);
    // The address holds a code: it goes nowhere from here.
    let headers = answer.headers_mut();
    headers.insert(
        REFERRER_POLICY,
        actix_web::http::header::HeaderValue::from_static("no-referrer"),
    );
    answer
}

async fn finish(
    previous: Option<OwnSession>,
    app: &Data<Vestibule>,
    http: &Http,
    request: &HttpRequest,
    provider: &str,
    session: &Session,
) -> Result<HttpResponse, Failure> {
    let provider: Provider = provider.parse().map_err(|_| Error::NotFound)?;
    let offer = app.offer(provider).ok_or(Error::NotFound)?;
    // Pictures on other sites' pages come here without a sign-in: they are
    // refused below, and take nobody's turn.
    if visitor::may_be_navigation(request.head()) {
        let address = visitor::client_address(app, request);
        app.limits
            .callback
            .count(address)
            .map_err(|wait| Error::TooMany(TOO_MANY, wait))?;
    }
    let called_back_at = app.clock.now();
    let refused = |refusal| Failure::Refused(refusal, None);
    let query = CallbackQuery::parse(request.query_string()).map_err(refused)?;
    let unreadable = request.extensions().contains::<Unreadable>();
    let pending = take(session, &query.state, provider, called_back_at).map_err(|refusal| {
        refused(match refusal {
            Refusal::UnknownState if unreadable => Refusal::Unreadable,
            refusal => refusal,
        })
    })?;
    use_up(app, &pending).await?;
    let owner = match owner(&pending, previous) {
        Ok(owner) => owner,
        Err(refusal) => return Err(Failure::Refused(refusal, Some(pending))),
    };

    let issuer = query.issuer().map(str::to_owned);
    let visitor = visitor::visitor(app, request);
    let answered = match query.code_from(offer.config) {
        Ok(code) => ask_provider(&offer, http, code, pending.verifier.clone()).await,
        Err(refusal) => Err((refusal, None)),
    };
    let (identity, tokens) = match answered {
        Ok(answered) => answered,
        Err((refusal, tokens)) => {
            if let Some(tokens) = tokens {
                give_back(app, provider, &tokens).await;
            }
            note_failure(app, &pending, owner, &refusal, visitor).await;
            return Err(Failure::Refused(refusal, Some(pending)));
        }
    };
    let answered = Answered {
        identity,
        tokens,
        visitor,
        pending,
        issuer,
        called_back_at,
    };
    match owner {
        Some(own) => connect::finish(app, session, own, answered).await,
        None => sign_in::finish(app, &offer, previous, answered).await,
    }
}

/// Everything that is known once the provider has answered.
struct Answered {
    identity: Identity,
    tokens: ProviderTokens,
    visitor: Visitor,
    pending: PendingSignIn,
    issuer: Option<String>,
    called_back_at: DateTime<Utc>,
}

/// Whose account is to be connected, if one is: whoever asked has to be there
/// still, with the same session.
fn owner(pending: &PendingSignIn, me: Option<OwnSession>) -> Result<Option<OwnSession>, Refusal> {
    match pending.connect {
        None => Ok(None),
        Some(asked) => me
            .filter(|me| me.session_id() == asked)
            .map(Some)
            .ok_or(Refusal::SessionOver),
    }
}

/// The sign-in that this state belongs to, taken out of the browser's cookie.
fn take(
    session: &Session,
    state: &str,
    provider: Provider,
    now: DateTime<Utc>,
) -> Result<PendingSignIn, Refusal> {
    let mut all = flash::pending(session);
    let taken = all.take(state, provider, now);
    if !matches!(taken, Err(Refusal::UnknownState)) && flash::set_pending(session, &all).is_err() {
        tracing::warn!("a sign-in stays in the browser; it was used up all the same");
    }
    taken
}

/// Before the code is exchanged: of any number of callers one goes on.
async fn use_up(app: &Vestibule, pending: &PendingSignIn) -> Result<(), Failure> {
    let hash = Sha256::digest(pending.state.expose()).into();
    // Once it is older than this, its own age refuses it.
    let keep = PENDING_FOR.to_std().unwrap_or_default() * 2;
    let first = app
        .db
        .run(move |conn| sign_in_state::consume(conn, &hash, keep))
        .await?;
    if first {
        Ok(())
    } else {
        Err(Failure::Refused(Refusal::Used, None))
    }
}

/// Should it fail after the exchange, the tokens come along: nobody wants them.
async fn ask_provider(
    offer: &Offer<'_>,
    http: &Http,
    code: Secret,
    verifier: Secret,
) -> Result<(Identity, ProviderTokens), (Refusal, Option<ProviderTokens>)> {
    let (client, began) = (offer.client(http), Instant::now());
    let exchanged = tokio::time::timeout(PROVIDER_DEADLINE, client.exchange(code, verifier));
    let tokens = exchanged.await.unwrap_or(Err(OAuthError::TimedOut));
    let tokens = tokens.map_err(|error| (error.into(), None))?;
    let left = PROVIDER_DEADLINE.saturating_sub(began.elapsed());
    let identity = tokio::time::timeout(left, client.identity(&tokens)).await;
    match identity.unwrap_or(Err(OAuthError::TimedOut)) {
        Ok(identity) => Ok((identity, tokens)),
        Err(error) => Err((error.into(), Some(tokens))),
    }
}

/// Best effort: whose they are is not known.
async fn give_back(app: &Vestibule, provider: Provider, tokens: &ProviderTokens) {
    let (access, refresh) = (tokens.access_token.clone(), tokens.refresh_token.clone());
    let ring = app.ring.current();
    let queued = app.db.run(move |conn| {
        let pair = (Some(&access), refresh.as_ref());
        let unwanted = account::unwanted(provider, pair, Default::default());
        provider_revocation::queue(conn, &ring, None, provider, &unwanted)
    });
    match queued.await {
        Ok(unwanted) => app.withdrawals.soon(unwanted),
        Err(error) => tracing::warn!("what was granted for nothing is not given back: {error}"),
    }
}

/// Best effort: the page does not depend on it.
async fn note_failure(
    app: &Vestibule,
    pending: &PendingSignIn,
    owner: Option<OwnSession>,
    refusal: &Refusal,
    visitor: Visitor,
) {
    let provider = pending.provider;
    tracing::warn!(%provider, "sign-in failed: {refusal}");
    let mut details = json!({ "provider": provider, "reason": refusal.code() });
    if owner.is_some() {
        details["connecting"] = json!(true);
    }
    let noted = app.db.run(move |conn| {
        NewEvent {
            kind: Kind::SignInFailed,
            user_id: owner.map(OwnSession::user_id),
            session_id: owner.map(OwnSession::session_id),
            visitor: Some(&visitor),
            details,
        }
        .write(conn)
    });
    if let Err(error) = noted.await {
        tracing::warn!("the failed sign-in was not noted: {error}");
    }
}
