//! One person on several devices.

use crate::browser::{Browser, open_house};

const FIREFOX: &str =
    "--user-agent=Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0";

#[actix_web::test]
async fn another_device_that_is_ended_is_signed_out_at_its_next_click() {
    let app = open_house().await;
    let here = Browser::open(&app).await;
    let there = Browser::open_with(&app, &[FIREFOX]).await;
    here.sign_in("GitHub", "Ada").await;
    there.sign_in("GitHub", "Ada").await;
    there.sees("ada").await;

    here.open_page("/account/sessions").await;
    here.sees("this device").await;
    here.press("Sign out Firefox on Windows").await;
    here.sees("has to sign in again").await;
    here.press("Yes, sign it out: Firefox on Windows").await;
    here.sees("Firefox on Windows is signed out").await;

    there.follow("Your account").await;
    there.sees("ended on another device").await;
    assert!(there.path().await.starts_with("/signin"));
    here.open_page("/account").await;
    here.sees("ada@example.com").await;
}

#[actix_web::test]
async fn all_other_devices_are_ended_at_once() {
    let app = open_house().await;
    let here = Browser::open(&app).await;
    let there = Browser::open_with(&app, &[FIREFOX]).await;
    there.sign_in("GitHub", "Ada").await;
    here.sign_in("GitHub", "Ada").await;

    here.open_page("/account/sessions").await;
    here.press("Sign out all other devices").await;
    here.sees("You stay signed in here").await;
    here.press("Yes, sign out all others").await;
    here.sees("nowhere else").await;

    there.follow("Your account").await;
    there.sees("ended on another device").await;
}
