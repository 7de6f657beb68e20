//! The whole app on one worker, and a bare actix handler that answers the same.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, rt};
use vestibule::config::{Config, Environment};
use vestibule::crypto::keys::{KeyRing, LiveRing};
use vestibule::web::Server;

use crate::backstage;
use crate::load::Load;
use crate::stage::Stage;

/// As the app's.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The whole app on one worker; its port.
pub fn app(stage: &Stage) -> u16 {
    let mut settings = stage.settings(&stage.database("vestibule"));
    settings.push(("BIND", "127.0.0.1:0".to_owned()));
    // Not read: the ring is handed over. It only has to be set.
    settings.push(("KEYS", "{}".to_owned()));
    let environment: Environment = settings.into_iter().collect();
    let config = Config::read(&environment).unwrap();
    backstage::run(async move || {
        let ring = Arc::new(LiveRing::fixed(KeyRing::generate()));
        let server = Server::start(config, ring, Some(1)).unwrap();
        server.ready().await;
        (server.address().port(), server)
    })
}

/// An answer that needs no thought.
#[derive(Clone)]
struct Ready {
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Ready {
    fn of(answer: &[u8]) -> Self {
        let (lines, body) = split(answer);
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.parse().unwrap(), value.parse().unwrap())
        };
        // actix itself adds the length and the date.
        let own = |line: &&str| !line.starts_with("content-length") && !line.starts_with("date");
        Self {
            headers: lines.into_iter().skip(1).filter(own).map(header).collect(),
            body: Bytes::copy_from_slice(body),
        }
    }
}

/// The lines of its head, and its body.
fn split(answer: &[u8]) -> (Vec<&str>, &[u8]) {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.unwrap() + 4);
    (
        str::from_utf8(head).unwrap().trim_end().lines().collect(),
        body,
    )
}

/// All but what each answer has of its own, in any order.
fn comparable(answer: &[u8]) -> (Vec<&str>, &[u8]) {
    let (mut lines, body) = split(answer);
    lines.retain(|line| !line.starts_with("date") && !line.starts_with("x-request-id"));
    lines.sort_unstable();
    (lines, body)
}

/// A bare handler on one worker, with the app's answer ready; its port.
pub fn of(app: &Load, path: &'static str) -> u16 {
    let ready = Ready::of(app.answer());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    backstage::run(async move || {
        let ready = Data::new(ready);
        let app = move || {
            App::new()
                .app_data(ready.clone())
                .route(path, web::get().to(answer))
        };
        let server = HttpServer::new(app)
            .workers(1)
            .keep_alive(KEEP_ALIVE)
            .disable_signals()
            .listen(listener)
            .unwrap();
        (port, rt::spawn(server.run()))
    })
}

async fn answer(ready: Data<Ready>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    for header in &ready.headers {
        answer.insert_header(header.clone());
    }
    answer.body(ready.body.clone())
}

/// They say the same.
pub fn assert_alike(app: &Load, bare: &Load) {
    assert_eq!(comparable(app.answer()), comparable(bare.answer()));
}
