//! A program with an API token.

use crate::http::request as http_request;
use crate::visitor::Browser;

/// An API token with this scope, made as a page of ours makes it. Those that
/// were there are revoked, so that there is always room.
pub fn token(browser: &mut Browser, cookie: &str, scope: &str) -> String {
    let list = browser.app.ask(&crate::visitor::get("/api/tokens", cookie));
    let list: serde_json::Value = serde_json::from_slice(&list.body).unwrap();
    for old in list["tokens"].as_array().unwrap() {
        let path = format!("DELETE /api/tokens/{}", old["id"].as_str().unwrap());
        let headers = format!("cookie: {cookie}\r\nsec-fetch-site: same-origin\r\n");
        browser.app.ask(&http_request(&path, "localhost", &headers));
    }
    let wish = format!(r#"{{"name":"bench","scopes":["{scope}"]}}"#);
    let headers = format!(
        "cookie: {cookie}\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n",
        wish.len()
    );
    let mut request = http_request("POST /api/tokens", "localhost", &headers);
    request.extend(wish.as_bytes());
    let made = browser.app.ask(&request);
    assert_eq!(made.status, 201, "{}", made.head);
    let made: serde_json::Value = serde_json::from_slice(&made.body).unwrap();
    made["token"].as_str().unwrap().to_owned()
}

/// As a program asks.
pub fn request(path: &str, token: &str) -> Vec<u8> {
    let headers =
        format!("authorization: Bearer {token}\r\naccept: */*\r\nuser-agent: bench/1\r\n");
    http_request(&format!("GET {path}"), "localhost", &headers)
}
