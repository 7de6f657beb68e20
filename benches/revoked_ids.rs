//! What a million revoked ids cost: `cargo bench --bench revoked_ids`.
//!
//! Two `vestibule serve` processes, one with no revocations and one with a
//! million that are all still to be kept. Compared are the time from start to
//! ready, memory, and how fast a signed-in request is answered, in alternating
//! rounds. The goals: ready within 3 s; at most 100 MB more at the peak and 64
//! MB more at rest; as many requests a second. The whole takes about a minute.

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
#[path = "support/serving.rs"]
mod serving;
#[path = "support/stage.rs"]
mod stage;
#[path = "support/visitor.rs"]
mod visitor;

use std::fs;
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use load::{Compared, Load};
use serving::Serving;
use stage::Stage;
use visitor::{Browser, PEOPLE, get};

const STARTS: usize = 5;
/// What was needed to start has been given back by then.
const AT_REST_AFTER: Duration = Duration::from_secs(5);
/// Half a minute.
const ROUNDS: usize = 300;

/// Ids like ours, which begin with the time in milliseconds, over two months;
/// all in one transaction, as `sessions revoke --all` would in its batches.
const FILL: &str = "
    insert into revocations (subject, expires_at)
    select (lpad(to_hex(1764000000000 + n::bigint * 5184), 12, '0')
            || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
           now() + interval '60 days'
    from generate_series(1, 1000000) n;
    analyze revocations;
    checkpoint;";

fn main() {
    if !asked::to_measure() {
        return;
    }
    let (stage, folder) = (
        Stage::set(stage::simulator().0),
        tempfile::tempdir().unwrap(),
    );
    serving::make_keys(folder.path());
    let urls = ["none", "million"].map(|name| stage.database(name));
    let mut conn = PgConnection::establish(&urls[1]).unwrap();
    conn.batch_execute(FILL).unwrap();

    let start = |url: &String| Serving::start(&stage.settings(url), folder.path());
    let mut ready = [const { Vec::new() }; 2];
    let mut processes = None;
    for _ in 0..STARTS {
        drop(processes.take());
        let both = urls.each_ref().map(start);
        for (process, ready) in both.iter().zip(&mut ready) {
            ready.push(process.ready_after);
        }
        processes = Some(both);
    }
    let processes = processes.unwrap();
    thread::sleep(AT_REST_AFTER);
    let memory = processes.each_ref().map(Memory::of);
    let rates = compare_rates(&stage, &processes);
    report(ready, &memory, &rates);
}

fn compare_rates(stage: &Stage, processes: &[Serving; 2]) -> Compared {
    let [mut none, mut million] = processes.each_ref().map(|process| {
        let cookie = Browser::new(stage, process.port).sign_in(PEOPLE[0]);
        let load = Load::new(process.port, get("/api/auth/info", &cookie));
        assert!(!load.answer().ends_with(b"{}"), "nobody is signed in");
        load
    });
    load::compare(&mut million, &mut none, ROUNDS)
}

/// In MB.
struct Memory {
    at_rest: f64,
    at_peak: f64,
}

impl Memory {
    fn of(process: &Serving) -> Self {
        let status = format!("/proc/{}/status", process.child.id());
        let status = fs::read_to_string(status).unwrap();
        let megabytes = |name: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            let kilobytes = line.split_whitespace().nth(1).unwrap();
            kilobytes.parse::<f64>().unwrap() * 1024.0 / 1e6
        };
        Self {
            at_rest: megabytes("VmRSS:"),
            at_peak: megabytes("VmHWM:"),
        }
    }
}

fn report(ready: [Vec<Duration>; 2], memory: &[Memory; 2], rates: &Compared) {
    let [none, million] = ready.map(|mut ready| {
        ready.sort();
        (ready[STARTS / 2].as_secs_f64(), ready[STARTS - 1])
    });
    let (median, worst) = (million.0, million.1.as_secs_f64());
    println!("a million revoked ids, against none");
    println!(
        "ready after:     {median:.2} s, at worst {worst:.2} s (goal: 3), against {:.2} s",
        none.0
    );
    let [none, million] = memory;
    let (peak, rest) = (
        million.at_peak - none.at_peak,
        million.at_rest - none.at_rest,
    );
    println!(
        "memory, peak:    {peak:.1} MB more (goal: 100) than {:.1} MB",
        none.at_peak
    );
    println!(
        "memory, at rest: {rest:.1} MB more (goal: 64) than {:.1} MB",
        none.at_rest
    );
    let [million, none] = rates.rates;
    println!(
        "requests:        {:.3} times as many a second (goal: 1): {million:.0}, against {none:.0}",
        rates.ratio
    );
}
