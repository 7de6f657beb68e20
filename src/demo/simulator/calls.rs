//! The calls that the providers received, and which paths are theirs.

use std::collections::VecDeque;

use chrono::{SecondsFormat, Utc};
use serde::Serialize;

use crate::provider::Provider;

/// Enough for any test; a demo that runs for weeks stays small.
const CALLS_KEPT: usize = 10_000;

/// Paths alone: a query string may hold a code, and a header a token.
#[derive(Clone, Serialize)]
pub struct Call {
    /// RFC 3339, UTC.
    pub at: String,
    pub provider: Provider,
    pub method: String,
    pub endpoint: String,
    /// 0 when the connection was closed without an answer.
    pub status: u16,
}

impl Call {
    /// The time of day in `at`.
    pub fn clock(&self) -> &str {
        self.at.split(['T', 'Z']).nth(1).unwrap_or(&self.at)
    }
}

#[derive(Default)]
pub struct Calls(VecDeque<Call>);

impl Calls {
    pub fn record(&mut self, provider: Provider, method: &str, endpoint: &str, status: u16) {
        if self.0.len() == CALLS_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(Call {
            at: Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            provider,
            method: method.to_owned(),
            endpoint: endpoint.to_owned(),
            status,
        });
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.0.iter()
    }
}

/// A path that belongs to a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Endpoint {
    pub provider: Provider,
    pub role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Authorize,
    Token,
    Profile,
    Revoke,
}

impl Endpoint {
    /// Whose path it is; both providers share the port, but no path.
    pub fn of(path: &str) -> Option<Self> {
        let (provider, role) = match path {
            "/login/oauth/authorize" => (Provider::GitHub, Role::Authorize),
            "/login/oauth/access_token" => (Provider::GitHub, Role::Token),
            "/user" | "/user/emails" | "/user/repos" | "/rate_limit" => {
                (Provider::GitHub, Role::Profile)
            }
            "/oauth/authorize" => (Provider::Vercel, Role::Authorize),
            "/login/oauth/token" => (Provider::Vercel, Role::Token),
            "/login/oauth/token/revoke" => (Provider::Vercel, Role::Revoke),
            "/login/oauth/userinfo" | "/v2/user" | "/v2/teams" => (Provider::Vercel, Role::Profile),
            path if path.starts_with("/applications/") => (Provider::GitHub, Role::Revoke),
            _ => return None,
        };
        Some(Self { provider, role })
    }
}
