//! People who sign in, through the real callback.

use crate::http::{Answer, Connection, request};
use crate::stage::{ORIGIN, Stage};

/// The host of [`ORIGIN`].
const HOST: &str = "localhost";

/// Six different people: whoever comes with Vercel is somebody else.
pub const PEOPLE: [(&str, &str); 6] = [
    ("github", "ada"),
    ("github", "grace"),
    ("github", "alan"),
    ("vercel", "ada"),
    ("vercel", "grace"),
    ("vercel", "alan"),
];

/// A browser's two connections.
pub struct Browser {
    pub app: Connection,
    simulator: Connection,
    simulator_host: String,
}

impl Browser {
    pub fn new(stage: &Stage, app_port: u16) -> Self {
        Self {
            app: Connection::open(app_port),
            simulator: Connection::open(stage.simulator_port),
            simulator_host: format!("localhost:{}", stage.simulator_port),
        }
    }

    /// The whole flow, as somebody without cookies; the session's cookie.
    pub fn sign_in(&mut self, (provider, person): (&str, &str)) -> String {
        let callback = self.approve(provider, person);
        let answer = self.app.ask(&callback);
        cookie(&answer, "__Host-session")
    }

    /// The flow until the provider has sent us back: the request that does it.
    pub fn approve(&mut self, provider: &str, person: &str) -> Vec<u8> {
        let start = format!("/api/auth/signin/{provider}?next=/");
        let started = self.app.ask(&post(&start, ""));
        let pending = cookie(&started, "__Host-sign-in");
        let (_, address) = location(&started).split_once(&self.simulator_host).unwrap();
        let approval = request(
            &format!("GET {address}&auto={person}"),
            &self.simulator_host,
            "",
        );
        let approved = self.simulator.ask(&approval);
        let callback = location(&approved).strip_prefix(ORIGIN).unwrap();
        get(callback, &pending)
    }
}

/// `NAME=VALUE`, as it is sent back.
pub fn cookie(answer: &Answer, name: &str) -> String {
    let mut set = answer.headers("set-cookie");
    let found = set.find(|cookie| cookie.starts_with(name));
    let found = found.unwrap_or_else(|| panic!("no {name} in {}", answer.head));
    found.split(';').next().unwrap().to_owned()
}

fn location(answer: &Answer) -> &str {
    let location = answer.headers("location").next();
    location.unwrap_or_else(|| panic!("no redirect: {}", answer.head))
}

/// A request for something of ours.
pub fn get(path: &str, cookie: &str) -> Vec<u8> {
    request(&format!("GET {path}"), HOST, &headers(cookie))
}

/// One without anything in it, that changes something.
pub fn post(path: &str, cookie: &str) -> Vec<u8> {
    let headers = headers(cookie) + "content-length: 0\r\n";
    request(&format!("POST {path}"), HOST, &headers)
}

/// What a browser says besides, when a script of one of our pages asks.
const BROWSER: &str = "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    accept: */*\r\naccept-language: en-GB,en;q=0.5\r\naccept-encoding: gzip, deflate, br, zstd\r\n\
    referer: https://localhost/account\r\n\
    sec-fetch-dest: empty\r\nsec-fetch-mode: cors\r\nsec-fetch-site: same-origin\r\n";

fn headers(cookie: &str) -> String {
    if cookie.is_empty() {
        BROWSER.to_owned()
    } else {
        format!("{BROWSER}cookie: {cookie}\r\n")
    }
}
