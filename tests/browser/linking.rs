//! Two providers, one person.

use crate::browser::{Browser, open_house};

#[actix_web::test]
async fn a_second_provider_is_connected_seen_to_work_and_disconnected() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;
    ada.open_page("/account").await;
    ada.sees("What GitHub says about you now").await;
    ada.does_not_see("What Vercel says about you now").await;
    assert!(!ada.has("button", "Disconnect GitHub").await);

    ada.press("Connect Vercel").await;
    ada.sees("This is not Vercel").await;
    ada.press("Ada Lovelace").await;
    ada.arrives_at("/account").await;
    ada.sees("Vercel is connected").await;
    ada.sees("What GitHub says about you now").await;
    ada.sees("What Vercel says about you now").await;
    ada.sees("Teams").await;

    ada.press("Disconnect Vercel").await;
    ada.sees("Yes, disconnect Vercel").await;
    ada.press("Yes, disconnect Vercel").await;
    ada.sees("Vercel is disconnected").await;
    ada.does_not_see("What Vercel says about you now").await;
    assert!(ada.has("button", "Connect Vercel").await);
}

#[actix_web::test]
async fn an_account_that_is_somebody_elses_is_not_connected() {
    let app = open_house().await;
    let grace = Browser::open(&app).await;
    grace.sign_in("Vercel", "Grace").await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;

    ada.open_page("/account").await;
    ada.press("Connect Vercel").await;
    ada.press("Grace Hopper").await;
    ada.sees("belongs to someone else").await;
    ada.follow("account").await;

    ada.arrives_at("/account").await;
    assert!(ada.has("button", "Connect Vercel").await);
}

#[actix_web::test]
async fn a_grant_that_was_withdrawn_there_is_said_to_need_reconnecting() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;
    ada.visit(&format!("{}/_simulator", app.simulator.url()))
        .await;
    ada.press_on("Revoke every token").await;

    ada.open_page("/account").await;
    ada.open_page("/account").await;
    ada.sees("reconnect needed").await;
    ada.press("Reconnect GitHub").await;
    ada.press("Ada Lovelace").await;
    ada.sees("The connection to GitHub is renewed").await;
    ada.does_not_see("reconnect needed").await;
}
