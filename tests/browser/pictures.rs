//! Pictures of pages.

use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use crate::browser::Browser;

impl Browser {
    /// The whole page, however long, or what fits in `height`.
    pub async fn picture(&self, height: Option<u32>, path: &Path) {
        let window = self.window.get();
        let width = window.width;
        let whole = "const at = document.documentElement; \
                     return Math.max(at.scrollHeight, at.getBoundingClientRect().height)";
        let height = match height {
            Some(height) => json!(height),
            None => self.script(whole, vec![]).await,
        };
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let wish = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let shot: Value = self.devtools("Page.captureScreenshot", wish).await;
        let bytes = BASE64_STANDARD.decode(shot["data"].as_str().unwrap());
        std::fs::write(path, bytes.unwrap()).unwrap();
    }
}
