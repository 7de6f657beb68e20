//! Each hand-out of a provider token is noted before it leaves, many at once.

use std::time::Duration;

use actix_web::rt;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use futures_util::future::{join, join_all};

use crate::support::{Caller, TestApp, eventually};

const NOTED: &str =
    "select count(*) as n from audit_events where kind = 'provider_token.handed_out'";

#[actix_web::test]
async fn each_of_many_at_once_is_noted() {
    let app = TestApp::start().await;
    let (ada, grace) = join(app.reader("github", "ada"), app.reader("vercel", "grace")).await;
    let reads = (0..200).map(async |n| match n % 2 {
        0 => ada.provider_token("github").await,
        _ => grace.provider_token("vercel").await,
    });
    for answer in join_all(reads).await {
        answer.assert_status(200);
    }
    assert_eq!(app.count(NOTED), 200);
    let theirs = "join users on users.id = user_id where username = 'ada'
                  and details ->> 'provider' = 'github' and kind = 'provider_token.handed_out'";
    assert_eq!(
        app.count(&format!("select count(*) as n from audit_events {theirs}")),
        100
    );
}

/// While one note is being written, others wait; and one of them leaves.
#[actix_web::test]
async fn who_leaves_meanwhile_gets_nothing_and_costs_the_others_nothing() {
    let app = TestApp::start().await;
    let (ada, grace) = join(app.reader("github", "ada"), app.reader("vercel", "grace")).await;
    let read = |caller: &Caller, provider: &'static str| {
        let caller = caller.clone();
        rt::spawn(async move { caller.provider_token(provider).await.status })
    };
    let mut conn = PgConnection::establish(&app.database_url).unwrap();
    conn.batch_execute("begin; lock table audit_events in share row exclusive mode")
        .unwrap();
    let first = read(&ada, "github");
    eventually("one is being written", Duration::from_secs(5), async || {
        let waiting =
            "select count(*) as n from pg_stat_activity where datname = current_database()
                       and wait_event_type = 'Lock' and query like 'INSERT INTO \"audit_events\"%'";
        app.count(waiting) == 1
    })
    .await;
    let others = [read(&ada, "github"), read(&grace, "vercel")];
    let last = read(&ada, "github");
    // Nothing tells from outside that they wait: others come and go meanwhile.
    for _ in 0..10 {
        ada.get("/readyz").await.assert_status(200);
    }
    conn.batch_execute("delete from users where username = 'grace'; commit")
        .unwrap();

    assert_eq!(first.await.unwrap(), 200);
    let [second, leaver] = others;
    assert_eq!(second.await.unwrap(), 200);
    assert!(matches!(leaver.await.unwrap(), 401 | 404));
    assert_eq!(last.await.unwrap(), 200);
    assert_eq!(app.count(NOTED), 3);
}
