//! What the browser has to say about our pages: nothing.

use serde_json::json;

use crate::browser::Browser;

impl Browser {
    /// What was logged since the last look. That a page came with an error
    /// status is the browser's own remark on what was asked for.
    pub async fn complaints(&self) -> Vec<String> {
        let url = self.client.current_url().await.unwrap();
        let log = self.command("se/log", json!({ "type": "browser" })).await;
        let said = log.as_array().unwrap().iter();
        let said = said.map(|entry| entry["message"].as_str().unwrap_or_default());
        said.filter(|message| !is_about_the_status_of(message, url.as_str()))
            .map(str::to_owned)
            .collect()
    }
}

fn is_about_the_status_of(message: &str, page: &str) -> bool {
    let page = page.split('#').next().unwrap_or_default();
    let rest = message.strip_prefix(page);
    rest.is_some_and(|rest| rest.contains("the server responded with a status of"))
}
