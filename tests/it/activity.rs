//! What happened, told to the person it happened to.

use serde_json::Value;
use vestibule::models::audit_event::Kind;
use vestibule::models::session::EndedReason;

use crate::support::TestApp;

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn a_person_is_told_what_happened_and_nobody_elses_events() {
    let app = TestApp::start().await;
    let mut there = app.signed_in("github", "ada").await;
    let id = there.session_id().await;
    let mut ada = app.signed_in("github", "ada").await;
    ada.delete_session(&id).await.assert_status(204);
    app.signed_in("vercel", "grace").await.sign_out().await;

    let events = ada.events("").await;
    assert_eq!(
        kinds(&events),
        [
            "session.ended",
            "session.started",
            "session.started",
            "account.connected"
        ]
    );
    let ended = &events[0];
    let members: Vec<_> = ended.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["id", "at", "kind", "sessionId", "ip", "device", "details"]
    );
    assert_eq!(ended["sessionId"], id);
    assert_eq!(ended["details"]["reason"], "ended_by_user");
    assert_eq!(ended["details"]["from"], ada.session_id().await);
    assert!(events[1]["details"]["trace"].is_array());

    let page = ada.get("/account/activity").await;
    page.assert_status(200)
        .assert_says("from another device")
        .assert_says("Signed in with GitHub")
        .assert_says("Connected the GitHub account ada");
    assert!(!page.body.contains("Vercel"));
}

#[actix_web::test]
async fn pages_follow_one_another_without_a_gap_or_a_repeat() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    // Many at the same moment: the id decides.
    app.execute(
        "insert into audit_events (id, user_id, kind, at)
         select gen_random_uuid(), id, 'session.ended', now() - make_interval(secs => n / 20)
         from users, generate_series(1, 123) n",
    );
    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let answer = ada
            .send("GET", &format!("/api/audit?limit=10{cursor}"), &[], "")
            .await;
        let page = answer.assert_status(200).json();
        seen.extend(page["events"].as_array().unwrap().clone());
        pages += 1;
        let Some(next) = page["next"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((seen.len(), pages), (125, 13));
    let order: Vec<_> = seen
        .iter()
        .map(|event| (event["at"].to_string(), event["id"].to_string()))
        .collect();
    assert!(
        order.windows(2).all(|pair| pair[0] > pair[1]),
        "newest first, each once"
    );

    // The page for people goes the same way.
    let (mut path, mut count) = ("/account/activity".to_owned(), 0);
    loop {
        let page = ada.get(&path).await;
        count += page
            .assert_status(200)
            .body
            .matches("class=\"what\"")
            .count();
        let older = page.body.split("href=\"/account/activity?cursor=").nth(1);
        let Some(cursor) = older.and_then(|rest| rest.split('"').next()) else {
            break;
        };
        path = format!("/account/activity?cursor={cursor}");
    }
    assert_eq!(count, 125);
}

#[actix_web::test]
async fn what_no_answer_gave_is_refused_in_our_words() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    for (query, code) in [
        ("cursor=x", "invalid_cursor"),
        ("cursor=", "invalid_cursor"),
        ("limit=0", "invalid_limit"),
        ("limit=101", "invalid_limit"),
        ("limit=-1", "invalid_limit"),
        ("limit=many", "invalid_limit"),
        ("limit=", "invalid_limit"),
        ("limit=1&limit=2", "invalid_query"),
    ] {
        let answer = ada
            .send("GET", &format!("/api/audit?{query}"), &[], "")
            .await;
        assert_eq!(answer.assert_status(400).json()["code"], code, "{query}");
    }
    ada.get("/account/activity?cursor=x")
        .await
        .assert_status(400);
}

#[actix_web::test]
async fn names_in_events_are_inert() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    app.execute(
        "insert into audit_events (id, user_id, kind, user_agent, details)
         select gen_random_uuid(), id, 'account.connected', '<b>x</b>/1',
                '{\"provider\": \"github\", \"username\": \"<script>alert(1)</script>\"}'::jsonb
         from users union all
         select gen_random_uuid(), id, 'something.newer', null, '{}'::jsonb from users",
    );
    let page = ada.get("/account/activity").await;
    page.assert_status(200).assert_says("something newer");
    assert!(!page.body.contains("<script>alert") && !page.body.contains("<b>x"));
}

#[test]
fn every_kind_and_every_reason_is_documented() {
    let document = include_str!("../../docs/audit.md");
    let kinds = Kind::ALL.map(Kind::as_str).into_iter();
    for word in kinds.chain(EndedReason::ALL.map(EndedReason::as_str)) {
        assert!(document.contains(&format!("| `{word}` |")), "{word}");
    }
}
