//! What it costs to know a caller: `cargo bench --bench callers`.
//!
//! `GET /api/me` with an API token is compared, within one process and in
//! alternating rounds, with the same route by session, and each with a bare
//! actix handler that has its answer ready. All have one worker; there is no
//! log. The whole takes about two minutes.

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
#[path = "support/reader.rs"]
mod reader;
#[path = "support/stage.rs"]
mod stage;
#[path = "support/visitor.rs"]
mod visitor;

use load::{Compared, Load};
use stage::Stage;
use visitor::{Browser, PEOPLE, get};

/// Half a minute each.
const ROUNDS: usize = 300;
const PATH: &str = "/api/me";

fn main() {
    if !asked::to_measure() {
        return;
    }
    let stage = Stage::set(stage::simulator().0);
    let port = bare::app(&stage);
    let mut browser = Browser::new(&stage, port);
    let cookie = browser.sign_in(PEOPLE[0]);
    let (by_session, by_token) = (
        get(PATH, &cookie),
        reader::request(PATH, &reader::token(&mut browser, &cookie, "read")),
    );
    println!("GET {PATH}, requests a second");
    // Connections anew each time: what is idle for long is closed.
    let load = |request: &Vec<u8>| Load::new(port, request.clone());
    let compared = load::compare(&mut load(&by_token), &mut load(&by_session), ROUNDS);
    report("by token, against by session:", &compared);
    for (name, request) in [("by token", by_token), ("by session", by_session)] {
        let mut app = load(&request);
        let mut bare = Load::new(bare::of(&app, PATH), request);
        bare::assert_alike(&app, &bare);
        let compared = load::compare(&mut app, &mut bare, ROUNDS);
        report(&format!("{name}, against bare:"), &compared);
    }
}

fn report(name: &str, compared: &Compared) {
    let (ratio, [one, other]) = (compared.ratio, compared.rates);
    println!("{name} {ratio:.3} times as many: {one:.0}, against {other:.0}");
}
