//! `/account/tokens`: API tokens, made and revoked.

use actix_session::Session as SignInSession;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use url::form_urlencoded;

use super::{Moment, Viewer, render};
use crate::crypto::api_token::PlainToken;
use crate::error::{Error, Problem};
use crate::models::api_token::{ApiToken, MAX_LIVE_TOKENS};
use crate::models::ids::ApiTokenId;
use crate::models::{TokenScope, TokenScopes};
use crate::provider::Provider;
use crate::secret::Secret;
use crate::web::api::auth::see_other;
use crate::web::caller::SignedIn;
use crate::web::error::{PageError, whole_seconds};
use crate::web::flash::{self, Flash};
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
#[expect(
    clippy::option_option,
    reason = "nothing was revoked, or nothing was there"
)]
struct Tokens {
    viewer: Viewer,
    all: Vec<Item>,
    made: Option<Made>,
    /// What revoking came to: the name of the token, if it was there.
    revoked: Option<Option<String>>,
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
    name: String,
    token: PlainToken,
    /// To be pasted into a terminal.
    curl: Option<Secret>,
}

#[derive(Default)]
struct Form {
    name: String,
    scopes: Vec<String>,
    days: Option<i64>,
}

impl Tokens {
    fn empty(me: &SignedIn, form: Form) -> Self {
        Self {
            viewer: Viewer::of(Some(me)),
            all: Vec::new(),
            made: None,
            revoked: None,
            problem: None,
            form,
            most: MAX_LIVE_TOKENS,
        }
    }

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
    let revoked = match flash::take_flash(&session) {
        Some(Flash::TokenRevoked(name)) => Some(name),
        _ => None,
    };
    let page = Tokens {
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
        all: tokens
            .into_iter()
            .map(|token| Item::of(token, now))
            .collect(),
        ..Tokens::empty(me, form)
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

    fn revoke_address(&self) -> String {
        format!("/account/tokens/{}/revoke", self.id)
    }
}

impl Made {
    fn of(token: PlainToken, made: &ApiToken, app: &Vestibule, me: &SignedIn) -> Self {
        let provider = me.session().claims().auth_provider;
        let curl = tried_at(&made.scopes(), provider).map(|path| {
            let (token, origin) = (token.expose(), &app.config.public_url);
            Secret::new(format!(
                "curl -H 'Authorization: Bearer {token}' {origin}{path}"
            ))
        });
        Self {
            name: made.name.clone(),
            token,
            curl,
        }
    }
}

/// Where a token can be tried without changing anything.
fn tried_at(scopes: &TokenScopes, provider: Provider) -> Option<String> {
    if scopes.contains(TokenScope::Read) {
        Some("/api/me".to_owned())
    } else if scopes.contains(TokenScope::AccountsToken) {
        Some(format!("/api/accounts/{provider}/token"))
    } else {
        None
    }
}

const NO_LIFETIME: Problem = Problem {
    code: "invalid_expiry",
    message: "Choose when the token is to expire.",
};

/// Makes one, and shows it in this very answer: it is kept nowhere, not even on
/// its way to another page. What is wrong with the form is said beside it.
pub async fn create(
    me: SignedIn,
    app: Data<Vestibule>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, PageError> {
    let form = Form::read(&body);
    let (problem, wait) = match make(&me, &app, &request, &form).await {
        Ok((token, made)) => {
            let page = Tokens {
                made: Some(Made::of(token, &made, &app, &me)),
                // It is made, whether or not the others can be listed.
                ..page(&me, &app, Form::default())
                    .await
                    .unwrap_or_else(|_| Tokens::empty(&me, Form::default()))
            };
            return Ok(render(StatusCode::CREATED, &page));
        }
        Err(Error::Invalid(problem)) => (problem, None),
        Err(Error::TooMany(problem, wait)) => (problem, Some(wait)),
        Err(error) => return Err(error.into()),
    };
    let page = Tokens {
        problem: Some(problem.message),
        ..page(&me, &app, form).await?
    };
    let Some(wait) = wait else {
        return Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page));
    };
    let mut answer = render(StatusCode::TOO_MANY_REQUESTS, &page);
    let seconds = HeaderValue::from(whole_seconds(wait));
    answer.headers_mut().insert(RETRY_AFTER, seconds);
    Ok(answer)
}

async fn make(
    me: &SignedIn,
    app: &Vestibule,
    request: &HttpRequest,
    form: &Form,
) -> Result<(PlainToken, ApiToken), Error> {
    let now = app.clock.now();
    let wish = Wish {
        name: &form.name,
        scopes: &form.scopes,
        expires_at: form.expires_at(now)?,
    };
    issuing::issue(app, me.scope(), wish.check(now)?, visitor(app, request)).await
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
        Ok(token) => flash::set_flash(&session, &Flash::TokenRevoked(Some(token.name)))?,
        Err(Error::NotFound) => flash::set_flash(&session, &Flash::TokenRevoked(None))?,
        Err(error) => return Err(error.into()),
    }
    Ok(see_other(ADDRESS))
}
