//! `POST /api/auth/signout`: this session is over.

use actix_session::Session as SignInSession;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use diesel::Connection as _;
use serde::Deserialize;

use super::see_other;
use crate::connections;
use crate::models::OwnSession;
use crate::revocations::Standing;
use crate::web::caller::{self, Holder};
use crate::web::flash::{self, Flash, SignedOut};
use crate::web::pages::over;
use crate::web::state::Vestibule;
use crate::web::visitor;

/// What the form may say besides.
#[derive(Deserialize)]
pub struct Wish {
    /// Whatever it says: it is ticked.
    disconnect: Option<String>,
}

/// Gives back what providers granted. `false` when that cannot be written now:
/// the sign-out does not wait for it.
async fn give_back(own: OwnSession, app: &Vestibule, request: &HttpRequest) -> bool {
    if app.revocations.standing(own.session_id().as_uuid()) != Standing::Good {
        return false;
    }
    let (ring, visitor) = (app.ring.current(), visitor::visitor(app, request));
    let given_back = app.db.run(move |conn| {
        conn.transaction(|conn| connections::give_up_tokens(conn, &ring, own.into(), &visitor))
    });
    match given_back.await {
        Ok(unwanted) => {
            app.withdrawals.now(unwanted).await;
            true
        }
        Err(error) => {
            tracing::warn!("what was granted was not given back: {error}");
            false
        }
    }
}

/// Always ends signed out, whatever fails on the way: the cookie goes, and
/// this process refuses it at once.
pub async fn sign_out(
    Holder(me): Holder,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
    wish: Option<Form<Wish>>,
) -> HttpResponse {
    if let Some(me) = me {
        // First: it takes the session to do it.
        let gave_back = match wish {
            Some(Form(Wish {
                disconnect: Some(_),
            })) => Some(give_back(me, &app, &request).await),
            _ => None,
        };
        return end(me, &app, &request, &session, gave_back).await;
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
    end(own, app, request, session, None).await
}

async fn end(
    own: OwnSession,
    app: &Vestibule,
    request: &HttpRequest,
    session: &SignInSession,
    gave_back: Option<bool>,
) -> HttpResponse {
    let at = app.clock.now();
    let visitor = visitor::visitor(app, request);
    let signed_out = SignedOut {
        at,
        session: own.session_id(),
        recorded: app.endings.sign_out(own, visitor).await,
        gave_back,
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
