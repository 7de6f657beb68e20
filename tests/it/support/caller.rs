//! A program with an API token.

use super::{Answer, Visitor};

pub struct Caller {
    pub visitor: Visitor,
    pub header: String,
}

impl Caller {
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    /// With a body of JSON, if there is one.
    pub async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut headers = vec![("authorization", self.header.as_str())];
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        self.visitor.send_bare(method, path, &headers, body).await
    }
}
