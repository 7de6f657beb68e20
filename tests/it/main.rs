//! One test binary, so that it links once and everything runs side by side: a
//! file a story.

#![expect(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod activity;
mod api_document;
mod api_routes;
mod bearer;
mod callback;
mod canaries;
mod commands;
mod connections;
mod cookies;
mod floors;
mod front_door;
mod guards;
mod hand_outs;
mod hostile_profiles;
mod keys;
mod late_answers;
mod leaving;
mod limits;
mod live_call;
mod outages;
mod over;
mod plans;
mod pooler;
mod private_postgres;
mod programs;
mod provider_faults;
mod revocations;
mod schema;
mod session_token;
mod sessions;
mod simulator;
mod slow_commits;
mod start;
mod static_files;
mod stopping;
mod support;
mod sweeping;
mod token_page;
mod vault;
mod vault_faults;
mod vault_races;
mod withdrawals;
