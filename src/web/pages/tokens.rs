//! `/account/tokens`: API tokens, made and revoked.

use actix_session::Session as SignInSession;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use url::form_urlencoded;

use super::{Moment, Viewer, render};
use crate::error::{Error, Problem};
use crate::models::TokenScope;
use crate::models::api_token::{ApiToken, MAX_LIVE_TOKENS};
use crate::models::ids::ApiTokenId;
use crate::provider::Provider;
use crate::web::api::auth::see_other;
use crate::web::caller::SignedIn;
use crate::web::error::PageError;
use crate::web::flash::{self, Flash, MadeToken};
use crate::web::issuing::{self, Wish};
use crate::web::state::Vestibule;
use crate::web::visitor::visitor;

const ADDRESS: &str = "/account/tokens";

/// What the form offers, in days; 0: the token does not expire.
const LIFETIMES: [(i64, &str); 5] = [
    (30, "30 days"),
    (7, "7 days"),
    (90, "90 days"),
    (365, "a year"),
    (0, "never"),
];

#[derive(Template)]
#[template(path = "tokens.html")]
struct Tokens {
    viewer: Viewer,
    all: Vec<Item>,
    made: Option<Made>,
    revoked: Option<String>,
    /// What was wrong with the form.
    problem: Option<&'static str>,
    /// What was typed, so that nobody types it twice.
    form: Form,
    most: i64,
}

struct Item {
    id: ApiTokenId,
    name: String,
    prefix: String,
    scopes: String,
    made: Moment,
    used: Option<Moment>,
    expires: Option<Moment>,
    is_expired: bool,
}

/// A token, this once.
struct Made {
    token: MadeToken,
    /// To be pasted into a terminal.
    curl: Option<String>,
}

#[derive(Default)]
struct Form {
    name: String,
    scopes: Vec<String>,
    days: Option<i64>,
}

impl Tokens {
    fn lifetimes() -> [(i64, &'static str); 5] {
        LIFETIMES
    }
}

impl Form {
    fn read(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "name" => form.name = value.into_owned(),
                "scope" => form.scopes.push(value.into_owned()),
                "days" => form.days = value.parse().ok(),
                _ => {}
            }
        }
        form
    }

    fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|chosen| chosen == scope)
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass references"
    )]
    fn is_days(&self, days: &i64) -> bool {
        self.days == Some(*days)
    }

    /// Only what the form offers.
    fn expires_at(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        let offered = LIFETIMES.iter().map(|(days, _)| *days);
        let days = offered.into_iter().find(|days| self.is_days(days));
        let days = days.ok_or(Error::Invalid(NO_LIFETIME))?;
        Ok((days > 0).then(|| now + TimeDelta::days(days)))
    }
}

pub async fn show(
    me: SignedIn,
    app: Data<Vestibule>,
    session: SignInSession,
) -> Result<HttpResponse, PageError> {
    let (made, revoked) = match flash::take_flash(&session) {
        Some(Flash::TokenMade(token)) => (Some(token), None),
        Some(Flash::TokenRevoked(name)) => (None, Some(name)),
        _ => (None, None),
    };
    let page = Tokens {
        made: made.map(|token| Made::of(token, &app, &me)),
        revoked,
        ..page(&me, &app, Form::default()).await?
    };
    Ok(render(StatusCode::OK, &page))
}

async fn page(me: &SignedIn, app: &Vestibule, form: Form) -> Result<Tokens, Error> {
    let scope = me.scope();
    let tokens = app.db.run(move |conn| ApiToken::all(conn, scope)).await?;
    let now = app.clock.now();
    Ok(Tokens {
        viewer: Viewer::of(Some(me)),
        all: tokens
            .into_iter()
            .map(|token| Item::of(token, now))
            .collect(),
        made: None,
        revoked: None,
        problem: None,
        form,
        most: MAX_LIVE_TOKENS,
    })
}

impl Item {
    fn of(token: ApiToken, now: DateTime<Utc>) -> Self {
        Self {
            id: token.id,
            scopes: token.scopes().to_string(),
            name: token.name,
            prefix: token.token_prefix,
            made: Moment(token.created_at),
            used: token.last_used_at.map(Moment),
            is_expired: token.expires_at.is_some_and(|expires_at| expires_at <= now),
            expires: token.expires_at.map(Moment),
        }
    }
}

impl Made {
    fn of(token: MadeToken, app: &Vestibule, me: &SignedIn) -> Self {
        let provider = me.session().claims().auth_provider;
        let path = tried_at(&token.scopes, provider);
        let curl = path.map(|path| {
            format!(
                "curl -H 'Authorization: Bearer {}' {}{path}",
                token.token, app.config.public_url
            )
        });
        Self { token, curl }
    }
}

/// Where a token can be tried without doing anything.
fn tried_at(scopes: &[TokenScope], provider: Provider) -> Option<String> {
    if scopes.contains(&TokenScope::Read) {
        Some("/api/me".to_owned())
    } else if scopes.contains(&TokenScope::AccountsToken) {
        Some(format!("/api/accounts/{provider}/token"))
    } else {
        None
    }
}

const NO_LIFETIME: Problem = Problem {
    code: "invalid_expiry",
    message: "Choose when the token is to expire.",
};

/// Makes one. What is wrong with the form is said beside it.
pub async fn create(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    session: SignInSession,
    body: Bytes,
) -> Result<HttpResponse, PageError> {
    let form = Form::read(&body);
    match make(&me, &app, &request, &form).await {
        Ok(token) => {
            flash::set_flash(&session, &Flash::TokenMade(token))?;
            Ok(see_other(ADDRESS))
        }
        Err(Error::Invalid(problem) | Error::TooMany(problem, _)) => {
            let page = Tokens {
                problem: Some(problem.message),
                ..page(&me, &app, form).await?
            };
            Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

async fn make(
    me: &SignedIn,
    app: &Vestibule,
    request: &HttpRequest,
    form: &Form,
) -> Result<MadeToken, Error> {
    let now = app.clock.now();
    let expires_at = form.expires_at(now)?;
    let wish = Wish {
        name: &form.name,
        scopes: &form.scopes,
        expires_at,
    };
    let new = wish.check(now)?;
    let (plain, made) = issuing::issue(app, me.scope(), new, visitor(app, request)).await?;
    Ok(MadeToken {
        scopes: made.scopes().iter().collect(),
        name: made.name,
        token: plain.expose().to_owned(),
    })
}

/// Revokes one. Twice is as good as once.
pub async fn revoke(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    id: Path<ApiTokenId>,
    session: SignInSession,
) -> Result<HttpResponse, PageError> {
    let visitor = visitor(&app, &request);
    match issuing::revoke(&app, me.scope(), *id, visitor).await {
        Ok(token) => flash::set_flash(&session, &Flash::TokenRevoked(token.name))?,
        Err(Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(see_other(ADDRESS))
}
