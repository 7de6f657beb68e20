//! `/`: what this is, or who you are.

use actix_session::Session as SignInSession;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::sign_out::SignOutStory;
use super::{Viewer, over, show as show_page};
use crate::web::caller::{self, MaybeSignedIn};
use crate::web::flash::{self, Flash, Over};
use crate::web::state::Vestibule;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    viewer: Viewer,
    provider: Option<&'static str>,
    /// After a sign-out: what it did.
    signed_out: Option<SignOutStory>,
    /// Why somebody who was signed in is not any more.
    over: Option<&'static str>,
    /// Their account was deleted just now.
    has_left: bool,
}

pub async fn show(
    MaybeSignedIn(me): MaybeSignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
) -> HttpResponse {
    let flash = flash::take_flash(&session);
    let has_left = matches!(flash, Some(Flash::Left));
    let (signed_out, over) = match flash {
        Some(Flash::SignedOut(facts)) => (Some(SignOutStory::new(&facts, &app.cookies)), None),
        Some(Flash::SessionOver(over)) => (None, Some(over)),
        Some(Flash::Left) => (None, None),
        _ => (None, over::why(&app, &caller::current(&request)).await),
    };
    show_page(&Home {
        viewer: Viewer::of(me.as_ref()),
        provider: me
            .as_ref()
            .map(|me| me.session().claims().auth_provider.label()),
        over: over.map(Over::words),
        signed_out,
        has_left,
    })
}
