//! `POST /api/auth/signout`: this session is over.

use actix_session::Session as SignInSession;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::see_other;
use crate::models::OwnSession;
use crate::web::caller::{self, Holder};
use crate::web::flash::{self, Flash, SignedOut};
use crate::web::pages::over;
use crate::web::state::Vestibule;
use crate::web::visitor;

/// Always ends signed out, whatever fails on the way: the cookie goes, and
/// this process refuses it at once.
pub async fn sign_out(
    Holder(me): Holder,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
) -> HttpResponse {
    if let Some(me) = me {
        return leave(me, &app, &request, &session).await;
    }
    // Somebody whose session is over already is told why.
    over::tell_next_page(&app, &caller::current(&request), &session).await;
    without_cookie(&app, see_other("/"))
}

/// Signs the caller out, and sends them to the start page, which tells.
pub async fn leave(
    own: OwnSession,
    app: &Vestibule,
    request: &HttpRequest,
    session: &SignInSession,
) -> HttpResponse {
    let at = app.clock.now();
    let visitor = visitor::visitor(app, request);
    let signed_out = SignedOut {
        at,
        session: own.session_id(),
        recorded: app.endings.sign_out(own, visitor).await,
    };
    if flash::set_flash(session, &Flash::SignedOut(signed_out)).is_err() {
        tracing::warn!("the sign-out has no message");
    }
    without_cookie(app, see_other("/"))
}

/// An answer that removes the session cookie.
pub fn without_cookie(app: &Vestibule, mut answer: HttpResponse) -> HttpResponse {
    let removal = app.cookies.remove(app.cookies.session);
    answer.headers_mut().append(SET_COOKIE, removal);
    answer
}
