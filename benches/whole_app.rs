//! What the house costs a request: `cargo bench --bench whole_app`.
//!
//! A signed-in `GET /api/auth/info` through the whole app is compared, within
//! one process and in alternating rounds, with a bare actix handler that has
//! the same status, headers and body ready. Both have one worker. The goal: at
//! least 0.85 times the bare handler's requests a second without a log. What a
//! request takes of a processor is told as well: where other programs keep the
//! cores busy, that is the steadier figure. The second pair is with the log as
//! `serve` writes it, to /dev/null. The whole takes about a minute.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it fails"
)]

#[path = "support/asked.rs"]
mod asked;
#[path = "support/backstage.rs"]
mod backstage;
#[path = "support/bare.rs"]
mod bare;
#[path = "support/http.rs"]
mod http;
#[path = "support/load.rs"]
mod load;
#[path = "support/stage.rs"]
mod stage;
#[path = "support/threads.rs"]
mod threads;
#[path = "support/visitor.rs"]
mod visitor;

use std::fs::File;
use std::sync::Arc;

use load::Load;
use stage::Stage;
use threads::Threads;
use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt as _;
use visitor::{Browser, PEOPLE, get};

/// Half a minute, twice.
const ROUNDS: usize = 300;
const PATH: &str = "/api/auth/info";

fn main() {
    if !asked::to_measure() {
        return;
    }
    let stage = Stage::set(stage::simulator().0);
    let ((app, cookie), app_threads) = Threads::of(|| {
        let port = bare::app(&stage);
        let cookie = Browser::new(&stage, port).sign_in(PEOPLE[0]);
        (Load::new(port, get(PATH, &cookie)), cookie)
    });
    let (bare, bare_threads) = Threads::of(|| Load::new(bare::of(&app, PATH), get(PATH, &cookie)));
    bare::assert_alike(&app, &bare);

    let mut loads = [app, bare];
    let threads = [app_threads, bare_threads];
    println!("signed-in GET {PATH} through the whole app, against a bare handler");
    compare("without a log", &mut loads, &threads, " (goal: 0.85)");
    log_to_nowhere();
    compare("with the log", &mut loads, &threads, "");
}

fn compare(name: &str, loads: &mut [Load; 2], threads: &[Threads; 2], goal: &str) {
    let before = threads.each_ref().map(Threads::worked);
    let [app, bare] = loads;
    let compared = load::compare(app, bare, ROUNDS);
    let (ratio, [app, bare]) = (compared.ratio, compared.rates);
    println!("{name}: {ratio:.3} times as many a second{goal}: {app:.0}, against {bare:.0}");

    let after = threads.each_ref().map(Threads::worked);
    let each = |nth: usize| {
        let worked = after[nth].saturating_sub(before[nth]);
        worked.as_secs_f64() * 1e6 / load::requests(ROUNDS)
    };
    let (app, bare) = (each(0), each(1));
    let ratio = bare / app;
    println!("    by processor time {ratio:.3}: {app:.2} µs each, against {bare:.2} µs");
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
