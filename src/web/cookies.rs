//! Our cookies: read byte for byte, written with exact attributes.

use std::io::BufRead as _;
use std::iter;

use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue};

use crate::config::PublicUrl;
use crate::provider::Provider;

/// A year.
const LAST_PROVIDER_SECONDS: i64 = 31_536_000;

/// Names and attributes, which depend on whether the origin is https.
pub struct Cookies {
    pub session: &'static str,
    pub sign_in: &'static str,
    /// With which provider this browser signed in last: nothing hangs on it.
    pub last_provider: &'static str,
    pub secure: bool,
}

/// What a request brings under one name.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    None,
    One(&'a [u8]),
    /// One of them was planted: neither is believed.
    Several,
}

impl Cookies {
    pub fn new(public_url: &PublicUrl) -> Self {
        let secure = public_url.is_secure();
        Self {
            session: if secure { "__Host-session" } else { "session" },
            sign_in: if secure { "__Host-sign-in" } else { "sign-in" },
            last_provider: if secure {
                "__Host-last-provider"
            } else {
                "last-provider"
            },
            secure,
        }
    }

    /// RFC 6265bis §4.1.3.2: `__Host-` asks for Secure, Path=/ and no Domain.
    pub fn attributes(&self) -> &'static str {
        if self.secure {
            "Path=/; Secure; HttpOnly; SameSite=Lax"
        } else {
            "Path=/; HttpOnly; SameSite=Lax"
        }
    }

    /// A Set-Cookie value for the session's token.
    pub fn set_session(&self, token: &str, max_age: i64) -> HeaderValue {
        header(&format!(
            "{}={token}; {}; Max-Age={max_age}",
            self.session,
            self.attributes()
        ))
    }

    /// Remembers a provider for the sign-in page.
    pub fn set_last_provider(&self, provider: Provider) -> HeaderValue {
        header(&format!(
            "{}={provider}; {}; Max-Age={LAST_PROVIDER_SECONDS}",
            self.last_provider,
            self.attributes()
        ))
    }

    /// The provider that this browser signed in with last.
    pub fn find_last_provider(&self, headers: &HeaderMap) -> Option<Provider> {
        match find(headers, self.last_provider) {
            Found::One(value) => std::str::from_utf8(value).ok()?.parse().ok(),
            Found::None | Found::Several => None,
        }
    }

    /// Deletes a cookie, with the attributes that it was set with.
    pub fn remove(&self, name: &str) -> HeaderValue {
        header(&format!("{name}=; {}; Max-Age=0", self.attributes()))
    }
}

fn header(text: &str) -> HeaderValue {
    // Names, attributes and compact tokens are visible ASCII.
    let mut value = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// Finds a cookie in all Cookie lines. The name is compared byte for byte:
/// nothing is decoded, and only spaces and tabs are trimmed.
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Found<'a> {
    let mut found = Found::None;
    for line in headers.get_all(COOKIE) {
        for pair in pairs(line.as_bytes()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (Some(key), Some(value)) = (halves.next(), halves.next()) else {
                continue;
            };
            if trim(key) != name.as_bytes() {
                continue;
            }
            if found != Found::None {
                return Found::Several;
            }
            found = Found::One(trim(value));
        }
    }
    found
}

/// What stands between semicolons. A token is hundreds of bytes long: here they
/// are searched many at a time, as `split` would not.
fn pairs(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    iter::from_fn(move || {
        let here = rest;
        let length = rest.skip_until(b';').ok().filter(|length| *length > 0)?;
        let pair = &here[..length];
        Some(pair.strip_suffix(b";").unwrap_or(pair))
    })
}

/// Whether a Set-Cookie value is for this cookie.
pub fn sets(value: &HeaderValue, name: &str) -> bool {
    let rest = value.as_bytes().strip_prefix(name.as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"="))
}

fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes
        .iter()
        .position(|byte| !blank(byte))
        .unwrap_or(bytes.len());
    let end = bytes
        .iter()
        .rposition(|byte| !blank(byte))
        .map_or(start, |at| at + 1);
    &bytes[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "__Host-session";

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn found(lines: &[&str]) -> String {
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
        match find(&headers(&lines), NAME) {
            Found::None => "none".to_owned(),
            Found::One(value) => String::from_utf8_lossy(value).into_owned(),
            Found::Several => "several".to_owned(),
        }
    }

    #[test]
    fn ours_is_read_among_a_hundred_others() {
        let others = "other=\"quo;ted\"; ".repeat(100);
        let line = others + "=nameless; nothing; a==b; __Host-session=token";
        assert_eq!(found(&[&line]), "token");
        assert_eq!(
            found(&["a=1", " \t__Host-session = token \t; b=2"]),
            "token"
        );
    }

    #[test]
    fn impostors_are_not_ours() {
        for line in [
            "%5F%5FHost-session=evil",
            "__host-session=evil",
            "__Host-session%20=evil",
            "x__Host-session=evil",
            "\u{a0}__Host-session=evil",
            "\u{2003}__Host-session=evil",
            "__Host-sessionx=evil",
            "__Host-session",
        ] {
            assert_eq!(found(&[line]), "none", "{line:?}");
            assert_eq!(found(&[line, "__Host-session=token"]), "token", "{line:?}");
        }
    }

    #[test]
    fn two_are_as_good_as_none() {
        assert_eq!(found(&["__Host-session=a; __Host-session=b"]), "several");
        assert_eq!(found(&["__Host-session=a", "__Host-session=a"]), "several");
    }
}
