//! Two tabs of one browser.

use crate::browser::{Browser, open_house};

#[actix_web::test]
async fn sign_ins_in_two_tabs_both_finish() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    let first = ada.client.window().await.unwrap();
    ada.open_page("/signin").await;
    ada.press("Sign in with GitHub").await;
    ada.sees("This is not GitHub").await;

    let second = ada.client.new_window(true).await.unwrap().handle;
    ada.client.switch_to_window(second.clone()).await.unwrap();
    ada.open_page("/signin").await;
    ada.press("Sign in with Vercel").await;
    ada.sees("This is not Vercel").await;

    ada.client.switch_to_window(first).await.unwrap();
    ada.press("Ada Lovelace").await;
    ada.arrives_at("/").await;
    ada.sees("GitHub").await;

    ada.client.switch_to_window(second).await.unwrap();
    ada.press("Ada Lovelace").await;
    ada.arrives_at("/").await;
    ada.sees("Vercel").await;
}

#[actix_web::test]
async fn a_tab_that_is_left_open_learns_at_its_next_click_that_one_signed_out() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;
    ada.open_page("/account/sessions").await;
    let left_open = ada.client.window().await.unwrap();

    let other = ada.client.new_window(true).await.unwrap().handle;
    ada.client.switch_to_window(other).await.unwrap();
    ada.open_page("/signout").await;
    ada.press("Sign out").await;
    ada.sees("You are signed out").await;

    ada.client.switch_to_window(left_open).await.unwrap();
    ada.follow("activity").await;
    ada.sees("Sign in with GitHub").await;
    assert!(ada.path().await.starts_with("/signin"));
}
