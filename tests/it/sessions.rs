//! Sessions that can be seen and ended: by their person, and by nobody else.

use std::time::Duration;

use serde_json::Value;

use crate::support::{TestApp, Visitor, eventually};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
const NOBODYS: &str = "01a20e26-f665-746a-a573-669e49abe114";

/// Signs in at the callback with this user agent.
async fn signed_in_with(app: &TestApp, person: &str, agent: &str) -> Visitor {
    let mut visitor = app.visitor();
    let address = visitor.start("github", "/").await;
    let callback = Visitor::approve(&address, person).await;
    let answer = visitor
        .send("GET", &callback, &[("user-agent", agent)], "")
        .await;
    answer.assert_redirects_to("/");
    visitor
}

#[actix_web::test]
async fn a_person_sees_where_they_are_signed_in() {
    let app = TestApp::start().await;
    let mut firefox = signed_in_with(&app, "ada", FIREFOX).await;
    signed_in_with(&app, "ada", "<script>alert(1)</script>").await;
    signed_in_with(&app, "grace", "curl/8.5.0").await;

    let sessions = firefox.sessions().await;
    assert_eq!(sessions.len(), 2, "the newest first, and nobody else's");
    let [newest, own] = &sessions[..] else {
        unreachable!()
    };
    let members: Vec<_> = own.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        [
            "id",
            "device",
            "ip",
            "authProvider",
            "createdAt",
            "lastSeenAt",
            "expiresAt",
            "current"
        ]
    );
    assert_eq!(
        (&own["device"], &own["current"]),
        (&"Firefox on Linux".into(), &true.into())
    );
    assert_eq!(
        (&own["ip"], &own["authProvider"]),
        (&"127.0.0.1".into(), &"github".into())
    );
    assert_eq!(
        (&newest["device"], &newest["current"]),
        (&"Unknown browser".into(), &false.into())
    );
    for time in ["createdAt", "lastSeenAt", "expiresAt"] {
        let time = own[time].as_str().unwrap();
        assert!(
            time.ends_with('Z') && time.parse::<chrono::DateTime<chrono::Utc>>().is_ok(),
            "{time}"
        );
    }
    let page = firefox.get("/account/sessions").await;
    page.assert_status(200)
        .assert_says("Firefox on Linux")
        .assert_says("this device")
        .assert_says("Sign out all other devices");
    assert!(!page.body.contains("<script>"));
}

#[actix_web::test]
async fn strangers_see_and_end_nothing() {
    let app = TestApp::start().await;
    let mut stranger = app.visitor();
    for (method, path) in [
        ("GET", "/api/sessions"),
        ("GET", "/api/audit"),
        ("DELETE", "/api/sessions"),
        ("DELETE", &format!("/api/sessions/{NOBODYS}")),
    ] {
        let answer = stranger
            .send(method, path, &[("sec-fetch-site", "same-origin")], "")
            .await;
        assert_eq!(answer.assert_status(401).json()["code"], "unauthenticated");
    }
    for path in ["/account/sessions", "/account/activity"] {
        let next = path.replace('/', "%2F");
        stranger
            .get(path)
            .await
            .assert_redirects_to(&format!("/signin?next={next}"));
    }
    for path in ["/account/sessions/others/end", "/account/sessions/x/end"] {
        let pressed = stranger.post(path, "").await;
        pressed.assert_redirects_to("/signin?next=%2Faccount%2Fsessions");
        let program = [("sec-fetch-site", "same-origin")];
        let answer = stranger.send("POST", path, &program, "").await;
        answer.assert_status(401);
    }
}

#[actix_web::test]
async fn another_persons_session_is_as_good_as_none() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let mut grace = app.signed_in("github", "grace").await;
    let graces = grace.session_id().await;

    let same = |answer: crate::support::Answer| {
        let mut document = answer.assert_status(404).json();
        document["requestId"].take();
        document
    };
    let hers = same(ada.delete_session(&graces).await);
    assert_eq!(hers, same(ada.delete_session(NOBODYS).await));
    assert_eq!(hers["code"], "not_found");
    ada.post(&format!("/account/sessions/{graces}/end"), "")
        .await
        .assert_redirects_to("/account/sessions");
    ada.delete_session("").await.assert_status(204);
    for id in ["x", "..", "00000000-0000-0000-0000-000000000000", "%00"] {
        ada.delete_session(id).await.assert_status(404);
    }
    assert!(grace.is_signed_in().await);
    // From another site.
    let cross = [("sec-fetch-site", "cross-site")];
    ada.send("DELETE", "/api/sessions", &cross, "")
        .await
        .assert_status(403);
}

