//! `PUBLIC_URL`: the one origin that people see.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Longer than any host name (RFC 1035), and short enough for our cookie,
/// which carries the origin twice.
const LONGEST: usize = 255;

/// An origin: https, or http on loopback only. Displays without a trailing
/// slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    host: String,
    port: Option<u16>,
    secure: bool,
    loopback: bool,
}

impl PublicUrl {
    pub fn parse(text: &str) -> Result<Self, String> {
        let example = "give an origin such as https://login.example.com";
        let url = Url::parse(text).map_err(|_| format!("is no URL; {example}"))?;
        let host = url
            .host()
            .ok_or_else(|| format!("has no host; {example}"))?;
        let (secure, loopback) = (url.scheme() == "https", is_loopback(&host));
        if !(secure || url.scheme() == "http" && loopback) {
            return Err(format!("must be https (http only on loopback); {example}"));
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(format!(
                "must be an origin alone, without a path; {example}"
            ));
        }
        // Letters outside ASCII grow when they are written as Punycode.
        let origin = url.origin().ascii_serialization();
        if origin.len() > LONGEST {
            return Err(format!("must be at most {LONGEST} bytes long"));
        }
        Ok(Self {
            origin,
            host: host.to_string(),
            port: url.port(),
            secure,
            loopback,
        })
    }

    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// Whether cookies are `Secure` and carry the `__Host-` prefix.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    pub fn is_production(&self) -> bool {
        self.secure && !self.loopback
    }

    /// Whether a `Host` header names this origin. On loopback the port that
    /// this process is bound to does as well, so that further instances can
    /// be visited.
    pub fn is_host(&self, header: &str, bound_port: u16) -> bool {
        let default = if self.secure { 443 } else { 80 };
        let Some((host, port)) = split_port(header, default) else {
            return false;
        };
        let ours = port == self.port.unwrap_or(default) || self.loopback && port == bound_port;

        ours && host.eq_ignore_ascii_case(&self.host)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// The host and the port; `None` when the port is no number.
fn split_port(header: &str, default: u16) -> Option<(&str, u16)> {
    match header.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            let digits = port.bytes().all(|b| b.is_ascii_digit());
            Some((host, port.parse().ok().filter(|_| digits)?))
        }
        _ => Some((header, default)),
    }
}

/// This machine and no other: `localhost`, 127.0.0.0/8, `::1`.
pub(super) fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.as_ref();
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => Ipv4Addr::is_loopback(address),
        Host::Ipv6(address) => Ipv6Addr::is_loopback(address),
    }
}
