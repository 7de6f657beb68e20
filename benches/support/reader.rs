//! A program that reads provider tokens.

use std::time::Duration;

use crate::http::{Connection, request as http_request};
use crate::stage::Stage;
use crate::visitor::Browser;

/// An API token that may be handed provider tokens, made as a page of ours
/// makes it. The oldest are revoked, so that there is always room.
pub fn token(browser: &mut Browser, cookie: &str) -> String {
    let list = browser.app.ask(&crate::visitor::get("/api/tokens", cookie));
    let list: serde_json::Value = serde_json::from_slice(&list.body).unwrap();
    for old in list["tokens"].as_array().unwrap() {
        let path = format!("DELETE /api/tokens/{}", old["id"].as_str().unwrap());
        let headers = format!("cookie: {cookie}\r\nsec-fetch-site: same-origin\r\n");
        browser.app.ask(&http_request(&path, "localhost", &headers));
    }
    let wish = r#"{"name":"bench","scopes":["accounts:token"]}"#;
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

/// For the token at Vercel.
pub fn request(token: &str) -> Vec<u8> {
    let headers = format!("authorization: Bearer {token}\r\nuser-agent: bench/1\r\n");
    http_request("GET /api/accounts/vercel/token", "localhost", &headers)
}

/// From now on Vercel takes so long to answer with tokens.
pub fn delay(stage: &Stage, delay: Duration) {
    let fault = format!(
        r#"{{"provider":"vercel","delay_ms":{},"on":"token"}}"#,
        delay.as_millis()
    );
    let headers = format!(
        "content-type: application/json\r\ncontent-length: {}\r\n",
        fault.len()
    );
    let host = format!("localhost:{}", stage.simulator_port);
    let mut request = http_request("PUT /_simulator/faults", &host, &headers);
    request.extend(fault.as_bytes());
    let answer = Connection::open(stage.simulator_port).ask(&request);
    assert!(answer.status < 300, "{}", answer.head);
}
