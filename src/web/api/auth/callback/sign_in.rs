//! Back from the provider to sign in: a session, and its cookie.

use actix_web::HttpResponse;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::Data;

use super::{Answered, Failure, see_other};
use crate::models::OwnSession;
use crate::models::account::NewAccount;
use crate::models::user::Profile;
use crate::sign_in::{Completion, Refusal, SignInStory, Written};
use crate::web::renewal::issue;
use crate::web::state::{Offer, Vestibule};

/// One transaction, then the cookie.
pub async fn finish(
    app: &Data<Vestibule>,
    offer: &Offer<'_>,
    previous: Option<OwnSession>,
    answered: Answered,
) -> Result<HttpResponse, Failure> {
    let pending = answered.pending.clone();
    let completion = completion(app, offer, previous, answered);
    let ring = app.ring.current();
    let written = app
        .db
        .run(move |conn| completion.write(conn, &ring))
        .await?;
    let completed = match written {
        Written::SignedIn(completed) => completed,
        Written::Left(unwanted) => {
            app.withdrawals.soon(unwanted);
            return Err(Failure::Refused(Refusal::Left, Some(pending)));
        }
    };
    app.endings.refuse(&completed.ended);
    app.withdrawals.soon(completed.unwanted.clone());
    let (user, session) = (&completed.user, &completed.session);
    tracing::info!(user = %user.id, session = %session.id, provider = %pending.provider, "signed in");

    let cookie = issue(app, session, user, pending.provider).map_err(crate::error::Error::from)?;
    let mut answer = see_other(pending.next.as_str());
    let headers = answer.headers_mut();
    headers.append(SET_COOKIE, cookie);
    let provider = app.cookies.set_last_provider(pending.provider);
    headers.append(SET_COOKIE, provider);
    Ok(answer)
}

fn completion(
    app: &Vestibule,
    offer: &Offer<'_>,
    previous: Option<OwnSession>,
    answered: Answered,
) -> Completion {
    let story = SignInStory {
        config: offer.config,
        redirect_uri: &offer.redirect_uri,
        pending: &answered.pending,
        issuer: answered.issuer.as_deref(),
        called_back_at: answered.called_back_at,
        finished_at: app.clock.now(),
        cookie: &format!("{}; {}", app.cookies.session, app.cookies.attributes()),
    };
    let started = answered.pending.started_at();
    Completion {
        trace: story.steps(),
        account: NewAccount::of(&answered.identity, answered.tokens),
        profile: Profile::from(answered.identity),
        visitor: answered.visitor,
        limits: app.config.session,
        previous,
        started: started.unwrap_or(answered.called_back_at),
    }
}
