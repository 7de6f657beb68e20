//! Which path is answered by whom.

use actix_web::guard::{self, Guard};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Handler, HttpRequest, HttpResponse, Resource, Responder, Route};

use super::error::{not_found, respond_with};
use super::state::Vestibule;
use super::{api, assets, health, pages, sign_in_cookie};
use crate::error::Problem;

pub fn configure(config: &mut ServiceConfig, app: &Data<Vestibule>) {
    config
        .service(get("/livez", health::livez))
        .service(get("/readyz", health::readyz))
        .service(get("/static/app.css", assets::app_css))
        .service(get("/static/icon.svg", assets::icon_svg))
        .service(get("/api/auth/info", api::auth::info))
        .service(
            get("/api/sessions", api::sessions::list)
                .route(web::delete().to(api::sessions::end_others))
                .default_service(refuse_method("GET, HEAD, DELETE")),
        )
        .service(
            web::resource("/api/sessions/{id}")
                .route(web::delete().to(api::sessions::end))
                .default_service(refuse_method("DELETE")),
        )
        .service(get("/api/audit", api::audit::list))
        .service(
            web::scope("")
                .service(get("/", pages::home::show))
                .service(get("/signin", pages::sign_in::show))
                .service(get("/signout", pages::sign_out::show))
                .service(
                    web::scope("/account")
                        .service(get("", pages::account::show))
                        .service(get("/session", pages::session::show))
                        .service(get("/sessions", pages::sessions::show))
                        .service(post("/sessions/others/end", pages::sessions::end_others))
                        .service(post("/sessions/{id}/end", pages::sessions::end))
                        .service(get("/activity", pages::activity::show))
                        .default_service(web::route().to(not_found))
                        .wrap(from_fn(pages::private)),
                )
                .service(
                    get("/api/auth/signin/{provider}", pages::sign_in::show_for)
                        .route(web::post().to(api::auth::start))
                        .default_service(refuse_method("GET, HEAD, POST")),
                )
                .service(get("/api/auth/callback/{provider}", api::auth::callback))
                .service(post("/api/auth/signout", api::auth::sign_out))
                .default_service(web::route().to(not_found))
                .wrap(from_fn(sign_in_cookie::note))
                .wrap(sign_in_cookie::middleware(app))
                .wrap(from_fn(sign_in_cookie::fence)),
        );
}

/// What is read with GET can be asked after with HEAD (RFC 9110 §9.3.2).
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::route().guard(get_or_head()).to(handler))
        .default_service(refuse_method("GET, HEAD"))
}

fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(refuse_method("POST"))
}

fn get_or_head() -> impl Guard {
    guard::Any(guard::Get()).or(guard::Head())
}

fn refuse_method(allowed: &'static str) -> Route {
    web::route().to(move |request: HttpRequest| async move {
        let problem = Problem {
            code: "method_not_allowed",
            message: "This address does not take that method.",
        };
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let mut response: HttpResponse = respond_with(request.head(), status, problem);
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static(allowed));
        response
    })
}
