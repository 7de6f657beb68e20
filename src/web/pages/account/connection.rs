//! A provider on the account page: connected or not, and what there is to know.

use chrono::{DateTime, TimeDelta, Utc};

use crate::models::account::Account;
use crate::provider::Provider;
use crate::web::pages::{Moment, in_words};
use crate::web::state::Vestibule;

pub struct Connection {
    /// The word in addresses.
    pub word: &'static str,
    pub label: &'static str,
    /// Whether it can be connected: it is set up here.
    pub is_offered: bool,
    pub connected: Option<Connected>,
}

pub struct Connected {
    pub username: String,
    pub email: Option<String>,
    pub since: Moment,
    /// What was granted, if that was told.
    pub granted: Vec<String>,
    /// What was asked for and not granted.
    pub missing: Vec<String>,
    pub freshness: String,
    pub needs_reconnect: bool,
    /// Nobody could sign in without it.
    pub is_last: bool,
}

impl Connection {
    /// Every provider that is on offer, or that is connected from earlier.
    pub fn all(app: &Vestibule, accounts: &[Account]) -> Vec<Self> {
        let now = app.clock.now();
        let of = |provider: Provider| {
            let config = app.config.provider(provider);
            let account = accounts
                .iter()
                .find(|account| account.provider == provider.as_str());
            let asked = config.map(|config| &*config.scopes).unwrap_or_default();
            Self {
                word: provider.as_str(),
                label: provider.label(),
                is_offered: config.is_some(),
                connected: account
                    .map(|account| Connected::of(account, asked, accounts.len() == 1, now)),
            }
        };
        let all = Provider::ALL.into_iter().map(of);
        all.filter(|it| it.is_offered || it.connected.is_some())
            .collect()
    }
}

impl Connection {
    pub fn disconnect_address(&self) -> String {
        format!("/account/connections/{}/disconnect", self.word)
    }

    pub fn disconnect_words(&self) -> String {
        format!("Disconnect {}", self.label)
    }

    pub fn confirm_words(&self) -> String {
        format!("Yes, disconnect {}", self.label)
    }
}

impl Connected {
    fn of(account: &Account, asked: &[String], is_last: bool, now: DateTime<Utc>) -> Self {
        let granted: Vec<String> = account
            .scope
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let is_missing = |asked: &&String| !granted.is_empty() && !is_covered(asked, &granted);
        Self {
            username: account.username.clone(),
            email: account.email.clone(),
            since: Moment(account.connected_at),
            missing: asked.iter().filter(is_missing).cloned().collect(),
            granted,
            freshness: freshness(account, now),
            needs_reconnect: account.needs_reconnect,
            is_last,
        }
    }
}

/// GitHub leaves out what a wider scope covers: `user` covers `read:user` and
/// `user:email`.
fn is_covered(asked: &str, granted: &[String]) -> bool {
    let halves = asked.split_once(':');
    granted.iter().any(|granted| {
        granted == asked || halves.is_some_and(|(a, b)| granted == a || granted == b)
    })
}

/// How long its access token is good, and what then.
fn freshness(account: &Account, now: DateTime<Utc>) -> String {
    if account.needs_reconnect {
        return "not usable: reconnect needed".to_owned();
    }
    let Some(expires_at) = account.expires_at() else {
        return "does not expire".to_owned();
    };
    let left = expires_at - now;
    match (left > TimeDelta::zero(), account.refreshes) {
        (true, true) => format!("expires in {}, refreshes by itself", in_words(left)),
        (true, false) => format!("expires in {}, then reconnect", in_words(left)),
        (false, true) => "has expired, refreshes by itself when it is next used".to_owned(),
        (false, false) => "has expired: reconnect needed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_scope_covers_a_narrower_one() {
        let granted = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(is_covered("read:user", &granted("user")));
        assert!(is_covered("user:email", &granted("repo user")));
        assert!(is_covered("openid", &granted("openid email")));
        assert!(!is_covered("user:email", &granted("read:user")));
        assert!(!is_covered("offline_access", &granted("openid email")));
    }
}
