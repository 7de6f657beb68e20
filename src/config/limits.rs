//! How long sessions last, and how often an address may do what is dear.

use std::time::Duration;

use super::reader::Reader;

/// Two weeks: long enough for people, short for a stolen cookie.
const SESSION_IDLE_TIMEOUT: Duration = Duration::from_hours(14 * 24);
/// After three months everybody signs in again.
const SESSION_MAX_AGE: Duration = Duration::from_hours(90 * 24);
/// Browsers keep no cookie longer than 400 days (RFC 6265bis §5.5).
const LONGEST_SESSION: Duration = Duration::from_hours(400 * 24);
/// Nobody signs in more often than every two seconds, and an office behind
/// one address hardly does.
const RATE_LIMIT_SIGN_IN: u32 = 30;
const RATE_LIMIT_CALLBACK: u32 = 30;
/// A program with a stale token notices sooner.
const RATE_LIMIT_BEARER: u32 = 60;

/// How long a session lasts: without a visit, and at most.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    pub idle: Duration,
    pub max_age: Duration,
}

/// How often a minute an address may do what is dear. 0: no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Start a sign-in.
    pub sign_in: u32,
    /// Come back from one.
    pub callback: u32,
    /// Present a token that is refused.
    pub bearer: u32,
}

impl SessionLimits {
    pub fn read(reader: &mut Reader) -> Self {
        let idle = reader.duration("SESSION_IDLE_TIMEOUT", SESSION_IDLE_TIMEOUT);
        let max_age = reader.duration("SESSION_MAX_AGE", SESSION_MAX_AGE);
        if idle < Duration::from_secs(1) {
            reader.problem(
                "SESSION_IDLE_TIMEOUT",
                "must be at least one second, such as 14d",
            );
        }
        if max_age < idle {
            reader.problem(
                "SESSION_MAX_AGE",
                "must not be shorter than SESSION_IDLE_TIMEOUT",
            );
        }
        if max_age > LONGEST_SESSION {
            reader.problem(
                "SESSION_MAX_AGE",
                "must be at most 400d: browsers keep no cookie longer",
            );
        }
        Self { idle, max_age }
    }
}

impl RateLimits {
    pub const VARIABLES: [&str; 3] = [
        "RATE_LIMIT_SIGN_IN",
        "RATE_LIMIT_CALLBACK",
        "RATE_LIMIT_BEARER",
    ];

    /// For the demo too, which reads nothing else.
    pub fn read(reader: &mut Reader) -> Self {
        let mut limit = |name, default| {
            reader.parsed(name, default, |text| {
                text.parse().map_err(|_| {
                    "give how often a minute, such as 30, or 0 for no limit".to_owned()
                })
            })
        };
        let [sign_in, callback, bearer] = Self::VARIABLES;
        Self {
            sign_in: limit(sign_in, RATE_LIMIT_SIGN_IN),
            callback: limit(callback, RATE_LIMIT_CALLBACK),
            bearer: limit(bearer, RATE_LIMIT_BEARER),
        }
    }
}
