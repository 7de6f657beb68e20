//! `GET /api/me`: who is calling, and what they may do.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::document::CallerErrors;
use crate::models::TokenScope;
use crate::web::caller::{Caller, Read, Who};

#[derive(Serialize, ToSchema)]
pub struct Me<'a> {
    user: MyUser<'a>,
    via: Via,
    /// What the caller may do: a token's scopes; with a session, `read` and
    /// `write`.
    #[schema(value_type = Vec<String>, example = json!(["read"]))]
    scopes: Vec<TokenScope>,
}

#[derive(Serialize, ToSchema)]
pub struct MyUser<'a> {
    id: Uuid,
    #[schema(example = "ada")]
    username: &'a str,
    #[schema(example = "ada@example.com")]
    email: Option<&'a str>,
    avatar: Option<&'a str>,
    #[schema(example = "Ada Lovelace")]
    name: Option<&'a str>,
}

/// What the caller came with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Via {
    Session,
    Token,
}

/// Who is calling
///
/// By session the person is told as the cookie tells them, without a database
/// read.
#[utoipa::path(
    get, path = "/api/me", tag = "Callers",
    security(("session" = []), ("token" = ["read"])),
    responses((status = 200, description = "The caller", body = Me), CallerErrors)
)]
pub async fn show(me: Caller<Read>) -> HttpResponse {
    HttpResponse::Ok().json(match me.who() {
        Who::Session(me) => {
            let user = &me.session().claims().user;
            Me {
                user: MyUser {
                    id: user.id,
                    username: &user.username,
                    email: user.email.as_deref(),
                    avatar: user.avatar.as_deref(),
                    name: user.name.as_deref(),
                },
                via: Via::Session,
                scopes: vec![TokenScope::Read, TokenScope::Write],
            }
        }
        Who::Token(token) => {
            let user = token.user();
            Me {
                user: MyUser {
                    id: user.id.as_uuid(),
                    username: &user.username,
                    email: user.email.as_deref(),
                    avatar: user.avatar_url.as_deref(),
                    name: user.name.as_deref(),
                },
                via: Via::Token,
                scopes: token.scopes().iter().collect(),
            }
        }
    })
}
