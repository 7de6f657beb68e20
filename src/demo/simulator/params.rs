//! Parameters of a query string or form, read as RFC 6749 §3.1 and §3.2 say:
//! empty ones count as absent, and none may come twice.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use url::form_urlencoded;

#[derive(Default)]
pub struct Params(BTreeMap<String, String>);

#[derive(Debug, PartialEq, Eq)]
pub enum ParamsError {
    Duplicate,
    NotAForm,
}

impl ParamsError {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Duplicate => "A parameter comes twice.",
            Self::NotAForm => "The body is not application/x-www-form-urlencoded.",
        }
    }
}

impl Params {
    pub fn parse(encoded: &[u8]) -> Result<Self, ParamsError> {
        let mut params = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if params
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(ParamsError::Duplicate);
            }
        }
        params.retain(|_, value| !value.is_empty());
        Ok(Self(params))
    }

    /// The body of a POST; parameters in its query string do not count.
    pub fn form(request: &HttpRequest, body: &[u8]) -> Result<Self, ParamsError> {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(ParamsError::NotAForm);
        }
        Self::parse(body)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn owned(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A list of scopes, sorted and each once. Both providers take spaces,
    /// GitHub takes commas as well.
    pub fn scopes(&self) -> Vec<String> {
        let list = self.get("scope").unwrap_or_default();
        let mut scopes: Vec<String> = split_scopes(list).map(str::to_owned).collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }
}

pub fn split_scopes(list: &str) -> impl Iterator<Item = &str> {
    list.split([' ', ',']).filter(|scope| !scope.is_empty())
}
