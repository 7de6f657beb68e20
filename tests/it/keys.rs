//! The key ring, changed while it is used.

mod demo;
mod hammered;
mod resealing;
mod retiring;
mod rotating;
mod running;
mod starting;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use vestibule::config::KeySource;
use vestibule::crypto::keys::{self, LiveRing};

use crate::commands::{run, words};
use crate::support::{TestApp, databases};

/// A folder with a ring in `keys.json`, and what operators do to it.
pub struct Ring {
    pub folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Ring {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        keys::write_new(&folder.path().join("keys.json"), false)
            .ok()
            .unwrap();
        let variables = vec![("KEYS_FILE".to_owned(), "keys.json".to_owned())];
        Self { folder, variables }
    }

    /// Another variable for every command from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    pub fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    pub fn change(&self, change: impl FnOnce(&mut Value)) {
        let mut set = self.json();
        change(&mut set);
        fs::write(self.path(), set.to_string()).unwrap();
    }

    /// As if everything had happened so much earlier.
    pub fn grow_older(&self, seconds: i64) {
        self.change(|set| {
            for key in set["keys"].as_array_mut().unwrap() {
                for member in ["iat", "nbf"] {
                    key[member] = (key[member].as_i64().unwrap() - seconds).into();
                }
            }
        });
    }

    /// The kids of keys for this, the oldest first.
    pub fn kids(&self, alg: &str) -> Vec<String> {
        let set = self.json();
        let keys = set["keys"].as_array().unwrap().iter();
        keys.filter(|key| key["alg"] == alg)
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    pub fn variables(&self) -> Vec<(&str, &str)> {
        let all = self.variables.iter();
        all.map(|(name, value)| (&**name, &**value)).collect()
    }

    /// Runs a command: its exit status and what it said.
    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = run(arguments, &self.variables(), self.folder.path());
        (output.status.code(), words(&output))
    }

    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let (status, said) = self.run(arguments);
        assert_eq!(status, Some(0), "{arguments:?}: {said}");
        said
    }

    /// Refused with these words, and the ring is as it was.
    #[track_caller]
    pub fn refuse(&self, arguments: &[&str], words: &[&str]) -> String {
        let before = self.text();
        let (status, said) = self.run(arguments);
        assert_eq!(status, Some(1), "{arguments:?}: {said}");
        for part in words {
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
        assert_eq!(self.text(), before, "{said}");
        said
    }

    /// Rotated, and so long ago that every process knows it.
    pub fn rotate_long_ago(&self) {
        self.succeed(&["keys", "rotate", "--now"]);
        self.grow_older(60);
    }

    /// As a process holds it.
    pub fn live(&self) -> Arc<LiveRing> {
        let source = KeySource::File(self.path());
        let ring = keys::load(&source).ok().unwrap();
        Arc::new(LiveRing::new(ring, source))
    }

    /// An app with this ring, on whose database the commands work from now on.
    pub async fn app(&mut self) -> TestApp {
        let app = TestApp::start_on(databases::migrated(), self.live(), &[]).await;
        self.set("DATABASE_URL", &app.database_url);
        app
    }
}
