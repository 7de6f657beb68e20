//! What came back, read whole.

use awc::http::StatusCode;
use awc::http::header::HeaderMap;

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers
            .get_all("set-cookie")
            .map(|value| value.to_str().unwrap())
            .collect()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        let reason = StatusCode::from_u16(self.status).unwrap();
        assert_eq!(self.status, status, "{reason}\n{}", self.body);
        self
    }

    #[track_caller]
    pub fn assert_redirects_to(&self, location: &str) -> &Self {
        self.assert_status(303);
        assert_eq!(self.location(), location);
        self
    }

    #[track_caller]
    pub fn assert_says(&self, words: &str) -> &Self {
        assert!(
            self.body.contains(words),
            "{words:?} is not in\n{}",
            self.body
        );
        self
    }

    /// A problem document with this code.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, code: &str) -> &Self {
        let document = self.assert_status(status).json();
        assert_eq!(document["code"], code, "{document}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        self
    }
}
