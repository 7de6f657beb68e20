//! `/account/delete`: what goes, what stays, and the username to type.

use actix_session::Session as SignInSession;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use diesel::Connection as _;
use serde::Deserialize;

use super::{Viewer, render, show as show_page};
use crate::error::Error;
use crate::leaving;
use crate::models::user::User;
use crate::web::api::auth::{see_other, without_cookie};
use crate::web::caller::SignedIn;
use crate::web::error::{PageError, respond};
use crate::web::flash::{self, Flash};
use crate::web::state::Vestibule;
use crate::web::visitor::{prefers_json, visitor};

#[derive(Template)]
#[template(path = "leave.html")]
struct Leave {
    viewer: Viewer,
    username: String,
    /// What was typed, if that was another name.
    other_name: Option<String>,
}

impl Leave {
    fn typed(&self) -> &str {
        self.other_name.as_deref().unwrap_or_default()
    }

    fn problem(&self) -> &'static str {
        match self.other_name {
            Some(_) => "That is not your username. Nothing was deleted.",
            None => "",
        }
    }
}

#[derive(Deserialize)]
pub struct Typed {
    username: String,
}

pub async fn show(me: SignedIn, app: Data<Vestibule>) -> Result<HttpResponse, PageError> {
    Ok(show_page(&page(&me, &app, None).await?))
}

async fn page(me: &SignedIn, app: &Vestibule, other_name: Option<String>) -> Result<Leave, Error> {
    let own = me.own();
    // As the database has it: the cookie may be older.
    let user = app.db.run(move |conn| User::of(conn, own)).await?;
    Ok(Leave {
        viewer: Viewer::of(Some(me)),
        username: user.ok_or(Error::Unauthenticated)?.username,
        other_name,
    })
}

pub async fn leave(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
    typed: Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let (own, typed) = (me.own(), typed.into_inner().username);
    let name = typed.clone();
    let checked = app
        .db
        .run(move |conn| conn.transaction(|conn| leaving::check(conn, own, &name)))
        .await;
    match checked {
        Err(error @ Error::Invalid(_)) if prefers_json(request.headers()) => {
            return Ok(respond(request.head(), error));
        }
        Err(Error::Invalid(_)) => {
            let page = page(&me, &app, Some(typed)).await?;
            return Ok(render(StatusCode::BAD_REQUEST, &page));
        }
        checked => checked?,
    }
    leaving::forget_events(&app.db, own).await?;
    let (ring, visitor) = (app.ring.current(), visitor(&app, &request));
    let left = app
        .db
        .run(move |conn| conn.transaction(|conn| leaving::leave(conn, &ring, own, &visitor)))
        .await?;
    app.endings.refuse(&left.sessions);
    for token in left.tokens {
        app.programs.refuse(token);
    }
    tracing::info!(user = %own.user_id(), "left");
    app.withdrawals.now(left.unwanted).await;
    flash::set_flash(&session, &Flash::Left)?;
    Ok(without_cookie(&app, see_other("/")))
}
