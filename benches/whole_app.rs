//! What the house costs a request: `cargo bench --bench whole_app`.
//!
//! A signed-in `GET /api/auth/info` through the whole app is compared, within
//! one process and in alternating rounds, with a bare actix handler that has
//! the same status, headers and body ready. Both have one worker. The goal: at
//! least 0.85 times the bare handler's requests a second without a log. The
//! second figure is with the log as `serve` writes it, to /dev/null. The whole
//! takes about a minute.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it fails"
)]

#[path = "support/asked.rs"]
mod asked;
#[path = "support/backstage.rs"]
mod backstage;
#[path = "support/http.rs"]
mod http;
#[path = "support/load.rs"]
mod load;
#[path = "support/stage.rs"]
mod stage;
#[path = "support/visitor.rs"]
mod visitor;

use std::fs::File;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, rt};
use load::{Compared, Load};
use stage::Stage;
use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt as _;
use vestibule::config::{Config, Environment};
use vestibule::crypto::keys::KeyRing;
use vestibule::web::Server;
use visitor::{Browser, PEOPLE, get};

/// Half a minute, twice.
const ROUNDS: usize = 300;
/// As the app's.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
const PATH: &str = "/api/auth/info";

fn main() {
    if !asked::to_measure() {
        return;
    }
    let stage = Stage::set();
    let app_port = app(&stage);
    let cookie = Browser::new(&stage, app_port).sign_in(PEOPLE[0]);
    let mut app = Load::new(app_port, get(PATH, &cookie));
    let ready = Ready::of(app.answer());
    let mut bare = Load::new(bare(ready), get(PATH, &cookie));
    assert_eq!(
        comparable(app.answer()),
        comparable(bare.answer()),
        "they say the same"
    );

    let silent = load::compare(&mut app, &mut bare, ROUNDS);
    log_to_nowhere();
    let logged = load::compare(&mut app, &mut bare, ROUNDS);
    println!("signed-in GET {PATH} through the whole app, against a bare handler");
    report("without a log:", &silent, " (goal: 0.85)");
    report("with the log: ", &logged, "");
}

/// The whole app on one worker; its port.
fn app(stage: &Stage) -> u16 {
    let mut settings = stage.settings(&stage.database("vestibule"));
    settings.push(("BIND", "127.0.0.1:0".to_owned()));
    // Not read: the ring is handed over. It only has to be set.
    settings.push(("KEYS", "{}".to_owned()));
    let environment: Environment = settings.into_iter().collect();
    let config = Config::read(&environment).unwrap();
    backstage::run(async move || {
        let server = Server::start(config, Arc::new(KeyRing::generate()), Some(1)).unwrap();
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

/// A bare handler on one worker; its port.
fn bare(ready: Ready) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    backstage::run(async move || {
        let ready = Data::new(ready);
        let app = move || {
            App::new()
                .app_data(ready.clone())
                .route(PATH, web::get().to(answer))
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

/// What `serve` logs, which nobody reads.
fn log_to_nowhere() {
    let nowhere = File::options().write(true).open("/dev/null").unwrap();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(Arc::new(nowhere))
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_filter(FilterFn::new(|metadata| {
            metadata.target().starts_with("vestibule") && *metadata.level() <= Level::INFO
        }));
    let log = tracing_subscriber::registry().with(layer);
    tracing::subscriber::set_global_default(log).unwrap();
}

fn report(name: &str, compared: &Compared, goal: &str) {
    let (ratio, [app, bare]) = (compared.ratio, compared.rates);
    println!("{name} {ratio:.3} times as many a second{goal}: {app:.0}, against {bare:.0}");
}
