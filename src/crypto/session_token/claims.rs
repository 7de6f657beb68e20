//! What a session token says, and what it must say to be believed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Rejected;
use crate::provider::Provider;
use crate::strict_json::{nullable, object};

/// How far in the future `iat` may lie: two clocks of ours may differ a little.
const CLOCK_SKEW: i64 = 60;

/// The claims, all of them required and none else (RFC 7519 §4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionClaims {
    /// The origin that issued the token.
    pub iss: String,
    /// The origin it is for: the same.
    pub aud: String,
    /// The user's id, equal to `user.id`.
    pub sub: Uuid,
    /// The session's id: the key of its row and of its revocation.
    pub sid: Uuid,
    /// When this token was issued, in seconds.
    pub iat: i64,
    /// From when on it is refused, in seconds.
    pub exp: i64,
    /// When the session began, in milliseconds.
    pub created: i64,
    #[serde(rename = "authProvider")]
    pub auth_provider: Provider,
    #[serde(deserialize_with = "object")]
    pub user: SessionUser,
}

/// Who is signed in, as the last sign-in told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionUser {
    pub id: Uuid,
    pub username: String,
    #[serde(deserialize_with = "nullable")]
    pub email: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub avatar: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub name: Option<String>,
}

/// How many bytes of each member a token carries.
const USERNAME_BYTES: usize = 128;
const NAME_BYTES: usize = 200;
const EMAIL_BYTES: usize = 254;
const AVATAR_BYTES: usize = 512;

impl SessionUser {
    /// Names are cut; an address that is too long would be a wrong address
    /// if it were cut, so it is left out.
    pub(super) fn within_limits(mut self) -> Self {
        cut(&mut self.username, USERNAME_BYTES);
        if let Some(name) = &mut self.name {
            cut(name, NAME_BYTES);
        }
        self.email = self.email.filter(|email| email.len() <= EMAIL_BYTES);
        self.avatar = self.avatar.filter(|avatar| avatar.len() <= AVATAR_BYTES);
        self
    }

    pub(super) fn cut_names(&mut self, bytes: usize) {
        cut(&mut self.username, bytes);
        if let Some(name) = &mut self.name {
            cut(name, bytes);
        }
    }
}

fn cut(text: &mut String, bytes: usize) {
    text.truncate(text.floor_char_boundary(bytes));
}

impl SessionClaims {
    pub(super) fn check(
        &self,
        origin: &str,
        max_lifetime: Duration,
        now: DateTime<Utc>,
    ) -> Result<(), Rejected> {
        if self.iss != origin || self.aud != origin {
            return Err(Rejected::Foreign("iss or aud is another origin"));
        }
        if self.sub != self.user.id {
            return Err(Rejected::Foreign("sub is not user.id"));
        }
        if self.iat > now.timestamp() + CLOCK_SKEW {
            return Err(Rejected::NotYet);
        }
        let lifetime = self
            .exp
            .checked_sub(self.iat)
            .and_then(|s| u64::try_from(s).ok());
        if lifetime.is_none_or(|seconds| seconds > max_lifetime.as_secs()) {
            return Err(Rejected::Foreign("lives longer than any session may"));
        }
        self.not_expired(now)
    }

    /// There is no leeway on `exp`.
    pub(super) fn not_expired(&self, now: DateTime<Utc>) -> Result<(), Rejected> {
        if now.timestamp() < self.exp {
            Ok(())
        } else {
            Err(Rejected::Expired)
        }
    }
}
