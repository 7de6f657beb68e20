//! Which path is answered by whom.

use actix_web::guard::{self, GuardContext};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Handler, Resource, Responder};

use super::api::routes::refuse_method;
use super::error::not_found;
use super::state::Vestibule;
use super::{api, assets, health, pages, sign_in_cookie};

pub fn configure(config: &mut ServiceConfig, app: &Data<Vestibule>) {
    config
        // Looked for in this order: what is asked for most often comes first.
        .configure(api::routes::configure)
        .service(get("/livez", health::livez))
        .service(get("/readyz", health::readyz))
        .service(get("/static/{name}", assets::serve))
        .service(get("/favicon.ico", assets::favicon))
        .service(
            web::scope("")
                .service(get("/", pages::home::show))
                .service(get("/signin", pages::sign_in::show))
                .service(get("/api/docs", pages::api::show))
                .service(get("/signout", pages::sign_out::show))
                .service(
                    web::scope("/account")
                        .service(get("", pages::account::show))
                        .service(get("/session", pages::session::show))
                        .service(get("/sessions", pages::sessions::show))
                        .service(post("/sessions/others/end", pages::sessions::end_others))
                        .service(post("/sessions/{id}/end", pages::sessions::end))
                        .service(post(
                            "/connections/{provider}/disconnect",
                            pages::account::disconnect,
                        ))
                        .service(
                            get("/delete", pages::leave::show)
                                .route(web::post().to(pages::leave::leave))
                                .default_service(refuse_method("GET, HEAD, POST")),
                        )
                        .service(get("/activity", pages::activity::show))
                        .service(
                            get("/tokens", pages::tokens::show)
                                .route(web::post().to(pages::tokens::create))
                                .default_service(refuse_method("GET, HEAD, POST")),
                        )
                        .service(post("/tokens/{id}/revoke", pages::tokens::revoke))
                        .default_service(web::route().to(not_found))
                        .wrap(from_fn(pages::private)),
                )
                .service(
                    get("/api/auth/signin/{provider}", pages::sign_in::show_for)
                        .route(web::post().to(api::auth::start))
                        .default_service(refuse_method("GET, HEAD, POST")),
                )
                .service(
                    post("/api/auth/connect/{provider}", api::auth::connect)
                        .wrap(from_fn(pages::private)),
                )
                .service(get("/api/auth/callback/{provider}", api::auth::callback))
                .service(post("/api/auth/signout", api::auth::sign_out))
                .default_service(web::route().to(not_found))
                .wrap(from_fn(sign_in_cookie::note))
                .wrap(sign_in_cookie::SignInSession(app.clone()))
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
        .route(
            web::route()
                .guard(guard::fn_guard(is_get_or_head))
                .to(handler),
        )
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

/// actix's own guards write down each method that they know, to tell it where
/// none fits. [`refuse_method`] does that here.
pub fn is_get_or_head(context: &GuardContext<'_>) -> bool {
    matches!(context.head().method, Method::GET | Method::HEAD)
}
