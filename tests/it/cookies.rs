//! Cookies: exact attributes, no impostors, and nothing that outlives itself.

use serde_json::json;

use crate::support::{TestApp, Visitor};

const SESSION: &str = "__Host-session";
const SIGN_IN: &str = "__Host-sign-in";

/// The attributes of a Set-Cookie line, sorted, without Max-Age's number and
/// the Expires that repeats it.
fn attributes(line: &str) -> Vec<String> {
    let (_, attributes) = line.split_once("; ").unwrap();
    let mut attributes: Vec<_> = attributes
        .split("; ")
        .filter(|attribute| !attribute.starts_with("Expires="))
        .map(|attribute| {
            attribute
                .split_once("Max-Age=")
                .map_or(attribute, |_| "Max-Age")
                .to_owned()
        })
        .collect();
    attributes.sort();
    attributes
}

#[actix_web::test]
async fn every_cookie_on_every_route_has_the_exact_attributes_also_when_it_is_deleted() {
    let app = TestApp::start().await;
    let mut lines = Vec::new();
    let mut keep = |answer: &crate::support::Answer| {
        lines.extend(answer.set_cookies().into_iter().map(str::to_owned));
    };
    let mut browser = app.visitor();
    let address = browser.start("github", "/account").await;
    keep(&browser.post("/api/auth/signin/vercel", "").await);
    let declined = browser.start("vercel", "/").await;
    keep(
        &browser
            .get(&Visitor::approve(&declined, "deny").await)
            .await,
    );
    keep(&browser.get(&Visitor::approve(&address, "ada").await).await);
    for path in [
        "/",
        "/signin",
        "/account",
        "/account/session",
        "/account/sessions",
        "/account/activity",
        "/api/sessions",
        "/api/audit",
        "/signout",
        "/nowhere",
        "/api/auth/info",
        "/livez",
    ] {
        keep(&browser.get(path).await);
    }
    keep(&browser.sign_out().await);
    keep(&browser.get("/").await);
    browser
        .cookies
        .insert(SESSION.to_owned(), "rubbish".to_owned());
    browser
        .cookies
        .insert(SIGN_IN.to_owned(), "rubbish".to_owned());
    keep(&browser.get("/").await);

    assert!(lines.len() >= 8, "{lines:#?}");
    for line in &lines {
        let ours = [SESSION, SIGN_IN, "__Host-last-provider"];
        let is = |name: &&str| line.starts_with(&format!("{name}="));
        assert!(ours.iter().any(is), "{line}");
        assert_eq!(
            attributes(line),
            ["HttpOnly", "Max-Age", "Path=/", "SameSite=Lax", "Secure"],
            "{line}"
        );
    }
    for name in [SESSION, SIGN_IN] {
        let deleted =
            |line: &&String| line.starts_with(&format!("{name}=;")) && line.contains("Max-Age=0");
        assert!(
            lines.iter().any(|line| deleted(&line)),
            "{name} was never deleted"
        );
    }
}

#[actix_web::test]
async fn impostors_are_not_read_and_do_not_hide_ours() {
    let app = TestApp::start().await;
    let ada = app.signed_in("github", "ada").await;
    let grace = app.signed_in("github", "grace").await;
    let (ours, evil) = (
        format!("{SESSION}={}", ada.session().unwrap()),
        grace.session().unwrap(),
    );
    for name in [
        "%5F%5FHost-session",
        "__Host%2Dsession",
        "\u{a0}__Host-session",
        "__host-session",
        "__Host-session%20",
        "\u{2003}__Host-session\u{2003}",
    ] {
        let impostor = format!("{name}={evil}");
        let who = async |lines: Vec<String>| {
            let headers: Vec<_> = lines.iter().map(|line| ("cookie", line.as_str())).collect();
            app.visitor()
                .send_bare("GET", "/api/auth/info", &headers, "")
                .await
                .json()
        };
        assert_eq!(who(vec![impostor.clone()]).await, json!({}), "{name}");
        for lines in [
            vec![format!("{impostor}; {ours}")],
            vec![impostor.clone(), ours.clone()],
            vec![ours.clone(), impostor.clone()],
        ] {
            assert_eq!(who(lines).await["user"]["username"], "ada", "{name}");
        }
    }
}

#[actix_web::test]
async fn two_session_cookies_sign_nobody_in() {
    let app = TestApp::start().await;
    let ada = app.signed_in("github", "ada").await;
    let ours = format!("{SESSION}={}", ada.session().unwrap());
    for line in [
        format!("{ours}; {ours}"),
        format!("{SESSION}=x; {ours}"),
        format!("{ours}; {SESSION}="),
    ] {
        let answer = app
            .visitor()
            .send_bare("GET", "/api/auth/info", &[("cookie", &line)], "")
            .await;
        assert_eq!(answer.json(), json!({}), "{line}");
    }
    let lines = [("cookie", ours.as_str()), ("cookie", ours.as_str())];
    assert_eq!(
        app.visitor()
            .send_bare("GET", "/api/auth/info", &lines, "")
            .await
            .json(),
        json!({})
    );
}

