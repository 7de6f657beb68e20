//! What a provider sends back through the browser (RFC 6749 §4.1.2), read
//! strictly: the browser may be anybody's.

use url::form_urlencoded;

use super::Refusal;
use crate::config::ProviderConfig;
use crate::oauth::OAuthError;
use crate::provider::Provider;
use crate::secret::Secret;

/// Codes have some dozen characters, states of ours 43.
const LONGEST_CODE: usize = 2_048;
const LONGEST_STATE: usize = 512;
const LONGEST_OTHER: usize = 4_096;

/// A well-formed callback.
pub struct CallbackQuery {
    pub state: String,
    outcome: Outcome,
    /// Who says that they answer (RFC 9207).
    issuer: Option<String>,
}

/// Either a code or an error, never both.
pub enum Outcome {
    Code(Secret),
    /// The code of RFC 6749 §4.1.2.1. The description is not read.
    Error(String),
}

impl CallbackQuery {
    pub fn parse(raw: &str) -> Result<Self, Refusal> {
        let state = one(raw, "state", LONGEST_STATE)?.ok_or(Refusal::UnknownState)?;
        let code = one(raw, "code", LONGEST_CODE)?;
        let error = one(raw, "error", LONGEST_OTHER)?;
        let issuer = one(raw, "iss", LONGEST_OTHER)?;
        let outcome = match (code, error) {
            (Some(code), None) => Outcome::Code(Secret::new(code)),
            (None, Some(error)) => Outcome::Error(error),
            (Some(_), Some(_)) => return Err(Refusal::Malformed("code and error together")),
            (None, None) => return Err(Refusal::Malformed("neither code nor error")),
        };
        Ok(Self {
            state,
            outcome,
            issuer,
        })
    }

    /// The issuer that was named, if any.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The code, if the provider that was asked gives one.
    pub fn code_from(self, config: &ProviderConfig) -> Result<Secret, Refusal> {
        let named = self
            .issuer
            .as_deref()
            .map(|issuer| issuer.trim_end_matches('/'));
        if named.is_some_and(|named| !issuers(config).iter().any(|ours| ours == named)) {
            return Err(Refusal::OtherIssuer);
        }
        match self.outcome {
            Outcome::Code(code) => Ok(code),
            Outcome::Error(error) if error == "access_denied" => Err(Refusal::Declined),
            Outcome::Error(_) => Err(OAuthError::Refused("at_authorization".to_owned()).into()),
        }
    }
}

/// The names under which a provider may call itself in `iss`. GitHub's is a
/// path of its origin.
fn issuers(config: &ProviderConfig) -> Vec<String> {
    match config.provider {
        Provider::GitHub => vec![config.url.clone(), format!("{}/login/oauth", config.url)],
        Provider::Vercel => vec![config.url.clone()],
    }
}

/// A parameter that comes at most once, in visible ASCII, not empty.
fn one(raw: &str, name: &str, longest: usize) -> Result<Option<String>, Refusal> {
    let mut found = form_urlencoded::parse(raw.as_bytes()).filter(|(key, _)| key == name);
    let Some((_, value)) = found.next() else {
        return Ok(None);
    };
    if found.next().is_some() {
        return Err(Refusal::Malformed("a parameter comes twice"));
    }
    // VSCHAR of RFC 6749 Appendix A: no NUL, no line break.
    let visible = value.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    if value.is_empty() || value.len() > longest || !visible {
        return Err(Refusal::Malformed("a parameter that no provider sends"));
    }
    Ok(Some(value.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(raw: &str) -> Option<Refusal> {
        CallbackQuery::parse(raw).err()
    }

    #[test]
    fn a_code_or_an_error_with_a_state_is_well_formed() {
        assert_eq!(refusal("code=c&state=s"), None);
        assert_eq!(
            refusal("error=access_denied&error_description=x&state=s&iss=https%3A%2F%2Fa"),
            None
        );
        assert_eq!(
            refusal("code=c&state=s&unknown=1&unknown=2"),
            None,
            "what is unknown is ignored"
        );
    }

    #[test]
    fn everything_odd_is_refused() {
        assert_eq!(refusal(""), Some(Refusal::UnknownState));
        assert_eq!(refusal("code=c"), Some(Refusal::UnknownState));
        let ten_kilobytes = "c".repeat(10_240);
        for raw in [
            "state=s",
            "code=c&error=e&state=s",
            "code=c&code=c&state=s",
            "code=c&state=s&state=s",
            "code=&state=s",
            "code=c&state=",
            "code=a%00b&state=s",
            "code=a%0D%0Ab&state=s",
            "code=%C3%A9&state=s",
            "code=c&state=s&iss=a&iss=b",
            &format!("code={ten_kilobytes}&state=s"),
        ] {
            assert!(
                matches!(refusal(raw), Some(Refusal::Malformed(_))),
                "{raw:.40}"
            );
        }
    }
}
