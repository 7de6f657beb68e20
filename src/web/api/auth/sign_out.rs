//! `POST /api/auth/signout`: this session is over.

use actix_session::Session as SignInSession;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;
use diesel::Connection as _;
use serde_json::json;

use super::see_other;
use crate::error::Error;
use crate::models::Scope;
use crate::models::audit_event::{Kind, NewEvent};
use crate::models::session::{EndedReason, Session, Visitor};
use crate::web::caller::MaybeSignedIn;
use crate::web::flash::{self, Flash, SignedOut};
use crate::web::state::Vestibule;
use crate::web::visitor;

/// Always ends signed out, whatever fails on the way: the cookie goes, and
/// this process refuses it at once.
pub async fn sign_out(
    MaybeSignedIn(me): MaybeSignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
) -> HttpResponse {
    if let Some(me) = me {
        let (scope, at) = (me.scope(), Utc::now());
        app.revocations.add(scope.session_id());
        let recorded = end(&app, scope, visitor::visitor(&app, &request)).await;
        if let Err(error) = &recorded {
            tracing::warn!("the sign-out was not recorded: {error}");
        }
        let signed_out = SignedOut {
            at,
            session: scope.session_id(),
            recorded: recorded.is_ok(),
        };
        if flash::set_flash(&session, &Flash::SignedOut(signed_out)).is_err() {
            tracing::warn!("the sign-out has no message");
        }
    }
    let mut answer = see_other("/");
    answer
        .headers_mut()
        .append(SET_COOKIE, app.cookies.remove(app.cookies.session));
    answer
}

async fn end(app: &Vestibule, scope: Scope, visitor: Visitor) -> Result<(), Error> {
    app.db
        .run(move |conn| {
            conn.transaction(|conn| {
                if !Session::end(conn, scope, EndedReason::SignedOut)? {
                    return Ok(());
                }
                NewEvent {
                    kind: Kind::SessionEnded,
                    user_id: Some(scope.user_id()),
                    session_id: Some(scope.session_id()),
                    visitor: Some(&visitor),
                    details: json!({ "reason": EndedReason::SignedOut.as_str() }),
                }
                .write(conn)
            })
        })
        .await
}