#[actix_web::test]
async fn one_session_is_ended_once_and_a_second_try_says_so() {
    let app = TestApp::start().await;
    let (mut here, mut there) = (
        app.signed_in("github", "ada").await,
        app.signed_in("github", "ada").await,
    );
    let id = there.session_id().await;
    here.delete_session(&id).await.assert_status(204);
    assert!(!there.is_signed_in().await);
    here.delete_session(&id).await.assert_status(404);
    let end = format!("/account/sessions/{id}/end");
    here.post(&end, "")
        .await
        .assert_redirects_to("/account/sessions");
    here.get("/account/sessions")
        .await
        .assert_says("over already");

    let own = here.session_id().await;
    let answer = here.delete_session(&own).await;
    answer.assert_status(204);
    assert!(here.session().is_none(), "one's own goes with its cookie");
    assert_eq!(
        app.texts("select ended_reason as t from sessions order by id"),
        ["signed_out", "ended_by_user"]
    );
}

#[actix_web::test]
async fn a_page_that_was_shown_to_somebody_else_ends_nothing() {
    let app = TestApp::start().await;
    let mut browser = app.signed_in("github", "grace").await;
    let shown_to = format!("to={}", browser.session_id().await);
    let mut adas = app.signed_in("github", "ada").await;
    browser
        .sign_in("github", "ada")
        .await
        .assert_redirects_to("/");
    browser
        .post("/account/sessions/others/end", &shown_to)
        .await
        .assert_redirects_to("/account/sessions");
    browser
        .get("/account/sessions")
        .await
        .assert_says("you have signed in anew");
    assert!(adas.is_signed_in().await);
    browser
        .post("/account/sessions/others/end", "")
        .await
        .assert_status(400);
}

#[actix_web::test]
async fn the_hundred_and_first_session_ends_the_oldest() {
    let app = TestApp::start().await;
    let mut oldest = app.signed_in("github", "ada").await;
    let mut second = app.signed_in("github", "ada").await;
    // Ninety-eight more, as sign-ins make them.
    app.execute(
        "insert into sessions (id, user_id, auth_provider, cookie_expires_at, expires_at, user_agent, ip)
         select gen_random_uuid(), user_id, auth_provider, cookie_expires_at, expires_at, user_agent, ip
         from sessions, generate_series(1, 49)",
    );
    assert_eq!(second.sessions().await.len(), 100);
    // What is over does not count.
    app.execute(
        "insert into sessions (id, user_id, auth_provider, created_at, cookie_expires_at, expires_at, user_agent, ip)
         select gen_random_uuid(), user_id, auth_provider, created_at - interval '1 day', now(), now(), user_agent, ip
         from sessions",
    );
    let mut newest = app.signed_in("github", "ada").await;

    assert!(!oldest.is_signed_in().await);
    assert!(second.is_signed_in().await && newest.is_signed_in().await);
    assert_eq!(newest.sessions().await.len(), 100);
    let ended = "select ended_reason as t from sessions where ended_at is not null";
    assert_eq!(app.texts(ended), ["too_many"]);
    let events: Vec<Value> = newest.events("").await;
    let told = events
        .iter()
        .filter(|event| event["details"]["reason"] == "too_many");
    assert_eq!(told.count(), 1);
}

#[actix_web::test]
async fn a_sign_out_holds_everywhere_also_when_the_row_is_gone() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let mut ada = app.signed_in("github", "ada").await;
    let copy = ada.at(&other);
    app.execute("delete from sessions");
    ada.sign_out().await.assert_redirects_to("/");
    eventually("refused", Duration::from_secs(10), async || {
        !copy.clone().is_signed_in().await
    })
    .await;
    let kept =
        "select count(*) as n from revocations where expires_at > now() + interval '90 days'";
    assert_eq!(app.count(kept), 1, "as long as any cookie of it could live");
}

#[actix_web::test]
async fn a_revocation_outlives_the_last_cookie_by_a_day() {
    let app = TestApp::start().await;
    app.signed_in("github", "ada").await.sign_out().await;
    let kept = "select count(*) as n from revocations, sessions
        where subject = id and revocations.expires_at >= cookie_expires_at + interval '1 day'";
    assert_eq!(app.count(kept), 1);
}

#[actix_web::test]
async fn what_is_over_cannot_be_ended() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let mut there = app.signed_in("github", "ada").await;
    let id = there.session_id().await;
    app.execute(&format!(
        "update sessions set cookie_expires_at = now() where id = '{id}'"
    ));
    assert_eq!(ada.sessions().await.len(), 1, "not listed");
    ada.delete_session(&id).await.assert_status(404);
    ada.delete_session("").await.assert_status(204);
    assert_eq!(app.count("select count(*) as n from revocations"), 0);
}