#[actix_web::test]
async fn ours_is_read_among_a_hundred_others() {
    let app = TestApp::start().await;
    let ada = app.signed_in("github", "ada").await;
    let others = "other=\"quoted; value\"; =nameless; bare; x=%zz; ".repeat(33);
    let line = format!("{others}{SESSION}={}", ada.session().unwrap());
    let answer = app
        .visitor()
        .send_bare("GET", "/api/auth/info", &[("cookie", &line)], "")
        .await;

    assert_eq!(answer.assert_status(200).json()["user"]["username"], "ada");
}

#[actix_web::test]
async fn a_planted_pre_sign_in_cookie_is_not_taken_for_ours() {
    let app = TestApp::start().await;
    let mut attacker = app.visitor();
    let address = attacker.start("github", "/").await;
    let callback = Visitor::approve(&address, "grace").await;
    let planted = &attacker.cookies[SIGN_IN];
    for line in [
        format!("%5F%5FHost-sign-in={planted}"),
        format!("{SIGN_IN}={planted}; {SIGN_IN}={planted}"),
    ] {
        let headers = [("cookie", line.as_str()), ("accept", "text/html")];
        app.visitor()
            .send_bare("GET", &callback, &headers, "")
            .await
            .assert_status(400);
    }
    assert_eq!(app.count("select count(*) as n from sessions"), 0);
}

#[actix_web::test]
async fn a_cookie_that_cannot_be_read_is_cleared() {
    let app = TestApp::start().await;
    let mut browser = app.visitor();
    browser
        .cookies
        .insert(SIGN_IN.to_owned(), "rubbish".to_owned());
    browser
        .cookies
        .insert(SESSION.to_owned(), "rubbish".to_owned());
    browser.send("GET", "/api/auth/info", &[], "").await;
    assert!(
        browser.cookies.contains_key(SESSION),
        "only when a person opens a page"
    );
    browser.get("/signin").await.assert_status(200);

    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    let address = browser.start("github", "/").await;
    browser.get("/signin").await;
    let callback = Visitor::approve(&address, "ada").await;
    browser.get(&callback).await.assert_redirects_to("/");
}

#[actix_web::test]
async fn a_cookie_of_an_unknown_key_stays_in_the_browser() {
    let app = TestApp::start().await;
    let other = TestApp::start().await;
    let mut browser = other.signed_in("github", "ada").await.at(&app);

    assert_eq!(browser.info().await, json!({}));
    browser.get("/").await.assert_status(200);
    assert!(
        browser.session().is_some(),
        "another process may know the key"
    );
}

/// Opens a page until its cookie is issued again.
async fn reissued(browser: &mut Visitor) -> Option<i64> {
    let before = browser.session().unwrap().to_owned();
    for _ in 0..200 {
        let answer = browser.get("/").await;
        if browser.session() != Some(&before) {
            let lines = answer.set_cookies();
            let line = lines.iter().find(|line| line.starts_with(SESSION)).unwrap();
            return line.split("Max-Age=").nth(1).unwrap().parse().ok();
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    None
}

#[actix_web::test]
async fn a_visit_moves_the_end_but_never_past_the_absolute_one() {
    let app =
        TestApp::start_with(&[("SESSION_IDLE_TIMEOUT", "10s"), ("SESSION_MAX_AGE", "10s")]).await;
    let mut ada = app.signed_in("github", "ada").await;
    let me = ada.info().await;
    let max_age = reissued(&mut ada).await.unwrap();

    // A second of the ten is over before a cookie is old enough.
    assert!((5..=9).contains(&max_age), "{max_age}");
    assert_eq!(ada.info().await, me, "the same person");
    assert_eq!(app.count("select count(*) as n from sessions where cookie_expires_at <= expires_at and last_seen_at > created_at"), 1);
}

#[actix_web::test]
async fn no_row_no_cookie() {
    for gone in [
        "update sessions set ended_at = now(), ended_reason = 'ended_by_operator'",
        "delete from sessions",
    ] {
        let app =
            TestApp::start_with(&[("SESSION_IDLE_TIMEOUT", "5s"), ("SESSION_MAX_AGE", "1h")]).await;
        let mut ada = app.signed_in("github", "ada").await;
        let mut copy = ada.clone();
        app.execute(gone);
        let mut tries = 0..200;
        while ada.session().is_some() && tries.next().is_some() {
            ada.get("/").await.assert_status(200);
            actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(ada.session(), None, "{gone}");
        assert_eq!(copy.info().await, json!({}), "{gone}");
    }
}

#[actix_web::test]
async fn an_expired_cookie_is_over_to_the_second() {
    let app =
        TestApp::start_with(&[("SESSION_IDLE_TIMEOUT", "1s"), ("SESSION_MAX_AGE", "1s")]).await;
    let mut ada = app.signed_in("github", "ada").await;
    let mut tries = 0..200;
    while ada.info().await != json!({}) && tries.next().is_some() {
        actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    ada.get("/account")
        .await
        .assert_redirects_to("/signin?next=%2Faccount");
    assert!(ada.session().is_none());
}
