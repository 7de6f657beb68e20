//! A browser, as far as HTTP goes: cookies, fetch metadata, no redirect
//! followed unasked.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;

use super::Answer;
use super::app::ORIGIN;

thread_local! {
    /// A connection a request, and as many at once as are asked for. Setting up
    /// TLS, which nobody speaks here, is dear: once a test.
    static CLIENT: awc::Client = awc::Client::builder()
        .connector(
            awc::Connector::new()
                .conn_keep_alive(Duration::ZERO)
                .limit(0),
        )
        .disable_redirects()
        .timeout(Duration::from_secs(30))
        .finish();
}

#[derive(Clone)]
pub struct Visitor {
    pub port: u16,
    /// By name; a value that is set to nothing is gone.
    pub cookies: BTreeMap<String, String>,
}

impl Visitor {
    pub fn new(port: u16) -> Self {
        Self {
            port,
            cookies: BTreeMap::new(),
        }
    }

    /// The session cookie's value.
    pub fn session(&self) -> Option<&str> {
        self.cookies.get("__Host-session").map(String::as_str)
    }

    /// The same browser at another instance.
    pub fn at(&self, other: &super::TestApp) -> Self {
        Self {
            port: other.server.address().port(),
            cookies: self.cookies.clone(),
        }
    }

    /// Opens a page, as a click or a typed address does.
    pub async fn get(&mut self, path: &str) -> Answer {
        let navigation = [
            ("sec-fetch-dest", "document"),
            ("sec-fetch-mode", "navigate"),
            ("accept", "text/html"),
        ];
        self.send("GET", path, &navigation, "").await
    }

    /// Sends a form of one of our pages.
    pub async fn post(&mut self, path: &str, form: &str) -> Answer {
        let headers = [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-dest", "document"),
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send("POST", path, &headers, form).await
    }

    /// Anything else, with our cookies, keeping those that come back.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let jar: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let jar = jar.join("; ");
        let mut all = headers.to_vec();
        if !jar.is_empty() {
            all.push(("cookie", &jar));
        }
        let answer = self.send_bare(method, path, &all, body).await;
        self.keep(&answer);
        answer
    }

    /// With these headers alone.
    pub async fn send_bare(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut all = headers.to_vec();
        if !headers.iter().any(|(name, _)| *name == "host") {
            all.push(("host", "localhost"));
        }
        Self::fetch(method, &url, &all, body).await
    }

    pub async fn fetch(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        Self::try_fetch(method, url, headers, body).await.unwrap()
    }

    /// For when it may be that nobody answers.
    pub async fn try_fetch(
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, awc::error::SendRequestError> {
        let client = CLIENT.with(awc::Client::clone);
        let method = awc::http::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = client.request(method, url);
        for header in headers {
            request = request.append_header(*header);
        }
        let mut response = request.send_body(body.to_owned()).await?;
        let content = response.body().limit(16 << 20).await.unwrap();
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: String::from_utf8_lossy(&content).into_owned(),
        })
    }

    /// What comes of a page at once; the rest is not waited for.
    pub async fn first_part(&self, path: &str) -> String {
        let client = CLIENT.with(awc::Client::clone);
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let cookie = format!("__Host-session={}", self.session().unwrap());
        let request = client.get(url).append_header(("host", "localhost"));
        let request = request.append_header(("cookie", cookie));
        let mut response = request.send().await.unwrap();
        let first = response.next().await.unwrap().unwrap();
        String::from_utf8_lossy(&first).into_owned()
    }

    /// For when the server may be gone.
    pub async fn try_get(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer, awc::error::SendRequestError> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let all = [headers, &[("host", "localhost")]].concat();
        Self::try_fetch("GET", &url, &all, "").await
    }

    /// Presses a sign-in button: the address at the provider.
    pub async fn start(&mut self, provider: &str, next: &str) -> String {
        let answer = self
            .post(&format!("/api/auth/signin/{provider}?next={next}"), "")
            .await;
        answer.assert_status(303);
        answer.location().to_owned()
    }

    /// What the provider answers to somebody who approves (or `deny`s): our
    /// callback's path and query.
    pub async fn approve(address: &str, person: &str) -> String {
        let answer = Self::fetch("GET", &format!("{address}&auto={person}"), &[], "").await;
        let location = answer.location();
        location
            .strip_prefix(ORIGIN)
            .unwrap_or_else(|| panic!("sent to {location:?}"))
            .to_owned()
    }

    /// The whole flow; the callback's answer.
    pub async fn sign_in(&mut self, provider: &str, person: &str) -> Answer {
        let address = self.start(provider, "/").await;
        let callback = Self::approve(&address, person).await;
        self.get(&callback).await
    }

    /// Presses "Connect" or "Reconnect": the callback's answer.
    pub async fn reconnect(&mut self, provider: &str, person: &str) -> Answer {
        let callback = self.connect_as_far_as_callback(provider, person).await;
        self.get(&callback).await
    }

    /// Presses "Disconnect", on a page that was shown to this session.
    pub async fn disconnect(&mut self, provider: &str) -> Answer {
        let form = format!("to={}", self.session_id().await);
        let path = format!("/account/connections/{provider}/disconnect");
        self.post(&path, &form).await
    }

    /// The same, up to where the provider sends the browser back.
    pub async fn connect_as_far_as_callback(&mut self, provider: &str, person: &str) -> String {
        let path = format!("/api/auth/connect/{provider}?next=/account");
        let answer = self.post(&path, "").await;
        Self::approve(answer.assert_status(303).location(), person).await
    }

    pub async fn sign_out(&mut self) -> Answer {
        self.post("/api/auth/signout", "").await
    }

    /// Whether `/api/auth/info` knows who this is. An outage is neither yes
    /// nor no.
    pub async fn is_signed_in(&mut self) -> bool {
        self.info().await != serde_json::json!({})
    }

    /// Ends one session, or with `""` all others, over the API.
    pub async fn delete_session(&mut self, id: &str) -> Answer {
        let path = format!("/api/sessions/{id}");
        let headers = [("sec-fetch-site", "same-origin")];
        self.send("DELETE", path.trim_end_matches('/'), &headers, "")
            .await
    }

    /// Asks the API for a token.
    pub async fn make_token(&mut self, wish: &serde_json::Value) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send("POST", "/api/tokens", &headers, &wish.to_string())
            .await
    }

    /// The sessions that `/api/sessions` lists.
    pub async fn sessions(&mut self) -> Vec<serde_json::Value> {
        let list = self.send("GET", "/api/sessions", &[], "").await;
        list.assert_status(200).json()["sessions"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The events that `/api/audit` tells, the newest first.
    pub async fn events(&mut self, query: &str) -> Vec<serde_json::Value> {
        let path = format!("/api/audit{query}");
        let list = self.send("GET", &path, &[], "").await;
        list.assert_status(200).json()["events"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The session that this browser came with, as the list marks it.
    pub async fn session_id(&mut self) -> String {
        let sessions = self.sessions().await;
        let current = sessions.iter().find(|session| session["current"] == true);
        current.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// What `/api/auth/info` says.
    pub async fn info(&mut self) -> serde_json::Value {
        self.send("GET", "/api/auth/info", &[], "")
            .await
            .assert_status(200)
            .json()
    }

    /// As a browser does with every answer.
    pub fn keep(&mut self, answer: &Answer) {
        for line in answer.set_cookies() {
            let (pair, _) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
