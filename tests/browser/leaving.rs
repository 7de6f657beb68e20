//! Deleting one's account.

use crate::browser::{Browser, open_house};

#[actix_web::test]
async fn an_account_is_deleted_by_typing_its_name_and_by_no_other() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;
    ada.open_page("/account/delete").await;
    ada.sees("What goes").await;

    ada.fill("Type your username", "adam").await;
    ada.press("Delete my account").await;
    ada.sees("That is not your username").await;
    assert!(ada.has_alert().await);
    assert_eq!(app.count("select count(*) as n from users"), 1);

    ada.fill("Type your username", "ada").await;
    ada.press("Delete my account").await;
    ada.arrives_at("/").await;
    ada.sees("Your account is deleted").await;
    assert_eq!(app.count("select count(*) as n from users"), 0);
    ada.open_page("/account").await;
    ada.sees("Sign in with GitHub").await;
}
