//! What stands on the page.

use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::support::eventually;
use crate::window::PATIENCE;

impl Browser {
    /// Path and query of the page that is shown.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        let query = url.query().map(|query| format!("?{query}"));
        format!("{}{}", url.path(), query.unwrap_or_default())
    }

    /// Everything that can be read on the page.
    pub async fn text(&self) -> String {
        let text = self
            .client
            .execute(
                "return document.body ? document.body.innerText : ''",
                vec![],
            )
            .await;
        // Between two pages there is none.
        text.ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Waits until these words stand on a page that has loaded, and looks at
    /// it closely.
    pub async fn sees(&self, words: &str) {
        let wanted = words.to_lowercase();
        let what = format!("seen: {words:?}");
        let began = Instant::now();
        loop {
            let text = self.text().await;
            let is_whole = self.is_loaded().await;
            // Styles may show words in capitals.
            if is_whole && text.to_lowercase().contains(&wanted) {
                break;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "not {what}, but at {}:\n{text}",
                self.path().await
            );
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
        if self.inspects.get() {
            self.inspect().await;
        }
    }

    pub async fn is_loaded(&self) -> bool {
        let state = self.client.execute("return document.readyState", vec![]);
        state.await.is_ok_and(|state| state == "complete")
    }

    pub async fn does_not_see(&self, words: &str) {
        let text = self.text().await;
        let is_there = text.to_lowercase().contains(&words.to_lowercase());
        assert!(!is_there, "{words:?} is in\n{text}");
    }

    /// Waits until the address is this path of ours.
    pub async fn arrives_at(&self, path: &str) {
        eventually(&format!("at {path}"), PATIENCE, async || {
            self.path().await == path && self.is_loaded().await
        })
        .await;
    }
}
