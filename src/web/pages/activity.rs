//! `/account/activity`: what happened with your account, in words.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;

use super::{Moment, Viewer, show as show_page};
use crate::models::audit_event::{self, AuditEvent, Kind};
use crate::models::session::EndedReason;
use crate::provider::Provider;
use crate::web::audit::{Cursor, PageOfEvents};
use crate::web::caller::SignedIn;
use crate::web::device;
use crate::web::error::PageError;
use crate::web::state::Vestibule;

/// What fits a page that is read from top to bottom.
const EVENTS: i64 = 25;

#[derive(Template)]
#[template(path = "activity.html")]
struct Activity {
    viewer: Viewer,
    events: Vec<Event>,
    /// Whether newer ones were left out.
    is_continued: bool,
    older: Option<String>,
}

struct Event {
    at: Moment,
    words: String,
    device: Option<String>,
    ip: Option<String>,
}

#[derive(serde::Deserialize)]
pub struct Asked {
    cursor: Option<Cursor>,
}

pub async fn show(
    me: SignedIn,
    app: Data<Vestibule>,
    asked: Query<Asked>,
) -> Result<HttpResponse, PageError> {
    let (scope, after) = (me.scope(), asked.into_inner().cursor);
    let page = app
        .db
        .run(move |conn| {
            let position = after.map(|Cursor(position)| position);
            // One more than is shown tells whether there are more.
            audit_event::of_caller(conn, scope, position, EVENTS + 1)
        })
        .await?;
    let page = PageOfEvents::of(page, EVENTS);
    Ok(show_page(&Activity {
        viewer: Viewer::of(Some(&me)),
        older: page
            .next
            .map(|cursor| format!("/account/activity?cursor={cursor}")),
        is_continued: after.is_some(),
        events: page.events.iter().map(Event::of).collect(),
    }))
}

impl Event {
    fn of(event: &AuditEvent) -> Self {
        let agent = event.user_agent.as_deref();
        Self {
            at: Moment(event.at),
            words: words(event),
            device: agent.map(device::describe),
            ip: event.ip.map(|ip| ip.addr().to_string()),
        }
    }
}

fn words(event: &AuditEvent) -> String {
    let detail = |name: &str| event.details.get(name).and_then(|value| value.as_str());
    let provider = detail("provider").and_then(|word| word.parse().ok());
    let provider = provider.map_or("a provider", Provider::label);
    match Kind::from_word(&event.kind) {
        Some(Kind::SessionStarted) => format!("Signed in with {provider}"),
        Some(Kind::SessionEnded) => {
            let which =
                detail("userAgent").map_or_else(|| "a session".to_owned(), device::describe);
            let reason = detail("reason").and_then(EndedReason::from_word);
            ended_words(reason, &which)
        }
        Some(Kind::AccountConnected) => match detail("username") {
            Some(username) => format!("Connected the {provider} account {username}"),
            None => format!("Connected a {provider} account"),
        },
        Some(Kind::AccountReconnected) => format!("Renewed the connection to {provider}"),
        Some(Kind::AccountDisconnected) if event.details.get("atSignOut").is_some() => {
            format!("Gave back what {provider} had granted, when signing out")
        }
        Some(Kind::AccountDisconnected) => match detail("username") {
            Some(username) => format!("Disconnected the {provider} account {username}"),
            None => format!("Disconnected {provider}"),
        },
        Some(Kind::AccountDeleted) => "An account was deleted".to_owned(),
        Some(Kind::ProviderTokenRefreshed) => format!("Your {provider} access token was refreshed"),
        Some(Kind::ProviderTokenRefused) => {
            format!("What {provider} had granted cannot be used any more: a reconnect is needed")
        }
        Some(Kind::ProviderRevocationGivenUp) => {
            format!("{provider} could not be told for a day that a token is no longer wanted")
        }
        Some(Kind::ApiTokenCreated) => named("Made the API token", detail("name")),
        Some(Kind::ApiTokenRevoked) => named("Revoked the API token", detail("name")),
        Some(Kind::ProviderTokenHandedOut) => match detail("name") {
            Some(name) => {
                format!(
                    "A program with the API token “{name}” was handed your {provider} access token"
                )
            }
            None => format!("A program was handed your {provider} access token"),
        },
        Some(Kind::SignInFailed) if event.details.get("connecting").is_some() => {
            format!("Connecting {provider} failed{}", because(detail("reason")))
        }
        Some(Kind::SignInFailed) => {
            format!(
                "A sign-in with {provider} failed{}",
                because(detail("reason"))
            )
        }
        // Written by a newer version.
        None => event.kind.replace(['.', '_'], " "),
    }
}

/// Why coming back from a provider ended with nothing, where that says more
/// than that it failed.
fn because(reason: Option<&str>) -> &'static str {
    match reason {
        Some("declined") => ": you declined there",
        Some("identity_taken") => ": that account belongs to someone else here",
        Some("other_identity") => ": another account is connected already",
        Some("session_over") => ": you had signed out meanwhile",
        Some("provider_timed_out" | "provider_unavailable") => ": it did not answer",
        _ => "",
    }
}

fn named(what: &str, name: Option<&str>) -> String {
    name.map_or_else(|| what.to_owned(), |name| format!("{what} “{name}”"))
}

fn ended_words(reason: Option<EndedReason>, which: &str) -> String {
    match reason {
        Some(EndedReason::SignedOut) => format!("Signed out of {which}"),
        Some(EndedReason::SignedInAgain) => {
            format!("The session in {which} ended by signing in again there")
        }
        Some(EndedReason::EndedByUser) => format!("Signed out {which} from another device"),
        Some(EndedReason::EndedByOperator) => {
            format!("The session in {which} was ended by whoever runs this site")
        }
        Some(EndedReason::TooMany) => {
            format!("The oldest session, in {which}, was ended: there were too many")
        }
        Some(EndedReason::AccountDeleted) => {
            format!("The session in {which} ended with the account")
        }
        None => format!("The session in {which} ended"),
    }
}
