//! Many ask at once, in several processes, and some of them die: a refresh
//! token is presented once, at worst twice, and never twice at a time. The
//! bench `refresh_races` does the same with fifty kills.

use std::time::{Duration, Instant};

use actix_web::rt;
use diesel::connection::SimpleConnection as _;
use futures_util::future::{join, join_all};
use serde_json::json;

use crate::commands::run;
use crate::support::serving::{Serving, for_serve};
use crate::support::{Answer, Caller, TestApp, Visitor, eventually};
use crate::vault::{expire, is_good, lapse, needs_reconnect, presentations};

/// Three processes on one database; the simulator is the app's.
struct Three {
    app: TestApp,
    processes: Vec<Serving>,
    folders: Vec<tempfile::TempDir>,
}

impl Three {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let folder = tempfile::tempdir().unwrap();
        run(&["keys", "generate"], &[], folder.path());
        let ring = folder.path().join("keys.json");
        let (mut processes, mut folders) = (Vec::new(), vec![folder]);
        for _ in 0..3 {
            let own = tempfile::tempdir().unwrap();
            std::fs::copy(&ring, own.path().join("keys.json")).unwrap();
            let variables = for_serve(&app.database_url, app.simulator.url());
            processes.push(Serving::start(&variables, own.path()).await);
            folders.push(own);
        }
        Self {
            app,
            processes,
            folders,
        }
    }

    /// Somebody who has signed in at Vercel, and whose token has expired.
    async fn expired_reader(&self) -> String {
        let mut ada = Visitor::new(self.processes[0].port);
        ada.sign_in("vercel", "ada").await.assert_redirects_to("/");
        let wish = json!({"name": "reader", "scopes": ["read", "write", "accounts:token"]});
        let made = ada.make_token(&wish).await;
        expire(&self.app);
        made.assert_status(201).json()["token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn caller(&self, process: usize, token: &str) -> Caller {
        Caller {
            visitor: Visitor::new(self.processes[process].port),
            header: format!("Bearer {token}"),
        }
    }
}

