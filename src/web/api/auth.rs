//! `/api/auth`: start, callback, sign-out, info.

mod callback;
pub mod disconnect;
pub mod info;
mod sign_out;
mod start;
pub mod status;

pub use callback::callback;
pub use disconnect::disconnect;
pub use info::info;
pub use sign_out::{leave, sign_out, without_cookie};
pub use start::{connect, start};
pub use status::status;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

/// 303: whatever the method was, the browser goes on with GET.
pub(in crate::web) fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .finish()
}
