//! Codes, grants and tokens: what lives, what is spent, what is over.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Client;
use super::people::Person;
use crate::provider::Provider;

/// RFC 6749 §4.1.2 recommends ten minutes at most; GitHub says the same.
const CODE_LIFETIME: Duration = Duration::from_mins(10);

/// 192 bits: well over the 128 that RFC 6749 §10.10 asks for.
const TOKEN_BYTES: usize = 24;

/// What a person agreed to.
#[derive(Clone)]
pub struct Consent {
    pub provider: Provider,
    pub client_id: String,
    pub person: &'static Person,
    pub scopes: Vec<String>,
    pub nonce: Option<String>,
}

/// An authorization code and what its exchange has to match.
#[derive(Clone)]
pub struct Code {
    pub consent: Consent,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    /// Set by the exchange: a code is good for one.
    pub grant: Option<GrantId>,
    expires_at: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GrantId(usize);

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Access,
    Refresh,
}

struct Grant {
    consent: Consent,
    ended: bool,
}

struct Token {
    grant: GrantId,
    kind: Kind,
    expires_at: Option<Instant>,
    ended: bool,
}

#[derive(Default)]
pub struct Ledger {
    codes: HashMap<String, Code>,
    grants: Vec<Grant>,
    tokens: HashMap<String, Token>,
    /// When each refresh token was presented, good or spent.
    presented: HashMap<String, Vec<Instant>>,
    secrets: Vec<String>,
}

impl Consent {
    pub fn is_of(&self, client: &Client) -> bool {
        self.provider == client.provider && self.client_id == client.client_id
    }

    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

impl Code {
    pub fn new(consent: Consent, redirect_uri: String, challenge: Option<String>) -> Self {
        let expires_at = Instant::now() + CODE_LIFETIME;
        Self {
            consent,
            redirect_uri,
            challenge,
            grant: None,
            expires_at,
        }
    }
}

impl Ledger {
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// Remembers secrets that were made or shown elsewhere.
    pub fn note_secrets<'a>(&mut self, secrets: impl IntoIterator<Item = &'a str>) {
        self.secrets.extend(secrets.into_iter().map(str::to_owned));
    }

    pub fn issue_code(&mut self, code: Code) -> Result<String, getrandom::Error> {
        let value = random("")?;
        self.secrets.push(value.clone());
        self.codes.insert(value.clone(), code);
        Ok(value)
    }

    /// The code, spent or not, while it has not expired.
    pub fn code(&self, value: &str) -> Option<&Code> {
        self.codes
            .get(value)
            .filter(|code| Instant::now() < code.expires_at)
    }

    /// Spends a code: from here on it belongs to the grant.
    pub fn open_grant(&mut self, code: &str, consent: Consent) -> GrantId {
        let id = GrantId(self.grants.len());
        self.grants.push(Grant {
            consent,
            ended: false,
        });
        if let Some(code) = self.codes.get_mut(code) {
            code.grant = Some(id);
        }
        id
    }

    /// A token without a lifetime lives until it is ended.
    pub fn issue(
        &mut self,
        grant: GrantId,
        kind: Kind,
        prefix: &str,
        lifetime: Option<Duration>,
    ) -> Result<String, getrandom::Error> {
        let value = random(prefix)?;
        let expires_at = lifetime.and_then(|lifetime| Instant::now().checked_add(lifetime));
        self.secrets.push(value.clone());
        self.tokens.insert(
            value.clone(),
            Token {
                grant,
                kind,
                expires_at,
                ended: false,
            },
        );
        Ok(value)
    }

    /// The grant of a token of this kind that is good now.
    pub fn live(&self, provider: Provider, kind: Kind, value: &str) -> Option<(GrantId, &Consent)> {
        let token = self.tokens.get(value).filter(|token| token.kind == kind)?;
        let grant = self.grants.get(token.grant.0)?;
        let expired = token.expires_at.is_some_and(|at| at <= Instant::now());
        let good = grant.consent.provider == provider && !grant.ended && !token.ended && !expired;
        good.then_some((token.grant, &grant.consent))
    }

    /// The grant of any token that was ever issued, spent ones included.
    pub fn grant_of(&self, provider: Provider, value: &str) -> Option<(GrantId, Kind, &Consent)> {
        let token = self.tokens.get(value)?;
        let grant = self.grants.get(token.grant.0)?;
        let ours = grant.consent.provider == provider;
        ours.then_some((token.grant, token.kind, &grant.consent))
    }

    /// A refresh token was shown to us.
    pub fn note_presented(&mut self, value: &str) {
        let times = self.presented.entry(value.to_owned()).or_default();
        times.push(Instant::now());
    }

    /// When refresh tokens were presented, those of one token together.
    pub fn presented(&self) -> impl Iterator<Item = &[Instant]> {
        self.presented.values().map(Vec::as_slice)
    }

    pub fn end_token(&mut self, value: &str) {
        if let Some(token) = self.tokens.get_mut(value) {
            token.ended = true;
        }
    }

    pub fn end_access_tokens(&mut self, grant: GrantId) {
        let of_grant = |token: &&mut Token| token.grant == grant && token.kind == Kind::Access;
        self.tokens
            .values_mut()
            .filter(of_grant)
            .for_each(|token| token.ended = true);
    }

    pub fn end_grant(&mut self, grant: GrantId) {
        if let Some(grant) = self.grants.get_mut(grant.0) {
            grant.ended = true;
        }
    }

    /// Ends every grant that the question says yes to.
    pub fn end_grants(&mut self, ends: impl Fn(&Consent) -> bool) {
        let ending = self.grants.iter_mut().filter(|grant| ends(&grant.consent));
        ending.for_each(|grant| grant.ended = true);
    }
}

fn random(prefix: &str) -> Result<String, getrandom::Error> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::simulator::people::PEOPLE;

    #[test]
    fn a_code_is_gone_when_its_time_has_come() {
        let consent = Consent {
            provider: Provider::GitHub,
            client_id: String::new(),
            person: &PEOPLE[0],
            scopes: Vec::new(),
            nonce: None,
        };
        let fresh = Code::new(consent, String::new(), None);
        let mut old = fresh.clone();
        old.expires_at = Instant::now();
        let mut ledger = Ledger::default();
        let [fresh, old] = [fresh, old].map(|code| ledger.issue_code(code).unwrap());

        assert!(ledger.code(&fresh).is_some());
        assert!(ledger.code(&old).is_none());
    }
}
