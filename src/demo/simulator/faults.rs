//! What goes wrong on request: `PUT /_simulator/faults` in types.

mod bodies;
mod bomb;
mod words;

use std::time::Duration;

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};

pub use bodies::{instead, spoiled};
pub use words::{Malformed, On};

use super::calls::Role;
use super::ledger::Consent;
use super::params::split_scopes;
use crate::provider::Provider;

/// Longer than any deadline of ours, shorter than anybody's patience.
const LONGEST_DELAY_MS: u64 = 600_000;

/// Ten years; the clock can count no further without care.
const LONGEST_LIFETIME_S: u64 = 315_360_000;

const DEFAULT_LIFETIME_S: u64 = 3600;

#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Faults {
    pub provider: Provider,
    /// The answer is late, what was asked is done at once.
    pub delay_ms: u64,
    /// Answered instead of doing what was asked.
    pub status: Option<u16>,
    pub token_lifetime_s: u64,
    /// Vercel: whether answers say `expires_in`. GitHub: whether tokens expire
    /// at all, as a GitHub App's do.
    pub expires_in: bool,
    pub malformed: Option<Malformed>,
    /// Vercel: false keeps the refresh token and sends no new one.
    pub rotate: bool,
    /// Which endpoints `delay_ms`, `status` and `malformed` strike.
    pub on: On,
    /// Granted at the code's exchange instead of what was asked; an empty text
    /// grants nothing.
    pub scope: Option<String>,
    /// Answered by Vercel's userinfo, so that `/v2/user` has to do.
    pub userinfo_status: Option<u16>,
}

/// As it arrives: what is left out takes its default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knobs {
    provider: Provider,
    delay_ms: Option<u64>,
    status: Option<u16>,
    token_lifetime_s: Option<u64>,
    expires_in: Option<bool>,
    malformed: Option<Malformed>,
    rotate: Option<bool>,
    on: Option<On>,
    scope: Option<String>,
    userinfo_status: Option<u16>,
}

impl Faults {
    /// Nothing wrong. GitHub's tokens do not expire, Vercel's do.
    pub const fn none(provider: Provider) -> Self {
        Self {
            provider,
            delay_ms: 0,
            status: None,
            token_lifetime_s: DEFAULT_LIFETIME_S,
            expires_in: matches!(provider, Provider::Vercel),
            malformed: None,
            rotate: true,
            on: On::Both,
            scope: None,
            userinfo_status: None,
        }
    }

    pub const fn token_lifetime(&self) -> Duration {
        Duration::from_secs(self.token_lifetime_s)
    }

    pub const fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// Whether anything differs from [`Self::none`].
    pub fn any(&self) -> bool {
        *self != Self::none(self.provider)
    }

    /// The connection is closed instead.
    pub const fn leave_no_answer(&self) -> bool {
        let silent = matches!(self.malformed, Some(Malformed::Reset | Malformed::Lost));
        silent && self.status.is_none()
    }

    pub fn strike(&self, role: Role) -> bool {
        match self.on {
            On::Token => role == Role::Token,
            On::Profile => role == Role::Profile,
            On::Revoke => role == Role::Revoke,
            On::Both => role != Role::Authorize,
        }
    }

    /// What is granted of what a person agreed to.
    pub fn narrowed(&self, mut consent: Consent) -> Consent {
        if let Some(scope) = &self.scope {
            consent.scopes = split_scopes(scope).map(str::to_owned).collect();
        }
        consent
    }
}

impl TryFrom<Knobs> for Faults {
    type Error = &'static str;

    fn try_from(knobs: Knobs) -> Result<Self, Self::Error> {
        let none = Self::none(knobs.provider);
        let faults = Self {
            provider: knobs.provider,
            delay_ms: knobs.delay_ms.unwrap_or(none.delay_ms),
            status: knobs.status,
            token_lifetime_s: knobs.token_lifetime_s.unwrap_or(none.token_lifetime_s),
            expires_in: knobs.expires_in.unwrap_or(none.expires_in),
            malformed: knobs.malformed,
            rotate: knobs.rotate.unwrap_or(none.rotate),
            on: knobs.on.unwrap_or(none.on),
            scope: knobs.scope,
            userinfo_status: knobs.userinfo_status,
        };
        for status in [faults.status, faults.userinfo_status]
            .into_iter()
            .flatten()
        {
            final_status(status).ok_or("a status is a number from 200 to 599")?;
        }
        if faults.delay_ms > LONGEST_DELAY_MS {
            return Err("delay_ms is at most 600000");
        }
        if faults.token_lifetime_s > LONGEST_LIFETIME_S {
            return Err("token_lifetime_s is at most 315360000");
        }
        Ok(faults)
    }
}

/// A status that can end an exchange: 1xx cannot.
pub fn final_status(status: u16) -> Option<StatusCode> {
    let last = (200..=599).contains(&status);
    last.then(|| StatusCode::from_u16(status).ok()).flatten()
}
