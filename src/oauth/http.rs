//! awc for oauth2 and for profiles: no redirect followed, a deadline over
//! everything, a cap on what is read.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use awc::Connector;
use awc::error::{ConnectError, PayloadError, SendRequestError};
use awc::http::header::{HeaderMap, HttpDate};
use futures_util::StreamExt as _;
use oauth2::http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use oauth2::http::{self, HeaderValue, Response};
use oauth2::{HttpRequest, HttpResponse};
use openssl::ssl::{SslConnector, SslMethod};

use super::OAuthError;
use crate::secret::Secret;

/// Over connecting, sending, waiting and reading together.
const DEADLINE: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Answers are a few kilobytes; awc is built without decompression, so this
/// is what arrives.
const LARGEST_ANSWER: usize = 64 * 1024;
/// GitHub refuses requests without one.
const OUR_USER_AGENT: &str = concat!("vestibule/", env!("CARGO_PKG_VERSION"));

/// How TLS is spoken to providers; made once, shared by all workers.
#[derive(Clone)]
pub struct TlsSetup {
    connector: SslConnector,
    /// Where the certificate authorities were found.
    pub authorities: Vec<PathBuf>,
}

impl TlsSetup {
    /// With the system's certificate authorities, which an OpenSSL that we
    /// compiled in does not know the place of.
    pub fn new() -> anyhow::Result<Self> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        let found = openssl_probe::probe();
        let (file, dirs) = (found.cert_file, found.cert_dir);
        if let Some(file) = &file {
            builder.set_ca_file(file)?;
        }
        for dir in &dirs {
            builder.load_verify_locations(None, Some(dir))?;
        }
        Ok(Self {
            connector: builder.build(),
            authorities: file.into_iter().chain(dirs).collect(),
        })
    }
}

/// One worker's client: awc's belongs to its thread.
pub struct Http(awc::Client);

impl Http {
    pub fn new(tls: &TlsSetup) -> Self {
        let connector = Connector::new()
            .openssl(tls.connector.clone())
            .timeout(CONNECT_TIMEOUT)
            // Nobody queues in here, where the time to wait for the provider
            // would pass without its having been asked.
            .limit(0)
            // A connection that the other side has just closed would fail a
            // request that may not be sent twice.
            .conn_keep_alive(Duration::ZERO);
        let client = awc::Client::builder()
            .connector(connector)
            .timeout(DEADLINE)
            .disable_redirects()
            .finish();
        Self(client)
    }

    /// A request to a provider's API with a person's token.
    pub(super) async fn get(&self, url: &str, token: &Secret) -> Result<HttpResponse, OAuthError> {
        let malformed = |_| OAuthError::Malformed("its API is no URL");
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .map_err(|_| OAuthError::Malformed("a token that no header could carry"))?;
        bearer.set_sensitive(true);
        let request = http::Request::get(url)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, bearer)
            .body(Vec::new())
            .map_err(malformed)?;

        self.send(request).await
    }

    /// # Errors
    /// 429 and 5xx are `Unavailable`, redirects `Malformed`; every other
    /// status is for the caller to read.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, OAuthError> {
        tokio::time::timeout(DEADLINE, self.exchange(request))
            .await
            .unwrap_or(Err(OAuthError::TimedOut))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, OAuthError> {
        let (head, body) = request.into_parts();
        let method = awc::http::Method::from_bytes(head.method.as_str().as_bytes());
        let method = method.map_err(|_| OAuthError::Malformed("no method"))?;
        let mut outgoing = self.0.request(method, head.uri.to_string());
        for (name, value) in &head.headers {
            outgoing = outgoing.insert_header((name.as_str(), value.as_bytes()));
        }
        let outgoing = outgoing.insert_header((USER_AGENT.as_str(), OUR_USER_AGENT));
        let mut answer = outgoing
            .send_body(body)
            .await
            .map_err(|error| unreachable(&error))?;

        let status = answer.status();
        if status.is_redirection() {
            // Not followed, and nothing was done.
            return Err(OAuthError::Refused(format!("status_{}", status.as_u16())));
        }
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(OAuthError::Unavailable {
                status: status.as_u16(),
                retry_after: retry_after(answer.headers()),
            });
        }
        let mut response = Response::builder().status(status.as_u16());
        if let Some(kind) = answer.headers().get("content-type") {
            response = response.header("content-type", kind.as_bytes());
        }
        let mut content = Vec::new();
        while let Some(chunk) = answer.next().await {
            let chunk = chunk.map_err(|error| cut_off(&error))?;
            if content.len() + chunk.len() > LARGEST_ANSWER {
                return Err(OAuthError::Malformed(
                    "the answer is larger than any answer",
                ));
            }
            content.extend_from_slice(&chunk);
        }
        response
            .body(content)
            .map_err(|_| OAuthError::Malformed("the answer's head"))
    }
}

fn unreachable(error: &SendRequestError) -> OAuthError {
    match error {
        SendRequestError::Timeout => OAuthError::TimedOut,
        SendRequestError::Connect(ConnectError::Timeout) => {
            OAuthError::Unreachable("it takes too long to accept a connection")
        }
        SendRequestError::Connect(ConnectError::Resolver(_)) => {
            OAuthError::Unreachable("its name does not resolve")
        }
        SendRequestError::Connect(ConnectError::SslError(_)) => {
            OAuthError::Unreachable("TLS was not agreed on")
        }
        // What awc calls a connection that ended before the answer came.
        SendRequestError::Connect(ConnectError::Disconnected | ConnectError::H2(_)) => {
            OAuthError::CutOff("the connection was cut")
        }
        SendRequestError::Connect(_) => OAuthError::Unreachable("it does not accept connections"),
        SendRequestError::Response(_) => OAuthError::Malformed("the answer is no HTTP"),
        _ => OAuthError::CutOff("the connection was cut"),
    }
}

fn cut_off(error: &PayloadError) -> OAuthError {
    match error {
        PayloadError::Incomplete(_) => OAuthError::Malformed("the answer is cut off"),
        _ => OAuthError::CutOff("the connection was cut"),
    }
}

/// How long the answer asks to wait: seconds, or a date, which is measured by
/// the answer's own (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let asked = text("retry-after")?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = |text: &str| text.parse::<HttpDate>().ok().map(SystemTime::from);
    let (until, sent) = (time(asked)?, time(text("date")?)?);
    Some(until.duration_since(sent).unwrap_or_default())
}
