//! `/account/session`: the session explained. What the cookie is made of, and
//! how it came to be.

use std::time::{Duration, Instant};

use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use askama::Template;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::{Moment, Viewer, show as show_page};
use crate::crypto::session_token::SessionClaims;
use crate::models::OwnSession;
use crate::models::audit_event;
use crate::sign_in::Step;
use crate::web::caller::SignedIn;
use crate::web::cookies::{self, Found};
use crate::web::sign_in_cookie::AllCookies;
use crate::web::state::Vestibule;

#[derive(Template)]
#[template(path = "session.html")]
struct Explained {
    viewer: Viewer,
    cookie_name: &'static str,
    attributes: &'static str,
    size: usize,
    /// The JWE's protected header, as it was sent.
    header: String,
    claims: Vec<Claim>,
    encryption_kid: String,
    signing_kid: String,
    issued: Moment,
    expires: Moment,
    cold: String,
    warm: String,
    /// `None` when the database cannot tell now.
    trace: Option<Vec<Step>>,
}

struct Claim {
    name: &'static str,
    value: String,
    meaning: &'static str,
}

impl Explained {
    fn at(step: &Step) -> Moment {
        Moment(step.at)
    }
}

pub async fn show(me: SignedIn, app: Data<Vestibule>, request: HttpRequest) -> HttpResponse {
    let token = token(&request, app.cookies.session);
    let session = me.session();
    let claims = session.claims();
    let (cold, warm) = decode_times(&app, &token);
    show_page(&Explained {
        viewer: Viewer::of(Some(&me)),
        cookie_name: app.cookies.session,
        attributes: app.cookies.attributes(),
        size: token.len(),
        header: protected_header(&token),
        claims: explain(claims),
        encryption_kid: session.encryption_kid().to_owned(),
        signing_kid: session.signing_kid().to_owned(),
        issued: Moment::from_seconds(claims.iat),
        expires: Moment::from_seconds(claims.exp),
        cold,
        warm,
        trace: trace(&app, me.own()).await,
    })
}

fn token(request: &HttpRequest, name: &str) -> Vec<u8> {
    let extensions = request.extensions();
    let all = extensions.get::<AllCookies>();
    match all.map(|AllCookies(all)| cookies::find(all, name)) {
        Some(Found::One(token)) => token.to_vec(),
        Some(Found::None | Found::Several) | None => Vec::new(),
    }
}

/// Once in full, once from memory.
fn decode_times(app: &Vestibule, token: &[u8]) -> (String, String) {
    let started = Instant::now();
    let _ = app.tokens.decode_cold(token, app.clock.now());
    let cold = started.elapsed();
    let started = Instant::now();
    let _ = app.tokens.decode(token, app.clock.now());

    (microseconds(cold), microseconds(started.elapsed()))
}

fn microseconds(duration: Duration) -> String {
    format!("{:.1} µs", duration.as_secs_f64() * 1e6)
}

fn protected_header(token: &[u8]) -> String {
    let first = token.split(|byte| *byte == b'.').next().unwrap_or_default();
    let json = BASE64_URL_SAFE_NO_PAD.decode(first).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn explain(claims: &SessionClaims) -> Vec<Claim> {
    let user = serde_json::to_string_pretty(&claims.user).unwrap_or_default();
    let claim = |name, value, meaning| Claim {
        name,
        value,
        meaning,
    };
    vec![
        claim("iss", claims.iss.clone(), "who issued it: this site"),
        claim(
            "aud",
            claims.aud.clone(),
            "whom it is for: this site and no other",
        ),
        claim("sub", claims.sub.to_string(), "you, by an id of our own"),
        claim(
            "sid",
            claims.sid.to_string(),
            "this session: what ending it names",
        ),
        claim(
            "iat",
            claims.iat.to_string(),
            "when this cookie was issued, in seconds since 1970",
        ),
        claim(
            "exp",
            claims.exp.to_string(),
            "from when on it is refused, without any leeway",
        ),
        claim(
            "created",
            claims.created.to_string(),
            "when the session began, in milliseconds since 1970",
        ),
        claim(
            "authProvider",
            claims.auth_provider.to_string(),
            "who vouched for you",
        ),
        claim("user", user, "what the provider told about you"),
    ]
}

async fn trace(app: &Vestibule, own: OwnSession) -> Option<Vec<Step>> {
    let details = app
        .db
        .run(move |conn| audit_event::session_started(conn, own))
        .await
        .ok()?;
    serde_json::from_value(details.get("trace")?.clone()).ok()
}
