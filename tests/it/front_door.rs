//! The main story: in, known, out for good.

use serde_json::json;

use crate::support::{TestApp, Visitor};

#[actix_web::test]
async fn a_stranger_is_nobody_and_sees_no_private_page() {
    let app = TestApp::start().await;
    let mut stranger = app.visitor();

    assert_eq!(stranger.info().await, json!({}));
    stranger
        .get("/")
        .await
        .assert_status(200)
        .assert_says("/signin");
    stranger
        .get("/account")
        .await
        .assert_redirects_to("/signin?next=%2Faccount");
    let program = stranger
        .send("GET", "/account", &[("accept", "application/json")], "")
        .await;
    assert_eq!(program.assert_status(401).json()["code"], "unauthenticated");
}

#[actix_web::test]
async fn a_person_signs_in_with_each_provider_and_is_known() {
    let app = TestApp::start().await;
    for provider in ["github", "vercel"] {
        let mut ada = app.signed_in(provider, "ada").await;
        let info = ada.info().await;

        assert_eq!(info["authProvider"], provider);
        assert_eq!(info["user"]["username"], "ada");
        let members: Vec<_> = info["user"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["id", "username", "email", "avatar", "name"]);
        ada.get("/account")
            .await
            .assert_status(200)
            .assert_says("Ada Lovelace");
        ada.get("/account/session")
            .await
            .assert_status(200)
            .assert_says("code_challenge_method");
    }
    assert_eq!(
        app.count("select count(*) as n from users"),
        2,
        "the same e-mail links nobody"
    );
}

#[actix_web::test]
async fn a_cookie_saved_before_sign_out_is_refused_after_it() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let mut thief = ada.clone();

    ada.sign_out().await.assert_redirects_to("/");
    ada.get("/")
        .await
        .assert_says("You are signed out")
        .assert_says("303 See Other");
    assert!(ada.session().is_none());
    assert_eq!(thief.info().await, json!({}));
    thief
        .get("/account")
        .await
        .assert_redirects_to("/signin?next=%2Faccount");
    assert!(
        thief.session().is_none(),
        "what is worthless is removed on a page visit"
    );

    assert_eq!(app.count("select count(*) as n from revocations"), 1);
    let restarted = TestApp::start_on(app.database_url.clone(), app.ring.clone(), &[]).await;
    let mut again = ada.at(&restarted);
    assert_eq!(again.info().await, json!({}), "a restart forgets nothing");
}

#[actix_web::test]
async fn two_tabs_finish_in_either_order() {
    let app = TestApp::start().await;
    for reversed in [false, true] {
        let mut browser = app.visitor();
        let mut tabs = vec![
            (browser.start("github", "/account").await, "/account"),
            (
                browser.start("vercel", "/account/session").await,
                "/account/session",
            ),
        ];
        if reversed {
            tabs.reverse();
        }
        for (address, next) in tabs {
            let callback = Visitor::approve(&address, "ada").await;
            browser.get(&callback).await.assert_redirects_to(next);
            assert_ne!(browser.info().await, json!({}));
        }
    }
}

#[actix_web::test]
async fn signing_in_as_somebody_else_ends_the_first_session_and_links_nothing() {
    let app = TestApp::start().await;
    let mut browser = app.signed_in("github", "ada").await;
    let mut before = browser.clone();
    browser
        .sign_in("vercel", "grace")
        .await
        .assert_redirects_to("/");

    assert_eq!(browser.info().await["user"]["username"], "grace");
    assert_eq!(before.info().await, json!({}), "the old cookie is over");
    assert_eq!(app.count("select count(*) as n from users"), 2);
    assert_eq!(
        app.count("select count(*) as n from sessions where ended_reason = 'signed_in_again'"),
        1
    );
}

#[actix_web::test]
async fn two_first_sign_ins_of_one_person_make_one_user_and_two_sessions() {
    let app = TestApp::start().await;
    let mut browsers = Vec::new();
    for _ in 0..6 {
        let mut browser = app.visitor();
        let address = browser.start("github", "/").await;
        let callback = Visitor::approve(&address, "grace").await;
        browsers.push((browser, callback));
    }
    let finishing = browsers
        .iter_mut()
        .map(|(browser, callback)| browser.get(callback));
    for answer in futures_util::future::join_all(finishing).await {
        answer.assert_redirects_to("/");
    }
    assert_eq!(app.count("select count(*) as n from users"), 1);
    assert_eq!(app.count("select count(*) as n from accounts"), 1);
    assert_eq!(
        app.count("select count(*) as n from sessions where ended_at is null"),
        6
    );
}

#[actix_web::test]
async fn one_callback_fifty_times_at_once_makes_one_token_request_and_one_session() {
    let app = TestApp::start_with(&[("DATABASE_POOL_SIZE", "10")]).await;
    let mut browser = app.visitor();
    let address = browser.start("github", "/").await;
    let callback = Visitor::approve(&address, "ada").await;
    let mut copies = vec![browser; 50];
    let answers =
        futures_util::future::join_all(copies.iter_mut().map(|copy| copy.get(&callback))).await;

    let winners = answers.iter().filter(|answer| answer.status == 303).count();
    assert_eq!(winners, 1);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 303 | 400 | 503))
    );
    assert_eq!(app.simulator_calls("/login/oauth/access_token").await, 1);
    assert_eq!(app.count("select count(*) as n from sessions"), 1);
}

#[actix_web::test]
async fn tokens_are_sealed_from_the_first_row_on() {
    let app = TestApp::start().await;
    app.signed_in("github", "ada").await;
    app.signed_in("vercel", "ada").await;
    let rows = app.texts("select encode(access_token, 'escape') || encode(coalesce(refresh_token, ''), 'escape') as t from accounts");

    assert_eq!(rows.len(), 2);
    for secret in app.simulator.issued_secrets() {
        assert!(
            !rows.iter().any(|row| row.contains(&secret)),
            "a plain token lies in the database"
        );
    }
}

#[actix_web::test]
async fn who_is_signed_in_is_told_without_the_database() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    // Every query from now on would fail.
    app.execute("drop schema public cascade");

    for _ in 0..20 {
        assert_eq!(ada.info().await["user"]["username"], "ada");
    }
    ada.get("/account")
        .await
        .assert_status(200)
        .assert_says("Ada Lovelace");
}
