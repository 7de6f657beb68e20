//! How often an address may do what is dear.

use crate::support::{Answer, TestApp, Visitor};

#[track_caller]
fn assert_too_many(answer: &Answer) {
    answer.assert_status(429);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
}

#[actix_web::test]
async fn sign_ins_are_started_so_often_a_minute_and_address() {
    let app = TestApp::start_with(&[("RATE_LIMIT_SIGN_IN", "3")]).await;
    for number in 0..6 {
        // A spoofed address is nobody's: the peer is not a proxy of ours.
        let forwarded = format!("203.0.113.{number}");
        let headers = [
            ("sec-fetch-site", "same-origin"),
            ("accept", "text/html"),
            ("x-forwarded-for", forwarded.as_str()),
        ];
        let answer = app
            .visitor()
            .send_bare("POST", "/api/auth/signin/github", &headers, "")
            .await;
        if number < 3 {
            answer.assert_status(303);
        } else {
            assert_too_many(&answer);
            answer.assert_says("Too many sign-ins").assert_says("<h1>");
        }
    }
    app.visitor().get("/signin").await.assert_status(200);
}

#[actix_web::test]
async fn callbacks_come_back_so_often_a_minute_and_address() {
    let app = TestApp::start_with(&[("RATE_LIMIT_CALLBACK", "2")]).await;
    let mut browser = app.visitor();
    let address = browser.start("github", "/").await;
    let callback = Visitor::approve(&address, "ada").await;
    for _ in 0..2 {
        browser
            .get("/api/auth/callback/github?state=x&code=y")
            .await
            .assert_status(400);
    }
    // Pictures on other sites' pages take nobody's turn.
    let picture = [
        ("sec-fetch-dest", "image"),
        ("sec-fetch-site", "cross-site"),
    ];
    let address = "/api/auth/callback/github";
    app.visitor()
        .send_bare("GET", address, &picture, "")
        .await
        .assert_status(400);
    assert_too_many(&browser.get(&callback).await);
    assert_eq!(app.simulator_calls("/login/oauth/access_token").await, 0);
}

#[actix_web::test]
async fn refused_tokens_are_counted_and_good_ones_are_not() {
    let app = TestApp::start_with(&[("RATE_LIMIT_BEARER", "3")]).await;
    let token = app.token("ada", &["read"]).await;
    let bad = app.caller("vst_wrong");
    for number in 0..5 {
        let answer = bad.get("/api/me").await;
        if number < 3 {
            answer.assert_status(401);
        } else {
            assert_too_many(&answer);
            assert_eq!(answer.json()["code"], "too_many_refused_tokens");
        }
        app.caller(&token).get("/api/me").await.assert_status(200);
    }
}

#[actix_web::test]
async fn behind_a_proxy_of_ours_each_visitor_has_their_own_limit() {
    let settings = [
        ("RATE_LIMIT_SIGN_IN", "1"),
        ("TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let app = TestApp::start_with(&settings).await;
    let start = async |forwarded: &str| {
        let headers = [
            ("sec-fetch-site", "same-origin"),
            ("x-forwarded-for", forwarded),
        ];
        app.visitor()
            .send_bare("POST", "/api/auth/signin/github", &headers, "")
            .await
    };
    start("203.0.113.1").await.assert_status(303);
    assert_too_many(&start("203.0.113.1").await);
    // What the visitor claims stands to the left of what the proxy saw.
    assert_too_many(&start("198.51.100.7, 203.0.113.1").await);
    start("203.0.113.2").await.assert_status(303);
    start("2001:db8::1").await.assert_status(303);
    assert_too_many(&start("2001:db8::2").await);
    start("2001:db8:0:1::2").await.assert_status(303);
}

#[actix_web::test]
async fn behind_hops_of_ours_the_address_is_counted_from_the_right() {
    let settings = [("RATE_LIMIT_SIGN_IN", "1"), ("TRUSTED_PROXY_HOPS", "2")];
    let app = TestApp::start_with(&settings).await;
    let start = async |forwarded: &str| {
        let headers = [
            ("sec-fetch-site", "same-origin"),
            ("x-forwarded-for", forwarded),
        ];
        app.visitor()
            .send_bare("POST", "/api/auth/signin/github", &headers, "")
            .await
    };
    start("203.0.113.1, 10.0.0.1").await.assert_status(303);
    assert_too_many(&start("198.51.100.7, 203.0.113.1, 10.0.0.1").await);
    start("203.0.113.2, 10.0.0.1").await.assert_status(303);
}
