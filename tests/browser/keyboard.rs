//! Without a mouse.

use fantoccini::key::Key;

use crate::browser::{Browser, open_house};

#[actix_web::test]
async fn one_signs_in_and_out_by_keyboard_alone_and_always_sees_where_one_is() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.open_page("/").await;
    ada.tab_to("Sign in").await;
    ada.key(Key::Enter).await;
    ada.sees("Sign in with GitHub").await;
    ada.tab_to("Sign in with GitHub").await;
    ada.key(Key::Enter).await;
    ada.sees("This is not GitHub").await;
    ada.tab_to("Ada Lovelace").await;
    ada.key(Key::Enter).await;
    ada.arrives_at("/").await;
    ada.sees("ada").await;

    ada.tab_to("Sign out").await;
    ada.key(Key::Enter).await;
    ada.sees("Sign out?").await;
    // Past the header's own link of that name.
    ada.tab_to("Also disconnect").await;
    ada.tab_to("Sign out").await;
    ada.key(Key::Enter).await;
    ada.sees("You are signed out").await;
}

#[actix_web::test]
async fn the_first_stop_leads_past_the_header() {
    let app = open_house().await;
    let visitor = Browser::open(&app).await;
    visitor.open_page("/signin").await;
    visitor.key(Key::Tab).await;
    let stop = visitor.stop().await;
    assert!(stop.name.to_lowercase().contains("skip"), "{}", stop.name);
    assert!(stop.is_visible, "the skip link cannot be seen");

    visitor.key(Key::Enter).await;
    visitor.key(Key::Tab).await;
    let is_inside = "return !!document.activeElement.closest('main')";
    assert_eq!(visitor.script(is_inside, vec![]).await, true);
}

#[actix_web::test]
async fn every_stop_of_every_account_page_can_be_seen() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;
    for (path, last) in [
        ("/account", "Connect Vercel"),
        ("/account/sessions", "account"),
        ("/account/tokens", "Make the token"),
        ("/account/activity", "account"),
        ("/account/delete", "Delete my account"),
    ] {
        ada.open_page(path).await;
        ada.tab_to(last).await;
    }
}

#[actix_web::test]
async fn a_confirmation_is_opened_and_given_by_keyboard() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;
    ada.open_page("/account/tokens").await;
    ada.make_token("backup script").await;
    ada.sees("Copy it now").await;
    ada.open_page("/account/tokens").await;

    ada.tab_to("Revoke").await;
    ada.key(Key::Enter).await;
    ada.tab_to("Yes, revoke it").await;
    ada.key(Key::Enter).await;
    ada.sees("was revoked").await;
}
