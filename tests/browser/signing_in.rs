//! Coming in.

use crate::browser::{Browser, open_house};
use crate::support::TestApp;

#[actix_web::test]
async fn somebody_signs_in_with_github_by_clicking() {
    signs_in_by_clicking("GitHub").await;
}

#[actix_web::test]
async fn somebody_signs_in_with_vercel_by_clicking() {
    signs_in_by_clicking("Vercel").await;
}

async fn signs_in_by_clicking(provider: &str) {
    let app = open_house().await;
    let ada = Browser::open(&app).await;

    ada.open_page("/").await;
    ada.sees("Vestibule").await;
    ada.follow("Sign in").await;
    ada.arrives_at("/signin").await;
    ada.sees(&format!("Sign in with {provider}")).await;
    ada.press(&format!("Sign in with {provider}")).await;
    ada.sees(&format!("This is not {provider}")).await;
    ada.press("Ada Lovelace").await;

    ada.arrives_at("/").await;
    ada.sees("ada").await;
    ada.follow("Your account").await;
    ada.sees("ada@example.com").await;
    assert_knows(&ada, provider).await;
}

/// The page says how they signed in, and what the provider tells of them now.
async fn assert_knows(person: &Browser, provider: &str) {
    person
        .sees(&format!("What {provider} says about you now"))
        .await;
    person.sees("Asked just now").await;
}

#[actix_web::test]
async fn who_declines_reads_so_and_can_start_again() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;

    ada.open_page("/signin").await;
    ada.press("Sign in with GitHub").await;
    ada.press("Decline").await;
    ada.sees("You declined").await;
    ada.follow("again").await;

    ada.arrives_at("/signin").await;
    ada.press("Sign in with GitHub").await;
    ada.press("Ada Lovelace").await;
    ada.arrives_at("/").await;
    ada.sees("ada").await;
}

#[actix_web::test]
async fn whoever_wants_a_private_page_is_taken_there_after_the_sign_in() {
    let app = open_house().await;
    let grace = Browser::open(&app).await;

    grace.open_page("/account/tokens").await;
    grace.sees("your API tokens").await;
    assert!(grace.path().await.starts_with("/signin"));
    grace.press("Sign in with Vercel").await;
    grace.press("Grace Hopper").await;

    grace.arrives_at("/account/tokens").await;
    grace.sees("Your API tokens").await;
}

#[actix_web::test]
async fn the_session_page_tells_how_one_signed_in_without_a_secret() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("Vercel", "Ada").await;

    ada.open_page("/account/session").await;
    ada.sees("ECDH-ES").await;
    let text = ada.text().await;
    for part in ["A256GCM", "authProvider", "code_challenge", "303"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_tells_no_secret(&app, &text);
}

fn assert_tells_no_secret(app: &TestApp, text: &str) {
    for secret in app.simulator.issued_secrets() {
        assert!(!text.contains(&secret), "a secret of the sign-in is shown");
    }
}
