//! axe-core, which knows what keeps people out of a page.

use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::browser::Browser;

static AXE: OnceLock<String> = OnceLock::new();

fn source() -> &'static str {
    AXE.get_or_init(|| {
        let path = place();
        std::fs::read_to_string(&path).unwrap_or_else(|cause| {
            panic!(
                "axe-core is not at {} ({cause}): npm install --no-save --prefix target/browser axe-core@4.14.1",
                path.display()
            )
        })
    })
}

/// `AXE_CORE` may name another file.
#[expect(
    clippy::disallowed_methods,
    reason = "the app's configuration has no say in how it is tested"
)]
fn place() -> PathBuf {
    let usual = "target/browser/node_modules/axe-core/axe.min.js";
    std::env::var_os("AXE_CORE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(usual),
        PathBuf::from,
    )
}

impl Browser {
    /// What breaks WCAG 2.2 A or AA, or what is agreed to be good, a line each.
    pub async fn violations(&self) -> Vec<String> {
        let is_there = self.script("return 'axe' in window", vec![]).await;
        if is_there != true {
            self.script(source(), vec![]).await;
        }
        let found = self
            .client
            .execute_async(include_str!("axe.js"), vec![])
            .await
            .unwrap();
        let found = found.as_array().unwrap_or_else(|| panic!("axe: {found}"));
        found.iter().map(line).collect()
    }
}

fn line(violation: &Value) -> String {
    let part = |name: &str| violation[name].as_str().unwrap_or_default().to_owned();
    let (id, impact, help) = (part("id"), part("impact"), part("help"));
    let nodes = violation.get("nodes").unwrap_or(&json!([])).to_string();
    format!("{id} ({impact}): {help}: {nodes}")
}
