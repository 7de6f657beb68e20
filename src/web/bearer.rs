//! The middleware that reads `Authorization: Bearer` (RFC 6750 §2.1), once per
//! request to the API. Extractors only look.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _};

use super::state::Vestibule;
use super::visitor;
use crate::models::api_token::VerifiedToken;

/// What a request's header turned out to be, in its extensions.
#[derive(Clone)]
pub enum Bearer {
    /// Nothing: the session cookie may speak.
    Absent,
    /// It breaks the syntax, or there are two.
    Malformed,
    /// No token of ours, or not any more.
    Refused,
    /// One refused token too many from this address; how long to wait.
    TooMany(Duration),
    /// It cannot be told now.
    Unknown,
    Good(Arc<VerifiedToken>),
}

pub async fn load(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(app) = request.app_data::<Data<Vestibule>>().cloned() {
        let bearer = judge(&app, &request).await;
        request.extensions_mut().insert(bearer);
    }
    next.call(request)
        .await
        .map(ServiceResponse::map_into_boxed_body)
}

async fn judge(app: &Vestibule, request: &ServiceRequest) -> Bearer {
    let token = match read(request.headers()) {
        Header::Absent => return Bearer::Absent,
        Header::Malformed => return Bearer::Malformed,
        Header::Token(token) => token,
    };
    match app.programs.verify(token).await {
        Ok(Some(token)) => Bearer::Good(token),
        Ok(None) => {
            let address = visitor::client_address(app, request.request());
            match app.limits.bearer.count(address) {
                Ok(()) => Bearer::Refused,
                Err(wait) => Bearer::TooMany(wait),
            }
        }
        Err(error) => {
            tracing::warn!("a token could not be looked up: {error}");
            Bearer::Unknown
        }
    }
}

/// A header as it came.
#[derive(Debug, PartialEq, Eq)]
pub enum Header<'a> {
    Absent,
    Malformed,
    Token(&'a str),
}

/// Reads the header strictly. Another scheme than Bearer is somebody else's.
pub fn read(headers: &HeaderMap) -> Header<'_> {
    let mut all = headers.get_all(AUTHORIZATION);
    let Some(header) = all.next() else {
        return Header::Absent;
    };
    if all.next().is_some() {
        return Header::Malformed;
    }
    let Ok(header) = header.to_str() else {
        return Header::Malformed;
    };
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        let token = rest.trim_matches(' ');
        return if is_b64token(token) {
            Header::Token(token)
        } else {
            Header::Malformed
        };
    }
    // Almost Bearer, or a token alone, is a mistake, and no cookie's turn.
    if is_scheme(scheme) && !scheme.starts_with("vst_") {
        Header::Absent
    } else {
        Header::Malformed
    }
}

/// RFC 9110 §11.1: a token.
fn is_scheme(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(known)
}

/// RFC 6750 §2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read_all(lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(
                AUTHORIZATION,
                HeaderValue::from_bytes(line.as_bytes()).unwrap(),
            );
        }
        format!("{:?}", read(&headers))
    }

    #[test]
    fn a_bearer_header_is_read_strictly_whatever_its_case() {
        for line in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(read_all(&[line]), "Token(\"abc\")", "{line:?}");
        }
        for line in [
            "Bearer",
            "Bearer ",
            "Bearer %",
            "Bearer a b",
            "Bearer =",
            "Bearer a=b",
            "Bearer a,b",
            "Bearer é",
            "Bearer\tx",
            "Bearer:x",
            "vst_x",
            "",
        ] {
            assert_eq!(read_all(&[line]), "Malformed", "{line:?}");
        }
        assert_eq!(read_all(&["Bearer a", "Bearer a"]), "Malformed");
        assert_eq!(read_all(&["Basic a", "Bearer a"]), "Malformed");
        for lines in [&[][..], &["Basic dXNlcjpwYXNz"], &["Bearera b"]] {
            assert_eq!(read_all(lines), "Absent", "{lines:?}");
        }
    }
}
