//! Why somebody who was signed in is not any more.

use std::time::Duration;

use actix_session::Session as SignInSession;

use crate::models::OwnSession;
use crate::models::session::Session;
use crate::web::flash::{self, Flash, Over};
use crate::web::session::{ANSWERS_WITHIN, Current};
use crate::web::state::Vestibule;

/// The page is worth more than the reason.
const TOLD_WITHIN: Duration = Duration::from_millis(200);

/// Asks the database only about a session that was ended, and only if it
/// answers at once.
pub async fn why(app: &Vestibule, current: &Current) -> Option<Over> {
    match current {
        Current::Ended(session) => {
            let own = OwnSession::from(&**session);
            if !app.revocations.heard_within(ANSWERS_WITHIN) {
                return Some(Over::Ended(None));
            }
            let reason = app.db.run(move |conn| Session::ended_reason(conn, own));
            let reason = tokio::time::timeout(TOLD_WITHIN, reason).await;
            Some(Over::Ended(reason.ok().and_then(Result::ok).flatten()))
        }
        Current::Expired => Some(Over::Expired),
        Current::Unknown(_) => Some(Over::Unknown),
        Current::Nobody | Current::SignedIn(_) => None,
    }
}

/// The cookie goes with this answer, so the sign-in page has to be told.
pub async fn tell_next_page(app: &Vestibule, current: &Current, session: &SignInSession) {
    if let Some(over) = why(app, current).await
        && flash::set_flash(session, &Flash::SessionOver(over)).is_err()
    {
        tracing::warn!("the sign-in page cannot say why");
    }
}
