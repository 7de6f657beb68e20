//! What five million session rows cost: `cargo bench --bench many_sessions`.
//!
//! The same is done on an empty database and on one with 5,000,000 sessions of
//! 200,000 people, most of them over: signing in (from the callback's request
//! to its answer), listing one's sessions, signing out, and one sweep that
//! finds a few hundred old sessions. The goals: medians that are alike, and not
//! one sequential scan of the big table. The whole takes about a minute, nearly
//! all of it to fill the table, and 3 GB of disk.

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
#[path = "support/rows.rs"]
mod rows;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/stage.rs"]
mod stage;
#[path = "support/visitor.rs"]
mod visitor;

use std::time::{Duration, Instant};

use actix_web::rt::System;
use serving::Serving;
use stage::Stage;
use vestibule::config::{DatabaseConfig, Environment, Reader};
use vestibule::db::Db;
use vestibule::sweep::sweep;
use visitor::{Browser, PEOPLE, get, post};

const TIMES: usize = 60;
/// What is kept by default. The old sessions are older, all others are not.
const KEEP: Duration = Duration::from_hours(180 * 24);

/// How long each action took, each time.
#[derive(Default)]
struct Took {
    sign_in: Vec<Duration>,
    list: Vec<Duration>,
    sign_out: Vec<Duration>,
    sweep: Vec<Duration>,
}

fn main() {
    if !asked::to_measure() {
        return;
    }
    let (stage, folder) = (
        Stage::set(stage::simulator().0),
        tempfile::tempdir().unwrap(),
    );
    serving::make_keys(folder.path());
    let urls = ["few", "many"].map(|name| stage.database(name));
    let serve = |url: &String| Serving::start(&stage.settings(url), folder.path());
    for url in &urls {
        // So that ada is there, and gets her share of the rows.
        Browser::new(&stage, serve(url).port).sign_in(PEOPLE[0]);
    }
    rows::fill(&urls[1]);
    let scans_before = rows::sequential_scans(&urls[1]);

    let mut took = [Took::default(), Took::default()];
    {
        let processes = urls.each_ref().map(serve);
        let mut browsers = processes.each_ref().map(|it| Browser::new(&stage, it.port));
        for _ in 0..TIMES {
            for (browser, took) in browsers.iter_mut().zip(&mut took) {
                visit(browser, took);
            }
        }
    }
    sweep_both(&stage, &urls, &mut took);
    report(took, rows::sequential_scans(&urls[1]) - scans_before);
}

/// Signs ada in, looks at her sessions, and signs her out.
fn visit(browser: &mut Browser, took: &mut Took) {
    let (provider, person) = PEOPLE[0];
    let callback = browser.approve(provider, person);
    let started = Instant::now();
    let answer = browser.app.ask(&callback);
    took.sign_in.push(started.elapsed());
    let cookie = visitor::cookie(&answer, "__Host-session");

    let request = get("/api/sessions", &cookie);
    let started = Instant::now();
    let answer = browser.app.ask(&request);
    took.list.push(started.elapsed());
    assert_eq!(answer.status, 200, "{}", answer.head);

    let request = post("/api/auth/signout", &cookie);
    let started = Instant::now();
    let answer = browser.app.ask(&request);
    took.sign_out.push(started.elapsed());
    assert_eq!(answer.status, 303, "{}", answer.head);
}

fn sweep_both(stage: &Stage, urls: &[String; 2], took: &mut [Took; 2]) {
    System::new().block_on(async {
        let databases = urls.each_ref().map(|url| database(stage, url));
        for _ in 0..TIMES {
            for ((url, db), took) in urls.iter().zip(&databases).zip(&mut *took) {
                rows::add_old(url);
                let started = Instant::now();
                sweep(db, KEEP).await.unwrap();
                took.sweep.push(started.elapsed());
                assert_eq!(rows::old(url), 0, "swept");
            }
        }
    });
}

fn database(stage: &Stage, url: &str) -> Db {
    let environment: Environment = stage.settings(url).into_iter().collect();
    Db::new(&DatabaseConfig::read(&mut Reader::new(&environment)).unwrap())
}

fn report(took: [Took; 2], scans: i64) {
    let [few, many] = took;
    println!("with 5,000,000 sessions, against none: medians of {TIMES}");
    line("sign-in: ", many.sign_in, few.sign_in);
    line("list:    ", many.list, few.list);
    line("sign-out:", many.sign_out, few.sign_out);
    line("sweep:   ", many.sweep, few.sweep);
    println!("sequential scans of sessions: {scans} (goal: 0)");
}

fn line(name: &str, many: Vec<Duration>, few: Vec<Duration>) {
    let [many, few] = [many, few].map(|mut took| {
        took.sort();
        took[took.len() / 2].as_secs_f64() * 1e3
    });
    println!(
        "{name} {:.2} times as long: {many:.2} ms, against {few:.2} ms",
        many / few
    );
}
