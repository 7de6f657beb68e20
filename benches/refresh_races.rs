//! What dies while it refreshes costs little: `cargo bench --bench refresh_races`.
//!
//! Three `vestibule serve` processes share one Postgres. Fifty times over an
//! account's token has expired, a thousand reads of it come at once, spread
//! over the three, and at some random moment one of the three is killed with
//! `kill -9`. The simulator rotates single-use refresh tokens and ends the
//! whole grant when one is shown twice. It counts how often each was presented,
//! and when. The goals: never twice at a time, never a third time, nobody waits
//! longer than 45 s, and at worst the person has to reconnect. The whole takes
//! about a quarter of an hour, nearly all of it to wait for leases of the dead.

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
#[path = "support/reader.rs"]
mod reader;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/stage.rs"]
mod stage;
#[path = "support/visitor.rs"]
mod visitor;

use std::io::{Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use http::Connection;
use serving::Serving;
use stage::Stage;
use visitor::{Browser, PEOPLE};

const PATH: &str = "/api/accounts/vercel/token";
const ROUNDS: usize = 50;
const READS: usize = 1_000;
/// How long the provider takes: enough for a kill to come in between.
const PROVIDER_TAKES: Duration = Duration::from_millis(400);
/// A kill comes within this, at random.
const KILL_WITHIN_MS: u64 = 700;
/// No call to a provider lasts longer, so two presentations this far apart are
/// not at a time.
const CALL: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_mins(1);

/// What came of the reads.
#[derive(Default)]
struct Tally {
    good: usize,
    later: usize,
    reconnect: usize,
    cut_off: usize,
    odd: usize,
    longest: Duration,
    /// People who have to reconnect in the end.
    lost: usize,
}

fn main() {
    if !asked::to_measure() {
        return;
    }
    let (simulator_port, issued) = stage::simulator();
    let (stage, folder) = (Stage::set(simulator_port), tempfile::tempdir().unwrap());
    serving::make_keys(folder.path());
    let database = stage.database("vestibule");
    let settings = stage.settings(&database);
    let mut processes = [0; 3].map(|_| Serving::start(&settings, folder.path()));
    delay(&stage, PROVIDER_TAKES);
    let mut tally = Tally::default();
    for round in 0..ROUNDS {
        let ports = processes.each_ref().map(|process| process.port);
        let mut browser = Browser::new(&stage, ports[0]);
        let cookie = browser.sign_in(PEOPLE[3]);
        let token = reader::token(&mut browser, &cookie, "accounts:token");
        expire(&database);
        let victim = usize::try_from(random(3)).unwrap();
        let moment = Duration::from_millis(random(KILL_WITHIN_MS));
        thread::scope(|scope| {
            let reads: Vec<_> = (0..READS)
                .map(|n| {
                    let (port, request) = (ports[n % 3], reader::request(PATH, &token));
                    let small = thread::Builder::new().stack_size(64 * 1024);
                    small
                        .spawn_scoped(scope, move || read(port, &request))
                        .unwrap()
                })
                .collect();
            thread::sleep(moment);
            processes[victim].child.kill().unwrap();
            for read in reads {
                tally.note(read.join().unwrap());
            }
        });
        processes[victim].child.wait().unwrap();
        processes[victim] = Serving::start(&settings, folder.path());
        tally.lost += usize::from(!is_settled(processes[0].port, &token));
        println!(
            "round {round}: killed {victim} after {moment:?}; {} of {} good so far",
            tally.good,
            (round + 1) * READS
        );
    }
    report(&tally, &issued.presented_refresh_tokens());
}

/// From now on Vercel takes so long to answer with tokens.
fn delay(stage: &Stage, delay: Duration) {
    let fault = format!(
        r#"{{"provider":"vercel","delay_ms":{},"on":"token"}}"#,
        delay.as_millis()
    );
    let headers = format!(
        "content-type: application/json\r\ncontent-length: {}\r\n",
        fault.len()
    );
    let host = format!("localhost:{}", stage.simulator_port);
    let mut request = http::request("PUT /_simulator/faults", &host, &headers);
    request.extend(fault.as_bytes());
    let answer = Connection::open(stage.simulator_port).ask(&request);
    assert!(answer.status < 300, "{}", answer.head);
}

fn expire(database: &str) {
    let mut conn = diesel::PgConnection::establish(database).unwrap();
    conn.batch_execute("update accounts set access_token_expires_at = now() - interval '1 second'")
        .unwrap();
}

fn random(below: u64) -> u64 {
    getrandom::u64().unwrap() % below
}

/// The status, or none when the process died; and how long it took.
fn read(port: u16, request: &[u8]) -> (Option<u16>, Duration) {
    let began = Instant::now();
    let asked = || {
        let mut stream = http::connect(port).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.write_all(request).ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).ok()?;
        std::str::from_utf8(&head[9..]).ok()?.parse().ok()
    };
    (asked(), began.elapsed())
}

impl Tally {
    fn note(&mut self, (status, took): (Option<u16>, Duration)) {
        self.longest = self.longest.max(took);
        match status {
            Some(200) => self.good += 1,
            Some(503) => self.later += 1,
            Some(409) => self.reconnect += 1,
            None => self.cut_off += 1,
            Some(_) => self.odd += 1,
        }
    }
}

/// Waits until there is a token again, or certainly none: whether there is.
fn is_settled(port: u16, token: &str) -> bool {
    let began = Instant::now();
    loop {
        let answer = Connection::open(port).ask(&reader::request(PATH, token));
        match answer.status {
            200 => return true,
            409 => return false,
            _ => assert!(began.elapsed() < PATIENCE, "{}", answer.head),
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn report(tally: &Tally, presented: &[Vec<Instant>]) {
    let times = |n: usize| presented.iter().filter(|times| times.len() == n).count();
    let more = presented.iter().filter(|times| times.len() > 2).count();
    let gaps = presented.iter().flat_map(|times| times.windows(2));
    let closest = gaps.map(|pair| pair[1] - pair[0]).min();
    println!("{ROUNDS} kills, {READS} reads each");
    println!(
        "answers:   {} good, {} come again, {} reconnect, {} cut off with their process, {} others (goal: 0)",
        tally.good, tally.later, tally.reconnect, tally.cut_off, tally.odd
    );
    println!("longest:   {:.1} s (goal: 45)", tally.longest.as_secs_f64());
    println!(
        "refresh tokens presented once: {}, twice: {}, more often: {more} (goal: 0)",
        times(1),
        times(2)
    );
    match closest {
        Some(gap) => println!(
            "closest two presentations of one: {:.1} s apart (goal: more than {} s)",
            gap.as_secs_f64(),
            CALL.as_secs()
        ),
        None => println!("no refresh token was presented twice"),
    }
    println!("people who have to reconnect: {} of {ROUNDS}", tally.lost);
}
