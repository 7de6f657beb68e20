//! The simulator, driven over HTTP as a client of the real providers would.

mod authorize;
mod faults;
mod github;
mod github_api;
mod pages;
mod people;
mod vercel;
mod vercel_api;

use std::collections::HashMap;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use awc::ClientRequest;
use serde_json::Value;
use url::{Url, form_urlencoded};
use vestibule::demo::simulator::{Client, Options, Simulator};
use vestibule::provider::Provider;

// RFC 7636, Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const CALLBACK: &str = "http://localhost:8080/callback";
const SECRET: &str = "canary-client-secret";

pub struct Sim {
    simulator: Simulator,
    http: awc::Client,
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

impl Sim {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let public_url = format!("http://{}", listener.local_addr().unwrap());
        let clients = Provider::ALL.map(|provider| Client {
            provider,
            client_id: format!("{provider}-client"),
            client_secret: format!("{SECRET}-{provider}"),
            redirect_uris: vec![CALLBACK.to_owned()],
        });
        let options = Options {
            listener,
            public_url,
            clients: clients.into(),
        };
        let http = awc::Client::builder()
            .disable_redirects()
            .add_default_header(("User-Agent", "vestibule-tests"))
            .timeout(Duration::from_secs(20))
            .finish();
        Self {
            simulator: Simulator::start(options).unwrap(),
            http,
        }
    }

    pub fn request(&self, method: Method, path: &str) -> ClientRequest {
        self.http
            .request(method, format!("{}{path}", self.simulator.url()))
    }

    pub async fn get(&self, path: &str) -> Reply {
        Reply::read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn get_as(&self, path: &str, token: &str) -> Reply {
        let request = self.request(Method::GET, path).bearer_auth(token);
        Reply::read(request.send().await.unwrap()).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        Reply::read(
            self.request(Method::PUT, path)
                .send_json(body)
                .await
                .unwrap(),
        )
        .await
    }

    pub async fn post(&self, path: &str, form: Pairs<'_>) -> Reply {
        let request = self
            .request(Method::POST, path)
            .insert_header(("Accept", "application/json"));
        Reply::read(request.send_form(&form).await.unwrap()).await
    }

    pub async fn faults(&self, faults: Value) {
        assert_eq!(self.put("/_simulator/faults", &faults).await.status, 200);
    }

    pub async fn calls(&self) -> Vec<Value> {
        self.get("/_simulator/calls")
            .await
            .json()
            .as_array()
            .unwrap()
            .clone()
    }

    /// The authorize page with good parameters, as changed.
    pub async fn authorize(&self, provider: Provider, changes: Pairs<'_>) -> Reply {
        let path = match provider {
            Provider::GitHub => "/login/oauth/authorize",
            Provider::Vercel => "/oauth/authorize",
        };
        let client_id = format!("{provider}-client");
        let scope = match provider {
            Provider::GitHub => "read:user user:email",
            Provider::Vercel => "openid email profile offline_access",
        };
        let params = changed(
            &[
                ("client_id", &client_id),
                ("redirect_uri", CALLBACK),
                ("response_type", "code"),
                ("scope", scope),
                ("state", "a-state"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ],
            changes,
        );
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(params)
            .finish();
        self.get(&format!("{path}?{query}")).await
    }

    pub async fn code(&self, provider: Provider, login: &str) -> String {
        self.authorize(provider, &[("auto", login)])
            .await
            .sent_back()["code"]
            .clone()
    }

    /// The token endpoint with good parameters, as changed.
    pub async fn exchange(&self, provider: Provider, code: &str, changes: Pairs<'_>) -> Reply {
        let good = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(provider, &good, changes).await
    }

    pub async fn refresh(&self, provider: Provider, refresh_token: &str) -> Reply {
        let good = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        self.token(provider, &good, &[]).await
    }

    async fn token(&self, provider: Provider, good: Pairs<'_>, changes: Pairs<'_>) -> Reply {
        let path = match provider {
            Provider::GitHub => "/login/oauth/access_token",
            Provider::Vercel => "/login/oauth/token",
        };
        let (id, secret) = (format!("{provider}-client"), format!("{SECRET}-{provider}"));
        let credentials = [
            ("client_id", id.as_str()),
            ("client_secret", secret.as_str()),
        ];
        let form = changed(&[good, &credentials].concat(), changes);
        self.post(path, &form).await
    }

    /// All the way through: the token endpoint's answer.
    pub async fn signed_in(&self, provider: Provider, login: &str) -> Value {
        let code = self.code(provider, login).await;
        self.exchange(provider, &code, &[]).await.json()
    }
}

impl Reply {
    pub async fn read(
        mut response: awc::ClientResponse<
            impl futures_util::Stream<Item = Result<Bytes, awc::error::PayloadError>> + Unpin,
        >,
    ) -> Self {
        let body = response.body().limit(32 << 20).await.unwrap();
        let status = response.status().as_u16();
        Self {
            status,
            headers: response.headers().clone(),
            body,
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The parameters with which the browser is sent back to the application.
    pub fn sent_back(&self) -> HashMap<String, String> {
        assert_eq!(self.status, 302, "{}", self.text());
        let location = Url::parse(self.header("Location")).unwrap();
        assert!(location.as_str().starts_with(CALLBACK));
        location.query_pairs().into_owned().collect()
    }
}

/// With an empty value a parameter is left out; a new one is appended.
fn changed<'a>(good: &[(&'a str, &'a str)], changes: Pairs<'a>) -> Vec<(&'a str, &'a str)> {
    let named = |name: &str| changes.iter().find(|change| change.0 == name);
    let kept = good.iter().map(|pair| *named(pair.0).unwrap_or(pair));
    let added = changes
        .iter()
        .filter(|change| good.iter().all(|pair| pair.0 != change.0));
    kept.chain(added.copied())
        .filter(|pair| !pair.1.is_empty())
        .collect()
}

/// A member's text; empty when it is something else.
fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_default()
}
