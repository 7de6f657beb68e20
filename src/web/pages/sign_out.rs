//! `/signout`: asks before anything happens. And afterwards, on the start
//! page: what happened.

use actix_web::HttpResponse;
use askama::Template;

use super::{Moment, Viewer, show as show_page};
use crate::web::api::auth::see_other;
use crate::web::caller::MaybeSignedIn;
use crate::web::cookies::Cookies;
use crate::web::flash::SignedOut;

#[derive(Template)]
#[template(path = "signout.html")]
struct SignOut {
    viewer: Viewer,
    provider: &'static str,
}

pub async fn show(MaybeSignedIn(me): MaybeSignedIn) -> HttpResponse {
    let Some(me) = me else {
        return see_other("/");
    };
    show_page(&SignOut {
        provider: me.session().claims().auth_provider.label(),
        viewer: Viewer::of(Some(&me)),
    })
}

/// What a sign-out did, step by step.
pub struct SignOutStory {
    pub at: Moment,
    pub session: String,
    pub recorded: bool,
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
            removed_by: removed_by.to_str().unwrap_or_default().to_owned(),
        }
    }
}
