//! On the narrowest phone.

use crate::browser::{Browser, open_house};
use crate::tour::tour;
use crate::window::Window;

#[actix_web::test]
async fn every_page_and_state_can_be_used_at_320_pixels() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    // Looked at below, where the window stays as it is.
    ada.inspects.set(false);
    ada.resize(Window::PHONE).await;

    tour(&app, &ada, async |place| {
        if let Some(width) = ada.scrolls_sideways().await {
            let fault = format!("{place}: {width} px wide at 320");
            ada.faults.borrow_mut().push(fault);
        }
        for window in [Window::PHONE.dark(), Window::PHONE] {
            ada.resize(window).await;
            let scheme = if window.is_dark { "dark" } else { "light" };
            for violation in ada.violations().await {
                let fault = format!("{place} at 320 px, {scheme}: {violation}");
                ada.faults.borrow_mut().push(fault);
            }
        }
    })
    .await;
}
