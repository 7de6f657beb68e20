//! A program with an API token.

use super::{Answer, Visitor};

#[derive(Clone)]
pub struct Caller {
    pub visitor: Visitor,
    pub header: String,
}

impl Caller {
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    /// The access token at a provider.
    pub async fn provider_token(&self, provider: &str) -> Answer {
        self.get(&format!("/api/accounts/{provider}/token")).await
    }

    /// The same, which has to be there.
    pub async fn fresh(&self, provider: &str) -> String {
        let answer = self.provider_token(provider).await;
        let token = answer.assert_status(200).json();
        token["accessToken"].as_str().unwrap().to_owned()
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
