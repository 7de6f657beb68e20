//! The database takes longer than we have patience, and does it all the same.

use std::time::Duration;

use serde_json::json;

use crate::connections::settled;
use crate::support::{TestApp, eventually};
use crate::vault::{expire, is_good, needs_reconnect, presentations};

/// Makes a statement on a table slow, and what is deferred to the commit, each
/// by less than a statement may take and together by more than a call may.
fn slow_down(app: &TestApp, event: &str, table: &str, condition: &str) {
    app.execute(&format!(
        "create function slowly() returns trigger language plpgsql as $$
         begin perform pg_sleep(1.2); return new; end $$;
         create trigger slow before {event} on {table} for each row {condition} execute function slowly();
         create constraint trigger slow_commit after {event} on {table}
             deferrable initially deferred for each row {condition} execute function slowly()"
    ));
}

fn speed_up(app: &TestApp, table: &str) {
    app.execute(&format!(
        "drop trigger slow on {table}; drop trigger slow_commit on {table}"
    ));
}

#[actix_web::test]
async fn tokens_that_were_stored_after_all_are_not_revoked() {
    let app = TestApp::start().await;
    let reader = app.reader("vercel", "ada").await;
    expire(&app);
    let stores = "when (new.token_generation > old.token_generation)";
    slow_down(&app, "update", "accounts", stores);
    let fresh = reader.fresh("vercel").await;
    speed_up(&app, "accounts");
    assert!(is_good(&app, "vercel", &fresh).await);
    settled(&app).await;
    assert!(is_good(&app, "vercel", &fresh).await);
    assert_eq!(reader.fresh("vercel").await, fresh);
    assert_eq!(presentations(&app), [1]);
}

#[actix_web::test]
async fn a_lease_that_was_taken_after_all_is_given_back() {
    let app = TestApp::start_with(&[("DATABASE_STATEMENT_CACHE", "false")]).await;
    let reader = app.reader("vercel", "ada").await;
    expire(&app);
    let leases = "when (old.refresh_lease_id is null and new.refresh_lease_id is not null)";
    slow_down(&app, "update", "accounts", leases);
    for _ in 0..3 {
        let answer = reader.provider_token("vercel").await;
        answer.assert_refused(503, "unavailable");
        let at_rest = "select count(*) as n from accounts where refresh_lease_id is null
            and refresh_unanswered = 0 and refresh_spent_at is null";
        eventually("given back", Duration::from_secs(10), async || {
            app.count(at_rest) == 1
        })
        .await;
    }
    assert_eq!(presentations(&app), Vec::<usize>::new());
    speed_up(&app, "accounts");
    reader.fresh("vercel").await;
    assert!(!needs_reconnect(&reader, "vercel").await);
}

/// Whoever is told so by the provider while somebody else refreshes does not
/// win.
#[actix_web::test]
async fn a_rejected_token_that_is_being_refreshed_is_left_to_that() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("vercel", "ada").await;
    let reader = app.reader("vercel", "ada").await;
    app.execute("update accounts set access_token_expires_at = now() + interval '62 seconds'");
    let slow = json!({"provider": "vercel", "delay_ms": 4_000, "on": "profile", "status": 401});
    app.simulate("faults", slow).await;
    let page = ada.get("/account");
    let refresh = async {
        actix_web::rt::time::sleep(Duration::from_millis(2_500)).await;
        let slow = json!({"provider": "vercel", "delay_ms": 4_000, "on": "token"});
        app.simulate("faults", slow).await;
        reader.fresh("vercel").await
    };
    let (page, fresh) = futures_util::future::join(page, refresh).await;
    page.assert_status(200);
    assert!(is_good(&app, "vercel", &fresh).await);
    settled(&app).await;
    assert_eq!(reader.fresh("vercel").await, fresh);
    assert!(!needs_reconnect(&reader, "vercel").await);
}
