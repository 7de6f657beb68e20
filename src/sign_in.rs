//! Floor 3: signing in, from the first click to the session.
//!
//! ```text
//! start      pending   what is kept in the browser meanwhile
//! callback             what comes back, read strictly
//! complete             Identity -> User, Account, Session: one transaction
//! connect              Identity -> Account of somebody who is signed in
//! next_path            where to go afterwards
//! trace                what happened, for the page that shows it
//! ```

mod callback;
mod complete;
mod connect;
mod next_path;
mod pending;
mod trace;

pub use callback::{CallbackQuery, Outcome};
pub use complete::{Completed, Completion, Written};
pub use connect::{Connected, Connectedness, Connecting};
pub use next_path::NextPath;
pub use pending::{PENDING_FOR, PendingSignIn, PendingSignIns};
pub use trace::{Parameter, SignInStory, Step};

use crate::oauth::OAuthError;

/// Every way in which a callback can end without a session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no sign-in of this browser is pending under this state")]
    UnknownState,
    #[error("what the browser kept of its sign-ins cannot be read")]
    Unreadable,
    #[error("the sign-in was started too long ago")]
    Expired,
    #[error("the state was used before")]
    Used,
    #[error("the sign-in was started at the other provider")]
    OtherProvider,
    #[error("the callback is malformed: {0}")]
    Malformed(&'static str),
    #[error("the issuer is not the provider that was asked")]
    OtherIssuer,
    #[error("the person declined")]
    Declined,
    #[error("the person left while they were signing in")]
    Left,
    #[error("the session that asked to connect is over, or is another one")]
    SessionOver,
    #[error("the identity belongs to somebody else")]
    IdentityTaken,
    #[error("another identity of this provider is connected")]
    OtherIdentity,
    #[error(transparent)]
    Provider(#[from] OAuthError),
}

impl Refusal {
    /// The word in the audit trail.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownState => "unknown_state",
            Self::Unreadable => "unreadable",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::OtherProvider => "other_provider",
            Self::Malformed(_) => "malformed",
            Self::OtherIssuer => "other_issuer",
            Self::Declined => "declined",
            Self::Left => "left",
            Self::SessionOver => "session_over",
            Self::IdentityTaken => "identity_taken",
            Self::OtherIdentity => "other_identity",
            Self::Provider(OAuthError::Refused(_)) => "provider_refused",
            Self::Provider(OAuthError::Malformed(_)) => "provider_malformed",
            Self::Provider(OAuthError::TimedOut | OAuthError::CutOff(_)) => "provider_timed_out",
            Self::Provider(_) => "provider_unavailable",
        }
    }
}
