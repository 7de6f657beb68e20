//! `/signout`: asks before anything happens. And afterwards, on the start
//! page: what happened.

use actix_session::Session;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{Moment, Viewer, over, show as show_page};
use crate::web::api::auth::see_other;
use crate::web::caller;
use crate::web::cookies::Cookies;
use crate::web::flash::SignedOut;
use crate::web::observe;
use crate::web::session::Current;
use crate::web::state::Vestibule;

#[derive(Template)]
#[template(path = "signout.html")]
struct SignOut {
    viewer: Viewer,
    provider: &'static str,
}

/// Also for somebody whose session may have been ended elsewhere: signing out
/// works in an outage too.
pub async fn show(app: Data<Vestibule>, request: HttpRequest, session: Session) -> HttpResponse {
    let current = caller::current(&request);
    let (Current::SignedIn(mine) | Current::Unknown(mine)) = &current else {
        over::tell_next_page(&app, &current, &session).await;
        return see_other("/");
    };
    show_page(&SignOut {
        provider: mine.claims().auth_provider.label(),
        viewer: Viewer {
            username: observe::username(),
        },
    })
}

/// What a sign-out did, step by step.
pub struct SignOutStory {
    pub at: Moment,
    pub session: String,
    pub recorded: bool,
    /// What became of the wish to disconnect, if there was one.
    pub given_back: Option<&'static str>,
    /// The Set-Cookie line that removed the cookie.
    pub removed_by: String,
}

impl SignOutStory {
    pub fn new(facts: &SignedOut, cookies: &Cookies) -> Self {
        let removed_by = cookies.remove(cookies.session);
        Self {
            at: Moment(facts.at),
            session: facts.session.to_string(),
            recorded: facts.recorded,
            given_back: facts.gave_back.map(|gave_back| {
                if gave_back {
                    "The tokens of your connected accounts were removed here, and GitHub and Vercel are told to revoke them."
                } else {
                    "Your connected accounts could not be disconnected right now: their tokens are still here. Sign in again to try once more."
                }
            }),
            removed_by: removed_by.to_str().unwrap_or_default().to_owned(),
        }
    }
}
