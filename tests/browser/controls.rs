//! Buttons, links and fields, found by the name that people read.

use std::time::Instant;

use fantoccini::elements::{Element, ElementRef};
use serde_json::json;

use crate::browser::Browser;
use crate::support::eventually;
use crate::window::PATIENCE;

/// By which WebDriver tells elements (§12.2 of its specification).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Browser {
    pub async fn press(&self, name: &str) {
        self.act("button", name, async |button| button.click().await.is_ok())
            .await;
    }

    /// Presses what leads to another page, which may look like this one, and
    /// waits for it.
    pub async fn press_on(&self, name: &str) {
        self.script("window.isLeft = true", vec![]).await;
        self.press(name).await;
        eventually(&format!("elsewhere by {name:?}"), PATIENCE, async || {
            let is_old = self.client.execute("return !!window.isLeft", vec![]).await;
            is_old.is_ok_and(|is_old| is_old == false) && self.is_loaded().await
        })
        .await;
    }

    pub async fn follow(&self, name: &str) {
        self.act("link", name, async |link| link.click().await.is_ok())
            .await;
    }

    /// Ticks a box, or takes the tick away.
    pub async fn tick(&self, name: &str) {
        self.act("field", name, async |field| field.click().await.is_ok())
            .await;
    }

    /// Sees to it that a box is ticked, or is not.
    pub async fn set(&self, name: &str, is_wanted: bool) {
        let field = self.find("field", name).await.unwrap();
        if field.is_selected().await.unwrap() != is_wanted {
            self.tick(name).await;
        }
    }

    /// Types into a field, in place of what is there.
    pub async fn fill(&self, name: &str, text: &str) {
        self.act("field", name, async |field| {
            field.clear().await.is_ok() && field.send_keys(text).await.is_ok()
        })
        .await;
    }

    pub async fn value(&self, name: &str) -> String {
        let field = self.find("field", name).await.unwrap();
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    pub async fn has(&self, kind: &str, name: &str) -> bool {
        self.find(kind, name).await.is_some()
    }

    /// Whether something is said that cannot wait (role `alert`).
    pub async fn has_alert(&self) -> bool {
        let script = "return !!document.querySelector('[role=alert]')?.innerText.trim()";
        self.script(script, vec![]).await == true
    }

    pub async fn find(&self, kind: &str, name: &str) -> Option<Element> {
        let arguments = vec![json!(kind), json!(name)];
        let found = self
            .client
            .execute(include_str!("controls.js"), arguments)
            .await
            .ok()?;
        let id = found.get(ELEMENT)?.as_str()?.to_owned();
        let client = self.client.clone();
        Some(Element::from_element_id(client, ElementRef::from(id)))
    }

    /// A page may be on its way, so the first look need not find it.
    async fn act(&self, kind: &str, name: &str, act: impl AsyncFn(Element) -> bool) {
        let began = Instant::now();
        loop {
            if let Some(element) = self.find(kind, name).await
                && act(element).await
            {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "no {kind} {name:?} at {} that can be used:\n{}",
                self.path().await,
                self.text().await
            );
            actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}
