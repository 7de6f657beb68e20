//! Static files, embedded, so that one file deploys.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;

/// Short, until names carry a content hash.
const CACHE: &str = "public, max-age=300";

pub async fn app_css() -> HttpResponse {
    serve(
        "text/css; charset=utf-8",
        include_str!("../../static/app.css"),
    )
}

pub async fn app_js() -> HttpResponse {
    serve(
        "text/javascript; charset=utf-8",
        include_str!("../../static/app.js"),
    )
}

pub async fn icon_svg() -> HttpResponse {
    serve("image/svg+xml", include_str!("../../static/icon.svg"))
}

fn serve(kind: &str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CACHE_CONTROL, CACHE))
        .body(content)
}
