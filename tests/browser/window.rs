//! How wide the window is, and whether the room is dark.

use std::time::Duration;

use serde_json::json;

use crate::browser::Browser;

/// Long enough for a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub width: u32,
    pub height: u32,
    pub is_dark: bool,
    /// Nothing moves: for those who asked for that, and for pictures.
    pub is_still: bool,
}

impl Window {
    pub const DESK: Self = Self {
        width: 1280,
        height: 900,
        is_dark: false,
        is_still: false,
    };

    /// The narrowest phone that pages have to fit (WCAG 2.2, 1.4.10).
    pub const PHONE: Self = Self {
        width: 320,
        height: 640,
        is_dark: false,
        is_still: false,
    };

    pub const fn dark(self) -> Self {
        Self {
            is_dark: true,
            ..self
        }
    }
}

impl Browser {
    pub async fn resize(&self, window: Window) {
        let size = json!({
            "width": window.width,
            "height": window.height,
            "deviceScaleFactor": 1,
            "mobile": false,
        });
        let scheme = if window.is_dark { "dark" } else { "light" };
        let motion = if window.is_still {
            "reduce"
        } else {
            "no-preference"
        };
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": motion },
        ] });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
        self.devtools("Emulation.setEmulatedMedia", media).await;
        self.window.set(window);
    }
}
