//! How soon an ended session is over everywhere: `cargo bench --bench revocation`.
//!
//! Three `vestibule serve` processes share one Postgres. A thousand sessions
//! are signed in through the real callback and known to all three; each is
//! signed out at the first. The time from that answer until the other two say
//! that nobody is signed in is what is measured: the longer of the two. The
//! goal: all of them within a second. The whole takes about a minute.

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
#[path = "support/serving.rs"]
mod serving;
#[path = "support/stage.rs"]
mod stage;
#[path = "support/visitor.rs"]
mod visitor;

use std::thread;
use std::time::{Duration, Instant};

use http::Connection;
use serving::Serving;
use stage::Stage;
use visitor::{Browser, PEOPLE, get, post};

/// A person may have a hundred sessions at once, so they end in rounds.
const ROUNDS: usize = 20;
const PER_ROUND: usize = 50;
/// Under way at once: enough to be done in minutes, too few to keep two cores
/// from what is measured.
const AT_ONCE: usize = 5;
/// What is promised.
const GOAL: Duration = Duration::from_secs(1);
/// How exactly the end is seen, against the 250 ms between polls.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// A session that lives longer never ends.
const PATIENCE: Duration = Duration::from_secs(20);
/// Sign-outs start evenly over this, the time between two polls. They would
/// fall right behind one otherwise, where the last one's end was seen.
const SPREAD: Duration = Duration::from_millis(250);

fn main() {
    if !asked::to_measure() {
        return;
    }
    let (stage, folder) = (
        Stage::set(stage::simulator().0),
        tempfile::tempdir().unwrap(),
    );
    serving::make_keys(folder.path());
    let settings = stage.settings(&stage.database("vestibule"));
    let processes = [0; 3].map(|_| Serving::start(&settings, folder.path()));
    let ports = processes.each_ref().map(|process| process.port);

    let mut browser = Browser::new(&stage, ports[0]);
    let mut people = PEOPLE.into_iter().cycle();
    let mut took = Vec::new();
    for round in 0..ROUNDS {
        let cookies: Vec<_> = people
            .by_ref()
            .take(PER_ROUND)
            .map(|person| browser.sign_in(person))
            .collect();
        let offset = round * PER_ROUND;
        took.extend(end_all(&cookies, offset, ports));
    }
    report(took);
}

/// Ends each of these sessions at the first process; how long the others took
/// to hear of it.
fn end_all(cookies: &[String], offset: usize, ports: [u16; 3]) -> Vec<Duration> {
    let share = |nth: usize| {
        let numbered = cookies.iter().zip(offset..);
        numbered.skip(nth).step_by(AT_ONCE)
    };
    thread::scope(|scope| {
        let enders: Vec<_> = (0..AT_ONCE)
            .map(|nth| {
                scope.spawn(move || {
                    let mut here = Connection::open(ports[0]);
                    let mut elsewhere = [ports[1], ports[2]].map(Connection::open);
                    share(nth)
                        .map(|(cookie, number)| end(cookie, number, &mut here, &mut elsewhere))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let joined = enders.into_iter().map(|ender| ender.join().unwrap());
        joined.flatten().collect()
    })
}

fn end(
    cookie: &str,
    number: usize,
    here: &mut Connection,
    elsewhere: &mut [Connection; 2],
) -> Duration {
    let info = get("/api/auth/info", cookie);
    for other in &mut *elsewhere {
        assert!(is_signed_in(other, &info), "not known everywhere");
    }
    thread::sleep(SPREAD.mul_f64(evenly(number)));
    let answer = here.ask(&post("/api/auth/signout", cookie));
    let ended = Instant::now();
    assert_eq!(answer.status, 303, "{}", answer.head);

    let mut waiting: Vec<_> = elsewhere.iter_mut().collect();
    loop {
        waiting.retain_mut(|other| is_signed_in(other, &info));
        if waiting.is_empty() {
            return ended.elapsed();
        }
        assert!(ended.elapsed() < PATIENCE, "an ended session goes on");
        thread::sleep(LOOK_EVERY);
    }
}

/// Numbers below 1 that leave no gap: the fractions of multiples of the golden
/// ratio.
fn evenly(number: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    #[expect(clippy::cast_precision_loss, reason = "a thousand at most")]
    let multiple = number as f64 * GOLDEN;
    multiple.fract()
}

fn is_signed_in(process: &mut Connection, info: &[u8]) -> bool {
    let answer = process.ask(info);
    assert_eq!(answer.status, 200, "{}", answer.head);
    answer.body != b"{}"
}

fn report(mut took: Vec<Duration>) {
    took.sort();
    let count = took.len();
    let within = took.iter().filter(|took| **took <= GOAL).count();
    let at = |percent: usize| took[(count * percent / 100).min(count - 1)].as_millis();
    println!("sessions ended at one process, and over at two others");
    println!("within 1 s:      {within} of {count} (goal: all)");
    println!("median:          {} ms", at(50));
    println!("99th percentile: {} ms", at(99));
    println!("worst:           {} ms", at(100));
}
