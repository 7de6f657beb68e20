//! Going out.

use crate::browser::{Browser, open_house};

#[actix_web::test]
async fn signing_out_asks_once_and_tells_what_it_did() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;

    ada.follow("Sign out").await;
    ada.sees("Sign out?").await;
    ada.follow("Stay signed in").await;
    ada.sees("ada").await;
    ada.follow("Sign out").await;
    ada.press("Sign out").await;

    ada.arrives_at("/").await;
    ada.sees("You are signed out").await;
    ada.does_not_see("Max-Age=0").await;
    ada.press("What happened").await;
    ada.sees("Max-Age=0").await;
    // Told once.
    ada.open_page("/").await;
    ada.does_not_see("You are signed out").await;
    ada.follow("Sign in").await;
    ada.sees("last used").await;
}

#[actix_web::test]
async fn the_back_button_shows_nothing_private_after_signing_out() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;
    for path in ["/account", "/account/session", "/account/tokens"] {
        ada.open_page(path).await;
    }
    ada.open_page("/account").await;
    ada.sees("ada@example.com").await;
    ada.follow("Sign out").await;
    ada.press("Sign out").await;
    ada.sees("You are signed out").await;

    for _ in 0..6 {
        ada.client.back().await.unwrap();
        ada.sees("Sign in").await;
        for private in ["ada", "authProvider"] {
            ada.does_not_see(private).await;
        }
    }
}

#[actix_web::test]
async fn who_wishes_so_gives_back_what_was_granted() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;

    ada.open_page("/signout").await;
    ada.tick("Also disconnect").await;
    ada.press("Sign out").await;
    ada.sees("You are signed out").await;

    assert_eq!(
        app.count("select count(*) as n from accounts where not needs_reconnect"),
        0
    );
    ada.sign_in("GitHub", "Ada").await;
    ada.sees("ada").await;
}
