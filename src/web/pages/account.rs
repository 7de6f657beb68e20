//! `/account`: who you are, how you signed in, when that ends. From the cookie
//! alone, so that it works while the database is away.

use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;
use chrono::TimeDelta;

use super::{Moment, Viewer, show as show_page};
use crate::crypto::session_token::SessionUser;
use crate::web::caller::SignedIn;
use crate::web::state::Vestibule;

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    viewer: Viewer,
    user: SessionUser,
    provider: &'static str,
    began: Moment,
    cookie_ends: Moment,
    ends: Moment,
}

impl Account {
    /// What to call the person.
    fn display_name(&self) -> &str {
        self.user.name.as_deref().unwrap_or(&self.user.username)
    }
}

pub async fn show(me: SignedIn, app: Data<Vestibule>) -> HttpResponse {
    let claims = me.session().claims();
    let began = Moment::from_milliseconds(claims.created);
    let max_age = TimeDelta::from_std(app.config.session.max_age).unwrap_or_default();
    show_page(&Account {
        viewer: Viewer::of(Some(&me)),
        user: claims.user.clone(),
        provider: claims.auth_provider.label(),
        ends: Moment(began.0 + max_age),
        cookie_ends: Moment::from_seconds(claims.exp),
        began,
    })
}
