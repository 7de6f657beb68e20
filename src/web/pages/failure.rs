//! A callback that ends without a session: what happened, in plain words, and
//! one way on.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::sign_in_address;
use crate::oauth::OAuthError;
use crate::sign_in::{NextPath, PendingSignIn, Refusal};
use crate::web::error::{ErrorPage, WayOn};

/// `pending` tells where the person wanted to go, and with whom, if that is
/// known.
pub fn page(refusal: &Refusal, pending: Option<&PendingSignIn>) -> HttpResponse {
    let label = pending.map_or("The provider", |pending| pending.provider.label());
    let next = pending.map_or_else(NextPath::home, |pending| pending.next.clone());
    let connects = pending.is_some_and(|pending| pending.connect.is_some());
    let (status, title, message) = words(refusal, label, connects);
    let way_on = if connects && !matches!(refusal, Refusal::SessionOver) {
        WayOn {
            href: "/account".to_owned(),
            label: "Back to your account",
        }
    } else {
        WayOn {
            href: sign_in_address(&next),
            label: "Try signing in again",
        }
    };
    ErrorPage::new(title, message, way_on).respond(status)
}

fn words(refusal: &Refusal, label: &str, connects: bool) -> (StatusCode, &'static str, String) {
    let plain = |status, title, message: &str| (status, title, message.to_owned());
    match refusal {
        Refusal::UnknownState => plain(
            StatusCode::BAD_REQUEST,
            "This sign-in was not started here",
            "This browser knows of no such sign-in. It may have been started in another browser, \
             or cookies are turned off. Nothing was changed.",
        ),
        Refusal::Unreadable => plain(
            StatusCode::BAD_REQUEST,
            "Please start again",
            "What this browser kept of the sign-in cannot be read any more: the keys of this site \
             were probably changed while you were away. Nothing was changed.",
        ),
        Refusal::Expired => plain(
            StatusCode::BAD_REQUEST,
            "That took too long",
            "A sign-in has to be finished within ten minutes. Please start again.",
        ),
        Refusal::Used => plain(
            StatusCode::BAD_REQUEST,
            "This link was used already",
            "Each sign-in link works once. If you are not signed in, please start again.",
        ),
        Refusal::OtherProvider | Refusal::OtherIssuer | Refusal::Malformed(_) => plain(
            StatusCode::BAD_REQUEST,
            "That answer does not fit",
            "What came back does not fit the sign-in that was started. Nothing was changed.",
        ),
        Refusal::Declined => (
            StatusCode::FORBIDDEN,
            "You declined",
            if connects {
                format!("You told {label} not to connect your account, so nothing was done.")
            } else {
                format!("You told {label} not to sign you in here, so nothing was done.")
            },
        ),
        Refusal::Left => plain(
            StatusCode::CONFLICT,
            "That account was deleted",
            "The account was deleted while you were signing in, so you were not signed in. \
             If you want a new one, please start again.",
        ),
        Refusal::SessionOver => plain(
            StatusCode::FORBIDDEN,
            "You are not signed in as before",
            "The session from which you wanted to connect this account is over, or you have \
             signed in as somebody else since. Nothing was connected.",
        ),
        Refusal::IdentityTaken => (
            StatusCode::CONFLICT,
            "This account belongs to someone else",
            format!(
                "This {label} account signs in to another account here, so it cannot be connected \
                 to yours. To use it here, sign in with it and disconnect it there, or delete that \
                 account."
            ),
        ),
        Refusal::OtherIdentity => (
            StatusCode::CONFLICT,
            "Another account is connected already",
            format!(
                "You have connected another {label} account. Disconnect that one first, or choose \
                 it at {label}."
            ),
        ),
        Refusal::Provider(error) => provider_words(error, label),
    }
}

fn provider_words(error: &OAuthError, label: &str) -> (StatusCode, &'static str, String) {
    match error {
        OAuthError::Refused(_) => (
            StatusCode::BAD_GATEWAY,
            "The sign-in was refused",
            format!(
                "{label} did not accept the sign-in. Please try again; if it keeps happening, tell whoever runs this site."
            ),
        ),
        OAuthError::Unavailable { .. } | OAuthError::Unreachable(_) | OAuthError::CutOff(_) => (
            StatusCode::BAD_GATEWAY,
            "No answer right now",
            format!("{label} could not be reached or is busy. Please try again in a moment."),
        ),
        OAuthError::TimedOut => (
            StatusCode::GATEWAY_TIMEOUT,
            "No answer in time",
            format!("{label} took too long to answer. Please try again in a moment."),
        ),
        OAuthError::Malformed(_) => (
            StatusCode::BAD_GATEWAY,
            "An answer that makes no sense",
            format!(
                "{label} answered in a way that we do not understand, so nothing was done. Please try again."
            ),
        ),
    }
}
