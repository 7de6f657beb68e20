//! Floor 0: who can vouch for a person.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An identity provider that Vestibule speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Provider {
    GitHub,
    Vercel,
}

impl Provider {
    /// In the order in which pages offer them.
    pub const ALL: [Self; 2] = [Self::GitHub, Self::Vercel];

    /// The word in routes, cookies and the database: `github` or `vercel`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::Vercel => "vercel",
        }
    }

    /// The name that people know.
    pub const fn label(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::Vercel => "Vercel",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word was not one of [`Provider::as_str`].
#[derive(Debug, thiserror::Error)]
#[error("unknown provider: neither github nor vercel")]
pub struct UnknownProvider;

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.as_str() == word)
            .ok_or(UnknownProvider)
    }
}

/// For serde, whose derived enum would also read `{"github": null}`.
impl TryFrom<String> for Provider {
    type Error = UnknownProvider;

    fn try_from(word: String) -> Result<Self, UnknownProvider> {
        word.parse()
    }
}
