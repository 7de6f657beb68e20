//! The keyboard.

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;

use crate::browser::Browser;

/// No page of ours has as many stops.
const MOST_STOPS: usize = 80;

/// What has the focus: its name, and whether that can be seen.
pub struct Stop {
    pub name: String,
    pub is_visible: bool,
}

impl Browser {
    pub async fn key(&self, key: Key) {
        self.keys(&[key.into()]).await;
    }

    /// Pressed one after the other, then let go in the same order.
    pub async fn keys(&self, keys: &[char]) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys.iter().copied() {
            actions = actions.then(KeyAction::Down { value });
        }
        for value in keys.iter().copied() {
            actions = actions.then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    pub async fn stop(&self) -> Stop {
        let told = self.script(include_str!("focus.js"), vec![]).await;
        Stop {
            name: told["name"].as_str().unwrap_or_default().to_owned(),
            is_visible: told["isVisible"] == true,
        }
    }

    /// Goes on by Tab until something of this name has the focus. Wherever the
    /// focus goes on the way, it has to be seen.
    pub async fn tab_to(&self, name: &str) {
        let mut stops = Vec::new();
        while stops.len() < MOST_STOPS {
            self.key(Key::Tab).await;
            let stop = self.stop().await;
            let is_it = stop.name.to_lowercase().contains(&name.to_lowercase());
            // Between the last stop and the first there is the window itself.
            let is_fine = stop.is_visible || stop.name.is_empty();
            assert!(is_fine, "focus on {:?} cannot be seen", stop.name);
            if is_it {
                return;
            }
            stops.push(stop.name);
        }
        panic!("Tab never comes to {name:?}, but to {stops:?}");
    }
}
