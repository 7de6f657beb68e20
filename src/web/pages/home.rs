//! `/`: what this is, or who you are.

use actix_session::Session as SignInSession;
use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;

use super::sign_out::SignOutStory;
use super::{Viewer, show as show_page};
use crate::web::caller::MaybeSignedIn;
use crate::web::flash::{self, Flash};
use crate::web::state::Vestibule;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    viewer: Viewer,
    provider: Option<&'static str>,
    /// After a sign-out: what it did.
    signed_out: Option<SignOutStory>,
}

pub async fn show(
    MaybeSignedIn(me): MaybeSignedIn,
    app: Data<Vestibule>,
    session: SignInSession,
) -> HttpResponse {
    let signed_out = flash::take_flash(&session)
        .map(|Flash::SignedOut(facts)| SignOutStory::new(&facts, &app.cookies));
    show_page(&Home {
        viewer: Viewer::of(me.as_ref()),
        provider: me
            .as_ref()
            .map(|me| me.session().claims().auth_provider.label()),
        signed_out,
    })
}
