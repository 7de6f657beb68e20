//! The simulator's own pages.

use crate::browser::{Browser, open_house};

#[actix_web::test]
async fn the_panel_makes_a_provider_fail_and_behave_again() {
    let app = open_house().await;
    let panel = format!("{}/_simulator", app.simulator.url());
    let ada = Browser::open(&app).await;
    ada.visit(&panel).await;
    ada.sees("This is not GitHub").await;
    ada.sees("Nobody has called yet").await;

    ada.press("Failing").await;
    ada.sees("something is set").await;
    ada.open_page("/signin").await;
    ada.press("Sign in with GitHub").await;
    ada.press("Ada Lovelace").await;
    ada.sees("No answer right now").await;

    ada.visit(&panel).await;
    ada.sees("POST /login/oauth/access_token").await;
    ada.press_on("Behave").await;
    ada.does_not_see("something is set").await;
    ada.sign_in("GitHub", "Ada").await;
    ada.sees("ada").await;
}

#[actix_web::test]
async fn a_request_that_cannot_be_trusted_stops_there() {
    let app = open_house().await;
    let visitor = Browser::open(&app).await;
    let wrong = format!(
        "{}/login/oauth/authorize?client_id=nobody",
        app.simulator.url()
    );
    visitor.visit(&wrong).await;
    visitor.sees("It stops here").await;
}
