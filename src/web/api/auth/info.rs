//! `GET /api/auth/info`: who is signed in, from the cookie alone.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::provider::Provider;
use crate::web::api::document::UnavailableError;
use crate::web::caller::Known;

/// `{}` for a stranger; never 401. While it cannot be told whether somebody's
/// session was ended: 503, not "nobody".
#[derive(Serialize, ToSchema)]
pub struct Info<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<InfoUser<'a>>,
    #[serde(rename = "authProvider", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "github")]
    auth_provider: Option<Provider>,
}

#[derive(Serialize, ToSchema)]
struct InfoUser<'a> {
    id: Uuid,
    username: &'a str,
    email: Option<&'a str>,
    avatar: Option<&'a str>,
    name: Option<&'a str>,
}

/// Who is signed in
///
/// From the session cookie alone, without a database read. Never 401: `{}` for
/// a stranger.
#[utoipa::path(
    get, path = "/api/auth/info", tag = "Callers",
    security((), ("session" = [])),
    responses((status = 200, description = "Who it is, or `{}`", body = Info), UnavailableError)
)]
pub async fn info(Known(me): Known) -> HttpResponse {
    let claims = me.as_ref().map(|me| me.session().claims());
    HttpResponse::Ok().json(Info {
        user: claims.map(|claims| InfoUser {
            id: claims.user.id,
            username: &claims.user.username,
            email: claims.user.email.as_deref(),
            avatar: claims.user.avatar.as_deref(),
            name: claims.user.name.as_deref(),
        }),
        auth_provider: claims.map(|claims| claims.auth_provider),
    })
}
