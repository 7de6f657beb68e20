//! Floor 1: keys, the session token, the seal on stored tokens.

pub mod api_token;
pub mod keys;
pub mod random;
pub mod sealed;
pub mod session_token;
