//! Who is at the other end, as far as HTTP tells.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::dev::RequestHead;
use actix_web::http::header::{ACCEPT, HeaderMap, HeaderValue, USER_AGENT, X_FORWARDED_FOR};
use actix_web::http::{Method, Uri};

use super::state::Vestibule;
use crate::models::Visitor;

/// Address and user agent. The address is the peer's, or what proxies that
/// we trust say; nothing else that a request claims about itself.
pub fn visitor(app: &Vestibule, request: &HttpRequest) -> Visitor {
    let agent = request.headers().get(USER_AGENT).map(HeaderValue::as_bytes);
    let agent = String::from_utf8_lossy(agent.unwrap_or_default());

    Visitor::new(client_address(app, request), &agent)
}

/// The address alone.
pub fn client_address(app: &Vestibule, request: &HttpRequest) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip());
    let lines = request.headers().get_all(X_FORWARDED_FOR);
    let forwarded: Vec<&str> = lines
        .flat_map(|line| line.to_str().unwrap_or_default().split(','))
        .collect();
    if !forwarded.is_empty() && !app.config.trusted_proxies.trusts(peer) && is_time_to_tell() {
        tracing::warn!(
            %peer,
            "X-Forwarded-For from a peer that is not trusted is ignored; \
             is TRUSTED_PROXIES or TRUSTED_PROXY_HOPS to be set?"
        );
    }
    app.config.trusted_proxies.client(peer, &forwarded)
}

/// Once a minute: anybody can send that header.
fn is_time_to_tell() -> bool {
    const EVERY: Duration = Duration::from_mins(1);
    static TOLD: Mutex<Option<Instant>> = Mutex::new(None);
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let is_time = told.is_none_or(|told| told.elapsed() >= EVERY);
    if is_time {
        *told = Some(Instant::now());
    }
    is_time
}

/// Whether a person opens a page, rather than a page something else. Browsers
/// say so; for those that do not, asking for HTML is as good.
pub fn is_document_navigation(head: &RequestHead) -> bool {
    if head.method != Method::GET && head.method != Method::HEAD {
        return false;
    }
    expects_document(&head.headers)
}

/// The same, or a form of a page of ours that a person sends.
pub fn is_click(head: &RequestHead) -> bool {
    is_document_navigation(head) || head.method == Method::POST && expects_document(&head.headers)
}

fn expects_document(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-dest") {
        Some(destination) => destination == "document",
        None => accepts(headers, "text/html"),
    }
}

/// The page that was asked for, or that the form which was sent stands on:
/// where to go on after an error.
pub fn page_of(uri: &Uri) -> String {
    let path = uri.path();
    if path.starts_with("/api/auth/callback/") || path.starts_with("/api/auth/signin/") {
        return "/signin".to_owned();
    }
    if path.starts_with("/api/auth/connect/") {
        return "/account".to_owned();
    }
    if path.starts_with("/api/") {
        return "/".to_owned();
    }
    // Buttons stand below their page: /account/sessions/others/end.
    let mut depths = path.match_indices('/').map(|(at, _)| at);
    match depths.nth(2) {
        Some(third) => path[..third].to_owned(),
        None => uri
            .path_and_query()
            .map_or("/", |all| all.as_str())
            .to_owned(),
    }
}

/// Whether it can be a person who opens a page: no browser says otherwise.
pub fn may_be_navigation(head: &RequestHead) -> bool {
    let destination = head.headers.get("sec-fetch-dest");
    destination.is_none_or(|destination| destination == "document")
}

/// Whether JSON is wanted, and HTML is not.
pub fn prefers_json(headers: &HeaderMap) -> bool {
    accepts(headers, "application/json") && !accepts(headers, "text/html")
}

pub fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let mut lines = headers
        .get_all(ACCEPT)
        .filter_map(|line| line.to_str().ok());
    lines.any(|line| line.contains(kind))
}
