//! Which path is answered by whom. Both providers on one origin; none of
//! their paths collide.

use actix_web::web::{PayloadConfig, ServiceConfig, delete, get, post, put, resource, to};

use super::{authorize, controls, github, pages, panel, vercel};

/// Tests lay 10 kB names over profiles; nothing here needs more.
const LARGEST_BODY: usize = 256 * 1024;

pub fn configure(app: &mut ServiceConfig) {
    app.app_data(PayloadConfig::new(LARGEST_BODY));
    github_routes(app);
    vercel_routes(app);
    own_routes(app);
    app.default_service(to(pages::not_found));
}

fn github_routes(app: &mut ServiceConfig) {
    app.service(
        resource("/login/oauth/authorize")
            .get(authorize::github)
            .post(authorize::github)
            .default_service(to(pages::method_not_allowed)),
    )
    .service(
        resource("/login/oauth/access_token")
            .route(post().to(github::token))
            .default_service(to(pages::not_found)),
    )
    .route("/user", get().to(github::api::user))
    .route("/user/emails", get().to(github::api::emails))
    .route("/user/repos", get().to(github::api::repos))
    .route("/rate_limit", get().to(github::api::rate_limit))
    .route(
        "/applications/{client_id}/token",
        delete().to(github::revoke::token),
    )
    .route(
        "/applications/{client_id}/grant",
        delete().to(github::revoke::grant),
    );
}

fn vercel_routes(app: &mut ServiceConfig) {
    app.service(
        resource("/oauth/authorize")
            .get(authorize::vercel)
            .post(authorize::vercel)
            .default_service(to(pages::method_not_allowed)),
    )
    .service(
        resource("/login/oauth/token")
            .route(post().to(vercel::token))
            .default_service(to(pages::method_not_allowed)),
    )
    .service(
        resource("/login/oauth/token/revoke")
            .route(post().to(vercel::revoke::revoke))
            .default_service(to(pages::method_not_allowed)),
    )
    .route("/login/oauth/userinfo", get().to(vercel::api::userinfo))
    .route("/v2/user", get().to(vercel::api::user))
    .route("/v2/teams", get().to(vercel::api::teams));
}

fn own_routes(app: &mut ServiceConfig) {
    app.service(resource("/_simulator").get(panel::show))
        .service(
            resource("/_simulator/calls")
                .get(controls::calls)
                .delete(controls::clear_calls),
        )
        .service(
            resource("/_simulator/faults")
                .get(controls::faults)
                .route(put().to(controls::set_faults))
                .route(post().to(panel::set_faults)),
        )
        .route("/_simulator/people", put().to(controls::set_person))
        .route("/_simulator/revocations", post().to(panel::revoke_all))
        .route("/_simulator/redirect-trap", to(controls::redirect_trap))
        .route("/_simulator/avatars/{name}", get().to(pages::avatar))
        .route("/_simulator/simulator.css", get().to(pages::stylesheet))
        .route("/favicon.ico", get().to(pages::no_icon));
}
