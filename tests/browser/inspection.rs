//! What holds on every page, in every state: nobody is kept out, in light or
//! dark, on a desk or on a phone; nothing scrolls sideways; the console is
//! empty.

use crate::browser::Browser;
use crate::window::Window;

const WINDOWS: [(&str, Window); 2] = [
    ("1280 px, light", Window::DESK),
    ("320 px, dark", Window::PHONE.dark()),
];

impl Browser {
    pub async fn inspect(&self) {
        let (url, before) = (self.client.current_url().await.unwrap(), self.window.get());
        let mut found = Vec::new();
        for complaint in self.complaints().await {
            found.push(format!("console: {complaint}"));
        }
        for (name, window) in WINDOWS {
            self.resize(window).await;
            for violation in self.violations().await {
                found.push(format!("{name}: {violation}"));
            }
            if let Some(width) = self.scrolls_sideways().await {
                found.push(format!("{name}: the page is {width} px wide"));
            }
        }
        self.resize(before).await;
        // Of axe's doing.
        let _ = self.complaints().await;
        let mut faults = self.faults.borrow_mut();
        for fault in found {
            let fault = format!("{}: {fault}", url.path());
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }

    /// How wide the page is, if that is wider than the window.
    pub async fn scrolls_sideways(&self) -> Option<u64> {
        let script = "const width = document.documentElement.scrollWidth; \
                      return width > innerWidth ? width : null";
        self.script(script, vec![]).await.as_u64()
    }
}
