//! The words for where a fault strikes and what it looks like.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    Token,
    /// Every API call: the profile, the addresses, repositories, teams.
    Profile,
    Revoke,
    /// All of these.
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// A page in HTML with status 200.
    Html,
    /// 200 with an `error` member.
    #[serde(rename = "error_200")]
    Error200,
    /// 302 to a path that counts who follows.
    Redirect,
    /// A gigabyte, until the peer hangs up.
    Endless,
    /// 100 kB that inflate to 106 MB.
    GzipBomb,
    /// The connection is closed before anything was done.
    Reset,

    // From here on what was asked is done, and the answer spoiled.
    /// The connection is closed after it was done: the answer is lost.
    Lost,
    Empty,
    Truncated,
    Array,
    WrongTypes,
    NegativeExpiresIn,
    HugeExpiresIn,
    StringExpiresIn,
    NoToken,
    NoTokenType,
    /// 10 MB of valid JSON.
    Huge,
    /// A byte a second.
    Slow,
    /// Valid, with members that nobody knows; clients have to accept it.
    UnknownMembers,
}

impl On {
    pub const ALL: [Self; 4] = [Self::Both, Self::Token, Self::Profile, Self::Revoke];
}

impl Malformed {
    pub const ALL: [Self; 19] = [
        Self::Html,
        Self::Error200,
        Self::Redirect,
        Self::Endless,
        Self::GzipBomb,
        Self::Reset,
        Self::Lost,
        Self::Empty,
        Self::Truncated,
        Self::Array,
        Self::WrongTypes,
        Self::NegativeExpiresIn,
        Self::HugeExpiresIn,
        Self::StringExpiresIn,
        Self::NoToken,
        Self::NoTokenType,
        Self::Huge,
        Self::Slow,
        Self::UnknownMembers,
    ];
}

/// The word in JSON, in forms too. (serde serializes a unit variant to any
/// formatter as its name.)
impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