fn same_good_answer(answers: &[Answer]) -> String {
    for answer in answers {
        answer.assert_status(200);
        assert_eq!(answer.body, answers[0].body);
    }
    let token = answers[0].json();
    token["accessToken"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_thousand_reads_over_three_processes_are_one_refresh() {
    let three = Three::start().await;
    let token = three.expired_reader().await;
    let slow = json!({"provider": "vercel", "delay_ms": 300, "on": "token"});
    three.app.simulate("faults", slow).await;
    let callers: Vec<_> = (0..3)
        .map(|process| three.caller(process, &token))
        .collect();
    let reads = (0..1_000).map(|n| callers[n % 3].provider_token("vercel"));
    let answers = join_all(reads).await;
    let fresh = same_good_answer(&answers);
    assert!(is_good(&three.app, "vercel", &fresh).await);
    assert_eq!(presentations(&three.app), [1]);
}

/// The worst moment: the provider has rotated, and we have not stored it.
#[actix_web::test]
async fn a_process_that_dies_while_it_refreshes_costs_one_more_attempt() {
    let mut three = Three::start().await;
    let token = three.expired_reader().await;
    let slow = json!({"provider": "vercel", "delay_ms": 3_000, "on": "token"});
    three.app.simulate("faults", slow).await;
    let caller = three.caller(0, &token);
    let doomed = rt::spawn(async move {
        let header = [("authorization", &*caller.header)];
        let port = caller.visitor;
        let _ = port.try_get("/api/accounts/vercel/token", &header).await;
    });
    eventually("presented", Duration::from_secs(5), async || {
        presentations(&three.app) == [1]
    })
    .await;
    three.processes[0].child.kill().unwrap();
    doomed.await.unwrap();

    // Others wait for a lease that nobody holds any more, and no longer than
    // they ever do.
    let quick = json!({"provider": "vercel"});
    three.app.simulate("faults", quick).await;
    let (one, two) = (three.caller(1, &token), three.caller(2, &token));
    let began = Instant::now();
    let answer = one.provider_token("vercel").await;
    answer.assert_refused(503, "provider_unavailable");
    assert!(began.elapsed() < Duration::from_secs(13));
    assert_eq!(presentations(&three.app), [1], "the lease is not over");

    lapse(&three.app);
    let (one_answers, two_answers) = (one.provider_token("vercel"), two.provider_token("vercel"));
    let (first, second) = join(one_answers, two_answers).await;
    for answer in [&first, &second] {
        answer.assert_refused(409, "reconnect_needed");
    }
    assert_eq!(presentations(&three.app), [2]);
    assert!(needs_reconnect(&one, "vercel").await);
    assert_eq!(one.get("/api/me").await.status, 200, "nothing else is lost");
    drop(three.folders);
}

#[actix_web::test]
async fn a_process_that_is_stopped_while_it_refreshes_keeps_what_comes() {
    let mut three = Three::start().await;
    let token = three.expired_reader().await;
    let slow = json!({"provider": "vercel", "delay_ms": 2_000, "on": "token"});
    three.app.simulate("faults", slow).await;
    let caller = three.caller(0, &token);
    // Whoever asked has hung up: nothing but the refresh is in flight.
    let hasty = caller.provider_token("vercel");
    let hasty = rt::time::timeout(Duration::from_millis(500), hasty);
    assert!(hasty.await.is_err());
    eventually("presented", Duration::from_secs(5), async || {
        presentations(&three.app) == [1]
    })
    .await;
    let stopped = three.processes.remove(0);
    stopped.terminate();
    let fresh = three.caller(1, &token).fresh("vercel").await;
    assert!(is_good(&three.app, "vercel", &fresh).await);
    assert_eq!(presentations(&three.app), [1]);
}

/// The database is away for a moment when the provider's answer comes.
#[actix_web::test]
async fn new_tokens_are_not_lost_when_they_cannot_be_stored_at_once() {
    let app = TestApp::start().await;
    let reader = app.reader("vercel", "ada").await;
    expire(&app);
    let slow = json!({"provider": "vercel", "delay_ms": 700, "on": "token"});
    app.simulate("faults", slow).await;
    let read = reader.provider_token("vercel");
    let in_the_way = async {
        eventually("presented", Duration::from_secs(5), async || {
            !presentations(&app).is_empty()
        })
        .await;
        let mut row = app.connection();
        row.batch_execute("begin; select 1 from accounts for update")
            .unwrap();
        rt::time::sleep(Duration::from_secs(4)).await;
        row.batch_execute("rollback").unwrap();
    };
    let (answer, ()) = futures_util::future::join(read, in_the_way).await;
    let token = answer.assert_status(200).json();
    assert!(is_good(&app, "vercel", token["accessToken"].as_str().unwrap()).await);
    assert_eq!(presentations(&app), [1]);
}

/// Whatever ends the old tokens while they are refreshed wins.
#[actix_web::test]
async fn what_happens_to_the_account_during_a_refresh_wins() {
    for provider in ["vercel", "github"] {
        for what in ["disconnect", "delete", "sign in", "reconnect"] {
            wins(provider, what).await;
        }
    }
}

async fn wins(provider: &str, what: &str) {
    let app = TestApp::start().await;
    crate::vault::expiring_github(&app).await;
    let other = if provider == "github" {
        "vercel"
    } else {
        "github"
    };
    let mut ada = app.signed_in(provider, "ada").await;
    let reader = app.reader(provider, "ada").await;
    ada.reconnect(other, "ada")
        .await
        .assert_redirects_to("/account");
    app.execute(&format!(
        "update accounts set access_token_expires_at = now() where provider = '{provider}'"
    ));
    let back = ada.connect_as_far_as_callback(provider, "ada").await;
    let mut elsewhere = app.visitor();
    let address = elsewhere.start(provider, "/").await;
    let sign_in = Visitor::approve(&address, "ada").await;
    let usual = json!({"provider": provider, "expires_in": true, "token_lifetime_s": 28_800});
    let mut slow = usual.clone();
    slow["delay_ms"] = json!(1_500);
    slow["on"] = json!("token");
    app.simulate("faults", slow).await;
    let read = reader.provider_token(provider);
    let meanwhile = async {
        eventually("presented", Duration::from_secs(5), async || {
            presentations(&app) == [1]
        })
        .await;
        app.simulate("faults", usual).await;
        let done = match what {
            "disconnect" => ada.disconnect(provider).await,
            "delete" => ada.post("/account/delete", "username=ada").await,
            "sign in" => elsewhere.get(&sign_in).await,
            _ => ada.get(&back).await,
        };
        done.assert_status(303);
    };
    let (answer, ()) = join(read, meanwhile).await;
    let queued = "select count(*) as n from provider_revocations";
    eventually("worked off", Duration::from_secs(20), async || {
        app.count(queued) == 0
    })
    .await;
    let rows = format!("select count(*) as n from accounts where provider = '{provider}'");
    let good = crate::connections::good_tokens(&app, provider).await;
    if ["disconnect", "delete"].contains(&what) {
        answer.assert_refused(404, "not_found");
        assert_eq!((app.count(&rows), good), (0, 0), "{provider} {what}");
    } else {
        answer.assert_status(200);
        let token = reader.fresh(provider).await;
        assert!(is_good(&app, provider, &token).await, "{provider} {what}");
        // The loser's are revoked, like what was there before.
        assert_eq!((app.count(&rows), good), (1, 1), "{provider} {what}");
    }
    assert_eq!(presentations(&app), [1]);
}
