//! Stopping: nobody's request is cut off.

use std::cell::Cell;
use std::time::{Duration, Instant};

use actix_web::rt;
use futures_util::future::join_all;

use crate::commands::run;
use crate::support::databases::OwnCluster;
use crate::support::serving::{Serving, for_serve};
use crate::support::{Answer, TestApp, Visitor, databases};

/// `None` when nobody answers.
async fn ask(port: u16, path: &str) -> Option<Answer> {
    let url = format!("http://127.0.0.1:{port}{path}");
    Visitor::try_fetch("GET", &url, &[("host", "localhost")], "")
        .await
        .ok()
}

async fn serving(folder: &std::path::Path, drain: &str) -> (TestApp, Serving) {
    let app = TestApp::start().await;
    run(&["keys", "generate"], &[], folder);
    let url = databases::migrated();
    let mut variables = for_serve(&url, app.simulator.url());
    variables.retain(|(name, _)| *name != "SHUTDOWN_DRAIN");
    variables.push(("SHUTDOWN_DRAIN", drain));
    let serving = Serving::start(&variables, folder).await;
    (app, serving)
}

#[actix_web::test]
async fn under_load_readiness_turns_first_and_what_is_in_flight_finishes() {
    let folder = tempfile::tempdir().unwrap();
    let (app, mut serving) = serving(folder.path(), "2s").await;
    let port = serving.port;
    // A sign-in whose provider takes its time.
    let mut browser = Visitor::new(port);
    let address = browser.start("github", "/").await;
    let callback = Visitor::approve(&address, "ada").await;
    app.simulate(
        "faults",
        serde_json::json!({"provider": "github", "delay_ms": 1_500}),
    )
    .await;
    let sign_in = rt::spawn(async move { browser.get(&callback).await });
    let (answered, closing, stopping) = (Cell::new(0), Cell::new(0), Cell::new(None::<Instant>));
    let load = join_all((0..4).map(|_| async {
        // Until nobody listens any more: every answer is whole and good.
        while let Some(answer) = ask(port, "/api/auth/info").await {
            answer.assert_status(200);
            answered.set(answered.get() + 1);
            if answer.header("connection") == Some("close") {
                closing.set(closing.get() + 1);
            }
            rt::time::sleep(Duration::from_millis(5)).await;
        }
        // Not before readiness has been 503 for two seconds.
        let since = stopping.get().expect("nobody asked it to stop");
        assert!(since.elapsed() >= Duration::from_secs(2), "cut off");
    }));
    let stop = async {
        while answered.get() < 50 {
            rt::time::sleep(Duration::from_millis(5)).await;
        }
        stopping.set(Some(Instant::now()));
        serving.terminate();
        let patience = Instant::now();
        while ask(port, "/readyz")
            .await
            .is_some_and(|answer| answer.status == 200)
        {
            assert!(
                patience.elapsed() < Duration::from_secs(5),
                "readiness did not turn"
            );
        }
    };
    futures_util::future::join(load, stop).await;

    sign_in.await.unwrap().assert_redirects_to("/");
    assert!(closing.get() > 0, "connections are closed while draining");
    let (status, said) = serving.stop();
    assert_eq!(status, Some(0), "{said}");
}

#[actix_web::test]
async fn a_second_signal_leaves_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (_app, mut serving) = serving(folder.path(), "10min").await;
    serving.terminate();
    let patience = Instant::now();
    while ask(serving.port, "/readyz")
        .await
        .is_some_and(|answer| answer.status == 200)
    {
        assert!(patience.elapsed() < Duration::from_secs(10));
    }
    let (status, said) = serving.stop();
    assert_eq!(status, Some(0), "{said}");
    assert!(patience.elapsed() < Duration::from_mins(1));
}

#[actix_web::test]
async fn a_frozen_database_does_not_keep_it_from_leaving() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start().await;
    let cluster = OwnCluster::start();
    run(&["keys", "generate"], &[], folder.path());
    let url = cluster.url();
    let variables = for_serve(&url, app.simulator.url());
    let mut serving = Serving::start(&variables, folder.path()).await;
    cluster.signal_all("STOP");
    serving.terminate();
    let patience = Instant::now();
    let status = loop {
        if let Some(status) = serving.child.try_wait().unwrap() {
            break status;
        }
        assert!(patience.elapsed() < Duration::from_secs(30), "it stays");
        rt::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(status.code(), Some(0));
    cluster.signal_all("CONT");
}
