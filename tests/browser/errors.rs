//! What goes wrong is said in plain words, with a way on.

use serde_json::json;

use crate::browser::{Browser, open_house, open_house_with};
use crate::support::Visitor;

pub const NO_PROVIDER: [(&str, &str); 4] = [
    ("GITHUB_CLIENT_ID", ""),
    ("GITHUB_CLIENT_SECRET", ""),
    ("VERCEL_CLIENT_ID", ""),
    ("VERCEL_CLIENT_SECRET", ""),
];

#[actix_web::test]
async fn a_page_that_is_not_there_leads_back() {
    let app = open_house().await;
    let visitor = Browser::open(&app).await;
    visitor.open_page("/nowhere").await;
    visitor.sees("Page not found").await;
    visitor.follow("start page").await;
    visitor.arrives_at("/").await;

    visitor.sign_in("GitHub", "Alan").await;
    visitor.open_page("/account/nowhere").await;
    visitor.sees("Page not found").await;
}

#[actix_web::test]
async fn a_link_that_was_used_says_so() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    let back = way_back(&ada).await;
    ada.visit(&back).await;
    ada.arrives_at("/").await;
    ada.open_page("/signout").await;
    ada.press("Sign out").await;
    ada.sees("You are signed out").await;

    ada.visit(&back).await;
    ada.sees("not started here").await;
}

#[actix_web::test]
async fn a_provider_that_fails_is_named_and_can_be_tried_again() {
    let app = open_house().await;
    let fails = json!({ "provider": "github", "status": 500 });
    app.simulate("faults", fails).await;
    let ada = Browser::open(&app).await;
    ada.open_page("/signin").await;
    ada.press("Sign in with GitHub").await;
    ada.press("Ada Lovelace").await;
    ada.sees("GitHub could not be reached").await;
    app.simulate("faults", json!({ "provider": "github" }))
        .await;

    ada.follow("again").await;
    ada.press("Sign in with GitHub").await;
    ada.press("Ada Lovelace").await;
    ada.arrives_at("/").await;
    ada.sees("ada").await;
}

#[actix_web::test]
async fn another_address_of_the_same_server_is_refused() {
    let app = open_house().await;
    let visitor = Browser::open(&app).await;
    let other = visitor.origin.replace("localhost", "127.0.0.1");
    visitor.visit(&other).await;
    visitor.sees("Wrong address").await;
}

#[actix_web::test]
async fn who_tries_too_often_is_asked_to_wait() {
    let app = open_house_with(&[("RATE_LIMIT_SIGN_IN", "1")]).await;
    let visitor = Browser::open(&app).await;
    for _ in 0..2 {
        visitor.open_page("/signin").await;
        visitor.press_on("Sign in with GitHub").await;
    }
    visitor.sees("Too many attempts").await;
}

#[actix_web::test]
async fn a_site_without_providers_says_what_to_set() {
    let app = open_house_with(&NO_PROVIDER).await;
    let visitor = Browser::open(&app).await;
    visitor.open_page("/signin").await;
    visitor.sees("GITHUB_CLIENT_ID").await;
}

/// Starts a sign-in in this browser; the address at which it ends, not yet
/// visited.
pub async fn way_back(person: &Browser) -> String {
    person.open_page("/signin").await;
    person.press("Sign in with GitHub").await;
    person.sees("This is not GitHub").await;
    let address = person.client.current_url().await.unwrap();
    let approved = format!("{address}&auto=ada");
    let answer = Visitor::fetch("GET", &approved, &[], "").await;
    answer.location().to_owned()
}
