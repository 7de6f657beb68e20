//! The session cookie, issued: at sign-in, and again as it ages.

use std::time::Duration;

use actix_web::http::header::HeaderValue;
use chrono::{DateTime, TimeDelta};

use super::session::ANSWERS_WITHIN;
use super::state::Vestibule;
use crate::crypto::session_token::{SessionDraft, SessionUser, VerifiedSession};
use crate::error::Error as DomainError;
use crate::models::OwnSession;
use crate::models::session::Session;
use crate::models::user::User;
use crate::provider::Provider;
use crate::revocations::Standing;

/// A tenth of the idle time may pass before a visit moves it.
const AFTER_FRACTION: u32 = 10;

/// How old a cookie has to be for a visit to renew it.
pub fn after(idle: Duration) -> Duration {
    idle / AFTER_FRACTION
}

pub fn is_due(app: &Vestibule, session: &VerifiedSession) -> bool {
    let issued = DateTime::from_timestamp(session.claims().iat, 0);
    let tenth = after(app.config.session.idle);
    issued.is_some_and(|issued| {
        app.clock.now() - issued >= TimeDelta::from_std(tenth).unwrap_or_default()
    })
}

/// Issues the cookie again, if the session still has its row. No database, no
/// new cookie: the old one is good until it expires.
pub async fn renew(app: &Vestibule, session: &VerifiedSession) -> Option<HeaderValue> {
    if !app.revocations.heard_within(ANSWERS_WITHIN) {
        return None;
    }
    let (own, idle) = (OwnSession::from(session), app.config.session.idle);
    let renewed = app
        .db
        .run(move |conn| Session::renew(conn, own, idle))
        .await;
    match renewed {
        // Ended here between the two: the row was read just before.
        Ok(_) if app.revocations.standing(session.claims().sid) == Standing::Revoked => None,
        Ok((row, user)) => issue(app, &row, &user, session.claims().auth_provider).ok(),
        Err(DomainError::NotFound) => {
            app.endings.refuse_for_long(own.session_id());
            None
        }
        Err(error) => {
            tracing::warn!("the cookie was not issued again: {error}");
            None
        }
    }
}

/// A Set-Cookie value for a session that has just been written, by the
/// database's clock. It expires after the idle time, or with the session if
/// that is earlier.
pub fn issue(
    app: &Vestibule,
    session: &Session,
    user: &User,
    provider: Provider,
) -> anyhow::Result<HeaderValue> {
    // Where time stands still, after the database's clock was set back, a cookie
    // that is counted from the row would be over before it is read.
    let now = session.last_seen_at.max(app.clock.now());
    let idle_end = now + TimeDelta::from_std(app.config.session.idle)?;
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
