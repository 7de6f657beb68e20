//! Vestibule: the front room of a web site.
//!
//! Floors look down, never up; a test holds them.
//!
//! ```text
//! 6  cli                           one file per subcommand
//! 5  demo                          the private Postgres, the simulator
//! 4  web                           routes, middleware, pages, API
//! 3  sign_in  revocations          what happens, in transactions and in memory
//!    endings  programs  sweep      how sessions end; API tokens; what is over
//!    vault    withdrawals          provider tokens: fresh; taken back
//!    hand_outs                     noted before they leave
//!    connections  leaving          disconnected; gone
//!    reseal                        stored tokens go under another key
//! 2  models   oauth                rows; providers. They do not know each other
//! 1  crypto   db  schema           keys, tokens, seals; the one door to Postgres
//! 0  config   error  provider      words that everybody shares
//!    secret   strict_json  clock
//! ```

pub mod cli;
pub mod clock;
pub mod config;
pub mod connections;
pub mod crypto;
pub mod db;
pub mod demo;
pub mod endings;
pub mod error;
pub mod hand_outs;
pub mod leaving;
pub mod models;
pub mod oauth;
pub mod programs;
pub mod provider;
pub mod reseal;
pub mod revocations;
pub mod schema;
pub mod secret;
pub mod sign_in;
mod strict_json;
pub mod sweep;
pub mod vault;
pub mod web;
pub mod withdrawals;
