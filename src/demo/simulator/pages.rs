//! What every answer has in common, and the few static things.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, ContentType};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::people::Person;
use super::world::World;

const STYLESHEET: &str = include_str!("../../../static/simulator.css");

#[derive(Template)]
#[template(path = "demo/problem.html")]
struct Problem<'a> {
    what: &'a str,
}

#[derive(Template)]
#[template(path = "demo/avatar.svg", escape = "html")]
struct Avatar {
    person: &'static Person,
}

/// A page that loads nothing from elsewhere and runs nothing.
pub fn page(world: &World, status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => private(status)
            .insert_header(("Content-Security-Policy", content_security_policy(world)))
            .insert_header(("Referrer-Policy", "no-referrer"))
            .content_type(ContentType::html())
            .body(html),
        Err(_) => json(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({"message": "no page"}),
        ),
    }
}

/// A page that says why there is no other.
pub fn problem(world: &World, status: StatusCode, what: &str) -> HttpResponse {
    page(world, status, &Problem { what })
}

pub fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    private(status).json(body)
}

fn private(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"));
    answer
}

/// Browsers apply `form-action` to the redirect that answers a form as well,
/// so the places that a person is sent back to are named.
fn content_security_policy(world: &World) -> String {
    let mut policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'"
        .to_owned();
    let redirect_uris = world
        .clients
        .iter()
        .flat_map(|client| &client.redirect_uris);
    let mut origins: Vec<String> = redirect_uris
        .filter_map(|uri| Url::parse(uri).ok())
        .map(|url| url.origin().ascii_serialization())
        .collect();
    origins.sort();
    origins.dedup();
    for origin in origins {
        policy.push(' ');
        policy.push_str(&origin);
    }
    policy
}

pub async fn not_found(request: HttpRequest, world: Data<World>) -> HttpResponse {
    if wants_html(&request) {
        return problem(&world, StatusCode::NOT_FOUND, "There is no such page here.");
    }
    json(StatusCode::NOT_FOUND, &json!({"message": "Not Found"}))
}

pub async fn method_not_allowed() -> HttpResponse {
    json(
        StatusCode::METHOD_NOT_ALLOWED,
        &json!({"message": "Method Not Allowed"}),
    )
}

fn wants_html(request: &HttpRequest) -> bool {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Browsers ask for one unasked, and complain of a 404.
pub async fn no_icon() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

pub async fn stylesheet() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .content_type("text/css; charset=utf-8")
        .body(STYLESHEET)
}

pub async fn avatar(name: Path<String>, world: Data<World>) -> HttpResponse {
    let person = name.strip_suffix(".svg").and_then(Person::named);
    let svg = person.and_then(|person| Avatar { person }.render().ok());
    match svg {
        Some(svg) => HttpResponse::Ok()
            .insert_header(("Content-Security-Policy", "default-src 'none'"))
            .insert_header(("X-Content-Type-Options", "nosniff"))
            // The app's pages are of another origin and show this one.
            .insert_header(("Cross-Origin-Resource-Policy", "cross-origin"))
            .content_type("image/svg+xml")
            .body(svg),
        None => problem(
            &world,
            StatusCode::NOT_FOUND,
            "There is no such picture here.",
        ),
    }
}
