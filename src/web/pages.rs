//! Pages: a struct beside its handler; templates only arrange.

pub mod account;
pub mod activity;
pub mod api;
pub mod failure;
pub mod home;
pub mod leave;
mod moment;
pub mod over;
pub mod session;
pub mod sessions;
pub mod sign_in;
pub mod sign_out;
pub mod tokens;

use actix_session::SessionExt as _;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use askama::Template;
use url::form_urlencoded;

use super::Vestibule;
use super::api::auth::see_other;
use super::caller::{self, SignedIn};
use super::error;
use super::session::Current;
use super::visitor;
use crate::error::{Dependency, Error as DomainError};
use crate::sign_in::NextPath;

pub use moment::{Moment, in_words};

/// Who looks at a page, as its header says.
pub struct Viewer {
    pub username: Option<String>,
}

impl Viewer {
    pub fn of(me: Option<&SignedIn>) -> Self {
        Self {
            username: me.map(|me| me.session().claims().user.username.clone()),
        }
    }
}

pub fn render(status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .body(html),
        Err(error) => {
            // Rendering the error page could fail just as well.
            tracing::error!("a page could not be rendered: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn show(page: &impl Template) -> HttpResponse {
    render(StatusCode::OK, page)
}

/// The address of the sign-in page that leads on to `next`.
pub fn sign_in_address(next: &NextPath) -> String {
    if next.is_home() {
        return "/signin".to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", next.as_str())
        .finish();
    format!("/signin?{query}")
}

/// Closes a scope: strangers who open a page or press a button on one are sent
/// to sign in, and told why if they were signed in before; everything else of
/// theirs gets 401. A route added to the scope is closed by default.
pub async fn private(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let current = caller::current(request.request());
    let app = request.app_data::<Data<Vestibule>>().cloned();
    let answer = match (app, current) {
        (_, Current::SignedIn(_)) => {
            return next.call(request).await;
        }
        (_, Current::Unknown(_)) => error::respond(
            request.head(),
            DomainError::Unavailable(Dependency::Database),
        ),
        (Some(app), current) if visitor::is_click(request.head()) => {
            over::tell_next_page(&app, &current, &request.get_session()).await;
            let asked = visitor::page_of(request.uri());
            let next = NextPath::parse(&asked, &app.config.public_url);
            see_other(&sign_in_address(&next))
        }
        _ => error::respond(request.head(), DomainError::Unauthenticated),
    };
    Ok(request.into_response(answer))
}
