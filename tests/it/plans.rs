//! With many rows in every table, no request reads a table from end to end.

use std::time::Duration;

use vestibule::sweep::sweep;

use crate::support::{TestApp, databases, eventually};

/// Enough for the planner to take an index where there is one; five million
/// are measured by `cargo bench --bench many_sessions`.
const FILL: &str = "
    insert into users (id, username) select gen_random_uuid(), 'somebody' from generate_series(1, 2000);
    insert into accounts (id, user_id, provider, provider_user_id, username, scope, access_token)
        select gen_random_uuid(), id, 'github', id::text, 'somebody', '', '' from users;
    insert into sessions (id, user_id, auth_provider, cookie_expires_at, expires_at, ended_at, ended_reason, user_agent, ip)
        select gen_random_uuid(), id, 'github', now() + interval '10 days', now() + interval '90 days',
               case when n > 1 then now() - make_interval(days => n) end, case when n > 1 then 'signed_out' end, '', '::1'
        from users, generate_series(1, 30) n;
    insert into revocations (subject, expires_at) select id, now() + interval '90 days' from sessions;
    insert into audit_events (id, user_id, session_id, kind) select gen_random_uuid(), user_id, id, 'session.started' from sessions;
    insert into api_tokens (id, user_id, name, token_hash, token_prefix, scopes, expires_at)
        select gen_random_uuid(), user_id, 'n', sha256(id::text::bytea), 'vst_', 'read', now() + interval '1 day' from sessions;
    insert into provider_revocations (id, user_id, provider, token, token_type_hint, next_attempt_at)
        select gen_random_uuid(), user_id, 'github', '', 'access_token', now() + interval '1 day' from sessions;
    insert into used_sign_in_states (state_hash, expires_at) select sha256(id::text::bytea), now() + interval '1 hour' from sessions;
    vacuum analyze;";

const SCANS: &str =
    "select relname || ': ' || seq_scan || ' scans of ' || seq_tup_read || ' rows' as t
    from pg_stat_user_tables where seq_scan > 0 and relname !~ '^__diesel'";

#[actix_web::test]
async fn every_action_finds_its_rows_by_an_index() {
    let app = TestApp::start().await;
    // One by one: a vacuum cannot be part of a transaction.
    for statement in FILL.split_inclusive(';') {
        app.execute(statement);
    }
    app.execute("select pg_stat_reset()");
    let resets = "select count(*) as n from pg_stat_database
        where datname = current_database() and stats_reset > now() - interval '1 minute'";
    eventually("reset", Duration::from_secs(10), async || {
        app.count(resets) == 1
    })
    .await;

    let mut there = app.signed_in("github", "ada").await;
    let mut ada = app.signed_in("github", "ada").await;
    let id = there.session_id().await;
    for path in ["/account/sessions", "/account/activity", "/account/session"] {
        ada.get(path).await.assert_status(200);
    }
    ada.get("/account/tokens").await.assert_status(200);
    let wish = serde_json::json!({"name": "n", "scopes": ["read"]});
    let made = ada.make_token(&wish).await.assert_status(201).json();
    let token = made["token"].as_str().unwrap();
    app.caller(token).get("/api/me").await.assert_status(200);
    ada.delete_session(&id).await.assert_status(204);
    there.get("/account").await.assert_status(303);
    ada.delete_session("").await.assert_status(204);
    ada.sign_in("github", "ada").await.assert_redirects_to("/");
    ada.sign_out().await.assert_redirects_to("/");
    sweep(&app.state().db, Duration::from_hours(180 * 24))
        .await
        .unwrap();
    let url = app.database_url.clone();

    // Connections tell what they did when they close.
    app.server.stop().await;
    let told = "select count(*) as n from pg_stat_user_tables where relname = 'sessions' and idx_scan > 10";
    eventually("told", Duration::from_secs(20), async || {
        databases::count(&url, told) == 1
    })
    .await;
    assert_eq!(databases::texts(&url, SCANS), Vec::<String>::new());
}
