//! "What GitHub says about you now": one call with the stored token, so that it
//! is seen to work. The page does not wait for it: the answer comes as its last
//! part, when it comes.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use askama::Template;
use futures_util::stream::{self, StreamExt as _};

use super::{AccountPage, render};
use crate::models::Scope;
use crate::models::account::Account;
use crate::oauth::{Http, OAuthError, Overview};
use crate::provider::Provider;
use crate::vault::NoToken;
use crate::web::live_calls::NotNow;
use crate::web::state::Vestibule;

/// Nobody waits longer for the end of a page.
const WITHIN: Duration = Duration::from_secs(5);
/// Where the template wants it. Whatever people are called is escaped, so it
/// stands there once.
const PLACE: &str = "<!-- live -->";

#[derive(Template)]
#[template(path = "live.html")]
struct Live {
    label: &'static str,
    told: Told,
}

enum Told {
    Overview(Overview),
    Nothing(String),
}

/// The page, part by part.
pub fn stream(
    app: &Data<Vestibule>,
    http: &Data<Http>,
    scope: Scope,
    page: &AccountPage,
    accounts: &[Account],
) -> HttpResponse {
    let Ok(html) = page.render() else {
        // Says so, and logs it.
        return render(actix_web::http::StatusCode::OK, page);
    };
    let (before, after) = html.split_once(PLACE).unwrap_or((&html, ""));
    let [before, after] = [before, after].map(|part| Bytes::copy_from_slice(part.as_bytes()));
    let providers = accounts.iter().filter_map(|it| it.provider.parse().ok());
    let asked: Vec<_> = providers
        .map(|provider| ask(app.clone(), http.clone(), scope, provider))
        .collect();
    let together = asked.len().max(1);
    let answers = stream::iter(asked).buffered(together);
    let parts = stream::iter([before])
        .chain(answers)
        .chain(stream::iter([after]));
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .streaming(parts.map(Ok::<_, actix_web::Error>))
}

async fn ask(app: Data<Vestibule>, http: Data<Http>, scope: Scope, provider: Provider) -> Bytes {
    let told = tokio::time::timeout(WITHIN, tell(&app, &http, scope, provider));
    let told = told.await.unwrap_or_else(|_| {
        Told::Nothing(format!("{} takes too long to answer.", provider.label()))
    });
    let live = Live {
        label: provider.label(),
        told,
    };
    live.render().unwrap_or_default().into()
}

async fn tell(app: &Vestibule, http: &Http, scope: Scope, provider: Provider) -> Told {
    let label = provider.label();
    let Some(offer) = app.offer(provider) else {
        return Told::Nothing(format!("{label} is not set up here any more."));
    };
    // A token that is not accepted may be one that can be refreshed.
    for _ in 0..2 {
        let fresh = match app.vault.fresh_token(scope, provider).await {
            Ok(fresh) => fresh,
            Err(reason) => return Told::Nothing(no_token(&reason, label)),
        };
        let call = match app.live_calls.begin(fresh.account()) {
            Ok(call) => call,
            Err(NotNow::UnderWay) => {
                return Told::Nothing(format!("{label} is being asked already, by another page."));
            }
            Err(NotNow::LeftAlone) => return Told::Nothing(left_alone(label)),
        };
        match offer.client(http).overview(&fresh.token).await {
            Ok(overview) => return Told::Overview(overview),
            Err(error) if error.rejects_the_token() => app.vault.was_rejected(&fresh).await,
            Err(error) => {
                tracing::warn!(%provider, "the live call failed: {error}");
                if matches!(error, OAuthError::Unavailable { status: 429, .. }) {
                    call.leave_alone(error.retry_after());
                    return Told::Nothing(left_alone(label));
                }
                return Told::Nothing(failed(&error, label));
            }
        }
    }
    Told::Nothing(no_token(&NoToken::Reconnect, label))
}

fn no_token(reason: &NoToken, label: &str) -> String {
    match reason {
        NoToken::NotConnected => format!("{label} is not connected any more."),
        NoToken::Reconnect => format!(
            "What {label} granted cannot be used any more, so nothing can be asked. Reconnect {label} to use it again."
        ),
        NoToken::Later(_) | NoToken::StillLeased => {
            format!("{label} does not answer right now, and is asked again later.")
        }
        NoToken::Unavailable(_) | NoToken::Internal(_) => {
            "This cannot be asked right now. Please try again in a moment.".to_owned()
        }
    }
}

fn left_alone(label: &str) -> String {
    format!("{label} has been asked too often, and wants to be left alone for a while.")
}

fn failed(error: &OAuthError, label: &str) -> String {
    match error {
        OAuthError::Refused(_) => format!("{label} does not tell this token."),
        _ => format!("{label} does not answer right now."),
    }
}
