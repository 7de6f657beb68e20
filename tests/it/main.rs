//! One test binary, so that it links once and everything runs side by side: a
//! file a story.

#![expect(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod callback;
mod canaries;
mod commands;
mod cookies;
mod floors;
mod front_door;
mod guards;
mod hostile_profiles;
mod private_postgres;
mod provider_faults;
mod schema;
mod session_token;
mod simulator;
mod start;
mod support;
