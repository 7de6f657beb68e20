//! Both authorize pages: what is asked is checked, somebody approves or
//! declines, and the browser goes back with a code or an error.

mod asked;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use asked::{Asker, Terms};

use super::ledger::{Code, Consent};
use super::pages;
use super::params::Params;
use super::people::{PEOPLE, Person};
use super::world::World;
use crate::provider::Provider;

const GITHUB_DENIED: &str = "The user has denied your application access.";
const GITHUB_DENIED_URI: &str = "https://docs.github.com/apps/managing-oauth-apps/\
                                 troubleshooting-authorization-request-errors/#access-denied";
const VERCEL_DENIED: &str = "The user denied the authorization request";

#[derive(Template)]
#[template(path = "demo/authorize.html")]
struct Page<'a> {
    provider: Provider,
    action: &'a str,
    client_id: &'a str,
    back_to: String,
    scopes: &'a [String],
    people: &'static [Person],
    params: &'a Params,
}

pub async fn github(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    answer(Provider::GitHub, &request, &body, &world)
}

pub async fn vercel(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    answer(Provider::Vercel, &request, &body, &world)
}

/// GET and POST are the same question; the page's buttons are called `auto`,
/// as the parameter that scripts append.
fn answer(provider: Provider, request: &HttpRequest, body: &[u8], world: &World) -> HttpResponse {
    let params = match *request.method() {
        Method::POST => Params::form(request, body),
        _ => Params::parse(request.query_string().as_bytes()),
    };
    let Ok(params) = params else {
        return refuse(
            world,
            "The request is not a form, or names a parameter twice.",
        );
    };
    let asker = match Asker::read(provider, &params, world) {
        Ok(asker) => asker,
        Err(problem) => return refuse(world, problem),
    };
    let terms = match Terms::read(provider, &params) {
        Ok(terms) => terms,
        Err((error, why)) => {
            return asker.send_back(&[("error", error), ("error_description", why)]);
        }
    };
    match params.get("auto") {
        None => ask(provider, request, world, &params, &asker, &terms),
        Some("deny") => decline(provider, &asker),
        Some(login) => match Person::named(login) {
            Some(person) => approve(provider, world, person, &params, &asker, terms),
            None => refuse(
                world,
                "Nobody of that name lives here: ada, grace, alan or deny.",
            ),
        },
    }
}

fn ask(
    provider: Provider,
    request: &HttpRequest,
    world: &World,
    params: &Params,
    asker: &Asker,
    terms: &Terms,
) -> HttpResponse {
    let page = Page {
        provider,
        action: request.path(),
        client_id: asker.client_id,
        back_to: asker.address.origin().ascii_serialization(),
        scopes: &terms.scopes,
        people: &PEOPLE,
        params,
    };
    pages::page(world, StatusCode::OK, &page)
}

fn decline(provider: Provider, asker: &Asker) -> HttpResponse {
    let error = ("error", "access_denied");
    match provider {
        Provider::GitHub => asker.send_back(&[
            error,
            ("error_description", GITHUB_DENIED),
            ("error_uri", GITHUB_DENIED_URI),
        ]),
        Provider::Vercel => asker.send_back(&[error, ("error_description", VERCEL_DENIED)]),
    }
}

fn approve(
    provider: Provider,
    world: &World,
    person: &'static Person,
    params: &Params,
    asker: &Asker,
    terms: Terms,
) -> HttpResponse {
    let consent = Consent {
        provider,
        client_id: asker.client_id.to_owned(),
        person,
        scopes: terms.scopes,
        nonce: params.owned("nonce"),
    };
    let code = Code::new(consent, asker.redirect_uri.to_owned(), terms.challenge);
    match world.lock().ledger.issue_code(code) {
        Ok(code) => asker.send_back(&[("code", &code)]),
        Err(_) => asker.send_back(&[("error", "server_error")]),
    }
}

fn refuse(world: &World, problem: &str) -> HttpResponse {
    pages::problem(world, StatusCode::BAD_REQUEST, problem)
}
