//! An error as a page in the house style, with a way on.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::web::observe;
use crate::web::pages::{self, Viewer};

/// The page's one primary link.
#[derive(Clone, Debug)]
pub struct WayOn {
    pub href: String,
    pub label: &'static str,
}

#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub title: &'static str,
    pub message: String,
    pub way_on: WayOn,
    /// To quote when asking for help; the log line has it too.
    reference: String,
    viewer: Viewer,
}

impl ErrorPage {
    pub fn new(title: &'static str, message: impl Into<String>, way_on: WayOn) -> Self {
        Self {
            title,
            message: message.into(),
            way_on,
            reference: observe::request_id(),
            viewer: Viewer {
                username: observe::username(),
            },
        }
    }

    /// The page for a status that needs no more explaining.
    pub fn of(status: StatusCode, message: impl Into<String>) -> Self {
        let (title, href, label) = match status.as_u16() {
            401 => ("Please sign in", "/signin", "Sign in"),
            403 => ("That is not allowed", "/", "Go to the start page"),
            404 => ("Page not found", "/", "Go to the start page"),
            405 => ("That does not work here", "/", "Go to the start page"),
            421 => ("Wrong address", "/", "Go to the start page"),
            429 => return Self::try_again("Too many attempts", message),
            503 => return Self::try_again("Back in a moment", message),
            400..=499 => ("That did not work", "/", "Go to the start page"),
            _ => ("Something went wrong", "/", "Go to the start page"),
        };
        let href = href.to_owned();
        Self::new(title, message, WayOn { href, label })
    }

    /// What cannot be answered now may be in a moment: the way on is the page
    /// that was asked for.
    fn try_again(title: &'static str, message: impl Into<String>) -> Self {
        let way_on = WayOn {
            href: observe::page(),
            label: "Try again",
        };
        Self::new(title, message, way_on)
    }

    pub fn with_way_on(self, way_on: WayOn) -> Self {
        Self { way_on, ..self }
    }

    pub fn respond(&self, status: StatusCode) -> HttpResponse {
        pages::render(status, self)
    }
}
