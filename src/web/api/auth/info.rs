//! `GET /api/auth/info`: who is signed in, from the cookie alone.

use actix_web::HttpResponse;
use serde::Serialize;
use uuid::Uuid;

use crate::provider::Provider;
use crate::web::caller::Known;

/// `{}` for a stranger; never 401. While it cannot be told whether somebody's
/// session was ended: 503, not "nobody".
#[derive(Serialize)]
struct Info<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<InfoUser<'a>>,
    #[serde(rename = "authProvider", skip_serializing_if = "Option::is_none")]
    auth_provider: Option<Provider>,
}

#[derive(Serialize)]
struct InfoUser<'a> {
    id: Uuid,
    username: &'a str,
    email: Option<&'a str>,
    avatar: Option<&'a str>,
    name: Option<&'a str>,
}

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
