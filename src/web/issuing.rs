//! Making and revoking API tokens, for the page and for the API alike.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::Connection as _;

use super::state::Vestibule;
use crate::crypto::api_token::PlainToken;
use crate::error::{Error, Problem};
use crate::models::api_token::{ApiToken, NewToken, NotMade};
use crate::models::ids::ApiTokenId;
use crate::models::{Scope, TokenScopes, Visitor};

const LONGEST_NAME: usize = 100;
/// Longer is never: then leave it out.
const LONGEST_LIFE: TimeDelta = TimeDelta::days(3_653);
/// Tokens have to be revoked, or expire, before there can be others.
const WAIT_FOR_ROOM: Duration = Duration::from_mins(1);

/// A token as somebody wishes it.
pub struct Wish<'a> {
    pub name: &'a str,
    pub scopes: &'a [String],
    pub expires_at: Option<DateTime<Utc>>,
}

impl Wish<'_> {
    pub fn check(&self, now: DateTime<Utc>) -> Result<NewToken, Error> {
        let name = self.name.trim();
        let length = name.chars().count();
        if length == 0 || length > LONGEST_NAME || !name.chars().all(is_plain) {
            return Err(Error::Invalid(Problem {
                code: "invalid_name",
                message: "A token needs a name of 1 to 100 characters, by which you know it later.",
            }));
        }
        let scopes = self.scopes.iter().map(|word| word.parse());
        let scopes = scopes.collect::<Result<Vec<_>, _>>().map_err(|_| {
            Error::Invalid(Problem {
                code: "invalid_scope",
                message: "The scopes of a token are some of read, write and accounts:token.",
            })
        })?;
        if scopes.is_empty() {
            return Err(Error::Invalid(Problem {
                code: "invalid_scope",
                message: "A token needs at least one scope: read, write or accounts:token.",
            }));
        }
        let ahead = now..now + LONGEST_LIFE;
        if self.expires_at.is_some_and(|at| !ahead.contains(&at)) {
            return Err(Error::Invalid(Problem {
                code: "invalid_expiry",
                message: "The time at which a token expires has to lie ahead, by ten years at most.",
            }));
        }
        Ok(NewToken {
            name: name.to_owned(),
            scopes: TokenScopes::new(scopes),
            expires_at: self.expires_at,
        })
    }
}

/// Nothing that is not seen, or that turns what stands beside it around.
fn is_plain(c: char) -> bool {
    let is_format = matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    !c.is_control() && !is_format
}

/// Makes a token. The plain one is shown once, and kept nowhere.
pub async fn issue(
    app: &Vestibule,
    scope: Scope,
    new: NewToken,
    visitor: Visitor,
) -> Result<(PlainToken, ApiToken), Error> {
    let plain = PlainToken::generate();
    app.db
        .run(move |conn| {
            conn.transaction(|conn| {
                let made = ApiToken::create(conn, scope, &plain, &new, &visitor)?;
                Ok::<_, NotMade>((plain, made))
            })
        })
        .await
}

impl From<NotMade> for Error {
    fn from(reason: NotMade) -> Self {
        match reason {
            NotMade::TooMany => Self::TooMany(
                Problem {
                    code: "too_many_tokens",
                    message: "You have 20 API tokens. Revoke one before you make another.",
                },
                WAIT_FOR_ROOM,
            ),
            NotMade::TooFast => Self::TooMany(
                Problem {
                    code: "too_many_tokens",
                    message: "You have made many API tokens within the last hour. Please wait before you make another.",
                },
                WAIT_FOR_ROOM,
            ),
            NotMade::Database(error) => error.into(),
        }
    }
}

/// Revokes one of the caller's tokens.
///
/// # Errors
/// `NotFound` when it is not theirs, or not there any more.
pub async fn revoke(
    app: &Vestibule,
    scope: Scope,
    id: ApiTokenId,
    visitor: Visitor,
) -> Result<ApiToken, Error> {
    let revoked = app
        .db
        .run(move |conn| conn.transaction(|conn| ApiToken::revoke(conn, scope, id, &visitor)))
        .await?;
    app.programs.refuse(id);
    Ok(revoked)
}
