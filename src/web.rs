//! Floor 4: HTTP. State, routes, and the order of the middleware.
//!
//! A request passes, from the outside in:
//!
//! ```text
//! observe       a request id, a span, one log line; a panic becomes a 500;
//!               the security headers go on every answer
//! guard         another Host than ours: 421; the body read whole, 16 KiB and
//!               10 s at most; unsafe methods only from our own pages: 403
//! session       the session cookie, decoded once; extractors only look. When
//!               the answer is ready: the cookie issued again, or removed
//! sign_in_cookie   on pages and flows: actix-session sees its own cookie alone
//! pages::private   on /account: strangers are sent to sign in
//! ```

mod api;
mod assets;
mod audit;
mod background;
mod bearer;
mod caller;
mod cookies;
mod device;
mod error;
mod extractors;
mod flash;
mod guard;
mod headers;
mod health;
mod issuing;
mod limits;
mod live_calls;
mod observe;
mod pages;
mod renewal;
mod replaced;
mod routes;
mod server;
mod session;
mod sign_in_cookie;
mod state;
mod visitor;

pub use api::document::document as openapi;
pub use api::routes::table as api_routes;
pub use server::{ServeError, Server};
pub use state::Vestibule;
