//! The routes of the API, as a table: what is configured from it, the document
//! that describes it and the tests that drive each of them cannot disagree.

use actix_web::guard;
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::{accounts, audit, auth, document, me, sessions, tokens};
use crate::error::Problem;
use crate::web::bearer;
use crate::web::error::respond_with;
use crate::web::routes::is_get_or_head;

/// A method at a path, and who answers it.
pub struct ApiRoute {
    pub method: Method,
    pub path: &'static str,
    /// Whether it asks who is calling, by token or by session.
    is_asking: bool,
    answered_by: fn(Route) -> Route,
}

/// All routes that ask the gate who is calling, or answer anybody. The flows
/// that a browser walks through (start, callback, sign-out) are pages'.
pub fn table() -> Vec<ApiRoute> {
    let route = |method, path, answered_by| ApiRoute {
        method,
        path,
        is_asking: true,
        answered_by,
    };
    // From the cookie alone, or for everybody.
    let open = |path, answered_by| ApiRoute {
        is_asking: false,
        ..route(Method::GET, path, answered_by)
    };
    vec![
        open("/api/auth/info", |r| r.to(auth::info)),
        route(Method::GET, "/api/auth/{provider}/status", |r| {
            r.to(auth::status)
        }),
        route(Method::POST, "/api/auth/{provider}/disconnect", |r| {
            r.to(auth::disconnect)
        }),
        route(Method::GET, "/api/me", |r| r.to(me::show)),
        route(Method::GET, "/api/tokens", |r| r.to(tokens::list)),
        route(Method::POST, "/api/tokens", |r| r.to(tokens::create)),
        route(Method::DELETE, "/api/tokens/{id}", |r| r.to(tokens::revoke)),
        route(Method::GET, "/api/sessions", |r| r.to(sessions::list)),
        route(Method::DELETE, "/api/sessions", |r| {
            r.to(sessions::end_others)
        }),
        route(Method::DELETE, "/api/sessions/{id}", |r| {
            r.to(sessions::end)
        }),
        route(Method::GET, "/api/accounts", |r| r.to(accounts::list)),
        route(Method::GET, "/api/accounts/{provider}/token", |r| {
            r.to(accounts::token)
        }),
        route(Method::GET, "/api/audit", |r| r.to(audit::list)),
        open("/api/openapi.json", |r| r.to(document::openapi)),
    ]
}

/// Whether the gate asks who calls this path: all of `/api` but the flows that a
/// browser walks through and the page that a person reads. A path that is
/// written in another way than ours are is none of them.
pub fn is_gated(path: &str) -> bool {
    let is_api = path == "/api" || path.starts_with("/api/");
    let is_page = matches!(path, "/api/docs" | "/api/auth/signout")
        || path.starts_with("/api/auth/signin/")
        || path.starts_with("/api/auth/connect/")
        || path.starts_with("/api/auth/callback/");
    is_api && !is_page && !path.contains('%')
}

pub fn configure(config: &mut ServiceConfig) {
    let mut table = table();
    while let Some(first) = table.first() {
        let path = first.path;
        let (here, rest): (Vec<_>, Vec<_>) = table.into_iter().partition(|r| r.path == path);
        table = rest;
        let allowed = allow(&here);
        let is_asking = here.iter().any(|route| route.is_asking);
        let mut resource = web::resource(path);
        for ApiRoute {
            method,
            answered_by,
            ..
        } in here
        {
            // What is read with GET can be asked after with HEAD (RFC 9110
            // §9.3.2).
            let route = if method == Method::GET {
                web::route().guard(guard::fn_guard(is_get_or_head))
            } else {
                web::method(method)
            };
            resource = resource.route(answered_by(route));
        }
        let resource = resource.default_service(refuse_method(allowed));
        // What asks nobody who they are needs no look-up.
        if is_asking {
            config.service(resource.wrap(from_fn(bearer::load)));
        } else {
            config.service(resource);
        }
    }
}

/// For 405 (RFC 9110 §15.5.6).
fn allow(routes: &[ApiRoute]) -> String {
    let mut methods: Vec<&str> = Vec::new();
    for route in routes {
        methods.push(route.method.as_str());
        if route.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.join(", ")
}

/// An address that takes other methods than the one it was asked with.
pub fn refuse_method(allowed: impl Into<String>) -> Route {
    let allowed = allowed.into();
    let allow = HeaderValue::from_str(&allowed).unwrap_or(HeaderValue::from_static(""));
    web::route().to(move |request: HttpRequest| {
        let allow = allow.clone();
        async move {
            let problem = Problem {
                code: "method_not_allowed",
                message: "This address does not take that method.",
            };
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut response: HttpResponse = respond_with(request.head(), status, problem);
            response.headers_mut().insert(ALLOW, allow);
            response
        }
    })
}
