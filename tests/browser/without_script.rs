//! With script turned off.

use serde_json::json;

use crate::browser::{Browser, open_house};
use crate::tour::tour;

#[actix_web::test]
async fn every_page_and_state_works_without_script() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    // axe-core is a script itself; the other stories run it.
    ada.inspects.set(false);
    let off = json!({ "value": true });
    ada.devtools("Emulation.setScriptExecutionDisabled", off)
        .await;

    tour(&app, &ada, async |place| {
        if place == "tokens-made" {
            // Without script it would do nothing.
            assert!(!ada.has("button", "Copy the token").await);
        }
    })
    .await;
}
