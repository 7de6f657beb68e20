//! Where to go after signing in: a path of this origin, or `/`.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::PublicUrl;

/// Longer targets are not kept: five of them have to fit a cookie.
const LONGEST: usize = 400;

/// A path of this origin, with its query. Never leaves it, whatever was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NextPath(String);

impl NextPath {
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// `asked` as it was after one decoding. Everything that is not plainly a
    /// path of `origin` becomes `/`.
    pub fn parse(asked: &str, origin: &PublicUrl) -> Self {
        Self::checked(asked, origin).unwrap_or_else(Self::home)
    }

    fn checked(asked: &str, origin: &PublicUrl) -> Option<Self> {
        // Browsers take a backslash for a slash and drop control characters.
        let odd = |c: char| c == '\\' || c.is_control();
        if !asked.starts_with('/') || asked.starts_with("//") || asked.contains(odd) {
            return None;
        }
        let base = Url::parse(origin.as_str()).ok()?;
        let url = base.join(asked).ok()?;
        // `/..//host` is harmless until it is put into a Location.
        if url.origin() != base.origin() || url.path().starts_with("//") {
            return None;
        }
        let mut path = url.path().to_owned();
        if let Some(query) = url.query() {
            path = format!("{path}?{query}");
        }
        (path.len() <= LONGEST).then_some(Self(path))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_home(&self) -> bool {
        self.0 == "/"
    }
}

impl fmt::Display for NextPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(asked: &str) -> String {
        let origin = PublicUrl::parse("https://a.example").unwrap();
        NextPath::parse(asked, &origin).to_string()
    }

    #[test]
    fn a_path_of_this_origin_is_kept() {
        for path in [
            "/",
            "/account",
            "/account/tokens?new=1&x=%20y",
            "/a%2F%2Fb",
            "/@evil.example",
        ] {
            assert_eq!(next(path), path);
        }
        assert_eq!(
            next("/account#part"),
            "/account",
            "a fragment never reaches a server"
        );
        assert_eq!(next("/é"), "/%C3%A9");
    }

    #[test]
    fn everything_else_is_home() {
        for asked in [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/..//evil.example",
            "/.//evil.example",
            "/%2e%2e//evil.example",
            "/a/..//evil.example",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "/\tevil",
            "\t//evil.example",
            "/\r\nLocation: x",
            "/\0",
            "/a\\..\\evil",
            " //evil.example",
            "http://a.example/",
        ] {
            assert_eq!(next(asked), "/", "{asked:?}");
        }
        assert_eq!(next(&format!("/{}", "a".repeat(400))), "/");
        assert_eq!(
            next(&format!("/{}", "é".repeat(100))),
            "/",
            "too long once encoded"
        );
    }
}
