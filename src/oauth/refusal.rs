//! What can go wrong with a provider, and what that means.

use std::time::Duration;

/// Never holds what the provider sent, but for error codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// An error code of RFC 6749 §5.2 or of the provider's own.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// 429 and 5xx: try again later, when it says so.
    #[error("the provider answered {status}")]
    Unavailable {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// No connection was made: the provider has heard nothing.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(&'static str),
    /// The connection ended before the answer was there.
    #[error("the provider did not answer: {0}")]
    CutOff(&'static str),
    #[error("the provider did not answer in time")]
    TimedOut,
    #[error("the provider's answer makes no sense: {0}")]
    Malformed(&'static str),
}

/// Error codes by which providers say that a grant is over: RFC 6749's, and
/// GitHub's own ("Troubleshooting refresh tokens").
const GRANT_IS_OVER: [&str; 3] = ["invalid_grant", "bad_refresh_token", "expired_token"];

impl OAuthError {
    /// Whether the provider takes back what it granted. Other refusals (a
    /// wrong client secret, say) are ours to mend, and cost nobody anything.
    pub fn ends_the_grant(&self) -> bool {
        matches!(self, Self::Refused(code) if GRANT_IS_OVER.contains(&&**code))
    }

    /// Whether the provider may have done what was asked although we have no
    /// answer that we understand: then a refresh token may be spent.
    pub const fn may_have_been_done(&self) -> bool {
        matches!(self, Self::CutOff(_) | Self::TimedOut | Self::Malformed(_))
    }

    /// How long the provider asks to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether a token that was sent along is not accepted (any more).
    pub fn rejects_the_token(&self) -> bool {
        matches!(self, Self::Refused(code) if code == "status_401")
    }
}
