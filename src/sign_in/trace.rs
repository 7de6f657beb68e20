//! What happened during a sign-in, redirect by redirect, with every secret
//! struck out: for the page that shows a session's story.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::PendingSignIn;
use crate::config::ProviderConfig;
use crate::oauth;

/// One message between browser, Vestibule and provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub at: DateTime<Utc>,
    /// In plain words.
    pub title: String,
    /// Method and address, without a query.
    pub request: String,
    pub parameters: Vec<Parameter>,
    pub answer: String,
}

/// A parameter; `None` where its value was a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    pub value: Option<String>,
}

impl Parameter {
    pub fn shown(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            value: Some(value.into()),
        }
    }

    pub fn struck_out(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: None,
        }
    }
}

/// Never shown, wherever they appear.
const SECRETS: [&str; 2] = ["state", "code"];

/// What is known when a callback succeeds, enough to tell the whole story.
pub struct SignInStory<'a> {
    pub config: &'a ProviderConfig,
    pub redirect_uri: &'a str,
    pub pending: &'a PendingSignIn,
    pub issuer: Option<&'a str>,
    pub called_back_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    /// The session cookie's name and attributes.
    pub cookie: &'a str,
}

impl SignInStory<'_> {
    pub fn steps(&self) -> Vec<Step> {
        let sent = oauth::authorize_url(
            self.config,
            self.redirect_uri,
            &self.pending.state,
            &self.pending.verifier,
        );
        let mut steps = vec![self.start(sent.as_ref().ok())];
        steps.extend(sent.ok().map(|url| self.authorize(&url)));
        steps.extend([self.callback(), self.exchange(), self.finish()]);
        steps
    }

    fn label(&self) -> &'static str {
        self.config.provider.label()
    }

    fn started_at(&self) -> DateTime<Utc> {
        self.pending.started_at().unwrap_or(self.called_back_at)
    }

    fn start(&self, sent: Option<&Url>) -> Step {
        let host = sent.and_then(Url::host_str).unwrap_or_default();
        Step {
            at: self.started_at(),
            title: format!("You asked to sign in with {}", self.label()),
            request: format!("POST /api/auth/signin/{}", self.config.provider),
            parameters: vec![Parameter::shown("next", self.pending.next.as_str())],
            answer: format!(
                "303 See Other, to {host}; state and PKCE verifier went into the pre-sign-in cookie"
            ),
        }
    }

    fn authorize(&self, url: &Url) -> Step {
        let (address, _) = url.as_str().split_once('?').unwrap_or((url.as_str(), ""));
        let parameters = url.query_pairs().map(|(name, value)| {
            if SECRETS.contains(&&*name) {
                Parameter::struck_out(&name)
            } else {
                Parameter::shown(&name, value)
            }
        });
        Step {
            at: self.started_at(),
            title: format!("Your browser went to {}, and you approved", self.label()),
            request: format!("GET {address}"),
            parameters: parameters.collect(),
            answer: "a redirect back to the redirect_uri".to_owned(),
        }
    }

    fn callback(&self) -> Step {
        let mut parameters = SECRETS.map(Parameter::struck_out).to_vec();
        parameters.extend(self.issuer.map(|issuer| Parameter::shown("iss", issuer)));
        Step {
            at: self.called_back_at,
            title: format!("{} sent you back with a code", self.label()),
            request: format!("GET /api/auth/callback/{}", self.config.provider),
            parameters,
            answer: "the state was pending in this browser, and is used up now".to_owned(),
        }
    }

    fn exchange(&self) -> Step {
        Step {
            at: self.called_back_at,
            title: format!(
                "Vestibule exchanged the code at {} and asked who you are",
                self.label()
            ),
            request: format!("POST {}", oauth::token_endpoint(self.config)),
            parameters: vec![
                Parameter::shown("grant_type", "authorization_code"),
                Parameter::struck_out("code"),
                Parameter::shown("redirect_uri", self.redirect_uri),
                Parameter::struck_out("code_verifier"),
                Parameter::shown("client_id", &self.config.client_id),
                Parameter::struck_out("client_secret"),
            ],
            answer: "tokens, which were sealed and stored".to_owned(),
        }
    }

    fn finish(&self) -> Step {
        Step {
            at: self.finished_at,
            title: "You were signed in".to_owned(),
            request: "the answer to the callback".to_owned(),
            parameters: vec![Parameter::shown("Set-Cookie", self.cookie)],
            answer: format!("303 See Other, to {}", self.pending.next),
        }
    }
}
