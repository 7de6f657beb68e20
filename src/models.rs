//! Floor 2: rows, one file a table. Owned rows are reached through a
//! [`Scope`].

pub mod account;
pub mod api_token;
pub mod audit_event;
pub mod departure;
pub mod ids;
pub mod provider_revocation;
pub mod revocation;
mod scope;
pub mod sealed_value;
pub mod session;
pub mod sign_in_state;
mod sweep;
mod time;
mod token_scope;
pub mod user;
mod visitor;

pub use scope::{CameWith, OwnSession, Scope};
pub use sweep::Sweepable;
pub use token_scope::{TokenScope, TokenScopes};
pub use visitor::Visitor;
