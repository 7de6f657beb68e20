//! The headers that every answer carries (OWASP Secure Headers).

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::config::{Config, ProviderConfig};

/// A year; subdomains are their owners' business.
const HSTS: &str = "max-age=31536000";

/// No sensor, no payment, no tracking: these pages need none of it.
const PERMISSIONS_POLICY: &str = "accelerometer=(), browsing-topics=(), camera=(), \
     display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
     midi=(), payment=(), publickey-credentials-get=(), usb=()";

/// Written once at start, copied to every answer.
pub struct SecurityHeaders {
    /// No handler says these.
    ours: Vec<(HeaderName, HeaderValue)>,
    /// A handler may say otherwise.
    unless_said: Vec<(HeaderName, HeaderValue)>,
}

impl SecurityHeaders {
    pub fn new(config: &Config) -> Self {
        let policy = HeaderValue::from_str(&content_security_policy(config))
            .unwrap_or(HeaderValue::from_static("default-src 'none'"));
        let fixed = |name: &'static str, value| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        let mut headers = vec![
            (header::CONTENT_SECURITY_POLICY, policy),
            fixed("x-content-type-options", "nosniff"),
            fixed("x-frame-options", "DENY"),
            fixed("permissions-policy", PERMISSIONS_POLICY),
            fixed("cross-origin-opener-policy", "same-origin"),
            fixed("cross-origin-resource-policy", "same-origin"),
        ];
        if config.public_url.is_secure() {
            headers.push(fixed("strict-transport-security", HSTS));
        }
        Self {
            ours: headers,
            unless_said: vec![
                // Not no-referrer: it would turn the Origin of our own forms into
                // null. The callback, whose address holds a code, says so itself.
                fixed("referrer-policy", "same-origin"),
                fixed("cache-control", "no-store"),
            ],
        }
    }

    pub fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.ours {
            headers.insert(name.clone(), value.clone());
        }
        for (name, value) in &self.unless_said {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

/// From `'none'` and up. Forms lead to providers because browsers apply
/// `form-action` to the redirect as well.
fn content_security_policy(config: &Config) -> String {
    let offered = || {
        config
            .providers()
            .filter_map(|provider| config.provider(provider))
    };
    let mut forms: Vec<String> = offered().flat_map(ProviderConfig::origins).collect();
    let mut pictures = forms.clone();
    if config.github.is_some() {
        pictures.push("https://avatars.githubusercontent.com".to_owned());
    }
    for list in [&mut forms, &mut pictures] {
        list.sort();
        list.dedup();
        list.insert(0, "'self'".to_owned());
    }
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src {}; form-action {}; \
         base-uri 'none'; frame-ancestors 'none'",
        pictures.join(" "),
        forms.join(" "),
    )
}
