//! Why somebody who was signed in is not any more.

use actix_session::Session as SignInSession;

use crate::models::OwnSession;
use crate::models::session::Session;
use crate::web::flash::{self, Flash, Over};
use crate::web::session::Current;
use crate::web::state::Vestibule;

/// Asks the database only about a session that was ended, which happens once
/// a browser: its cookie goes with the answer.
pub async fn why(app: &Vestibule, current: &Current) -> Option<Over> {
    match current {
        Current::Ended(session) => {
            let own = OwnSession::from(&**session);
            let reason = app.db.run(move |conn| Session::ended_reason(conn, own));
            Some(Over::Ended(reason.await.ok().flatten()))
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
