//! One binary for all stories: it links once and runs them side by side.

#![expect(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod simulator;
