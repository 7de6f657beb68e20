//! A provider's JSON, or why there is none.

use oauth2::HttpResponse;
use serde::de::DeserializeOwned;

use super::OAuthError;

/// The body of a 200 answer. Unknown members are ignored; a wrong type is
/// refused.
pub(super) fn read<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, OAuthError> {
    match response.status().as_u16() {
        200 => serde_json::from_slice(response.body())
            .map_err(|_| OAuthError::Malformed("the profile is not what it should be")),
        status => Err(OAuthError::Refused(format!("status_{status}"))),
    }
}
