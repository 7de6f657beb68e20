//! A browser of its own: no cookie, no history, nothing shared.

use std::cell::{Cell, RefCell};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::driver;
use crate::support::{TestApp, Visitor, databases, new_ring};
use crate::window::{PATIENCE, Window};

/// The app where a browser can open it: on loopback, without TLS.
pub async fn open_house() -> TestApp {
    open_house_with(&[]).await
}

pub async fn open_house_with(settings: &[(&str, &str)]) -> TestApp {
    open_house_on(databases::migrated(), settings).await
}

pub async fn open_house_on(database_url: String, settings: &[(&str, &str)]) -> TestApp {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let (origin, bind) = (
        format!("http://localhost:{port}"),
        format!("127.0.0.1:{port}"),
    );
    let ours = [("PUBLIC_URL", origin.as_str()), ("BIND", bind.as_str())];
    TestApp::start_on(database_url, new_ring(), &[&ours, settings].concat()).await
}

pub fn origin_of(app: &TestApp) -> String {
    format!("http://localhost:{}", app.server.address().port())
}

pub struct Browser {
    pub client: Client,
    session: String,
    /// The app's origin.
    pub origin: String,
    /// Whether each page that is seen is looked at closely.
    pub inspects: Cell<bool>,
    pub window: Cell<Window>,
    /// What is wrong with the pages that were seen.
    pub faults: RefCell<Vec<String>>,
}

impl Browser {
    pub async fn open(app: &TestApp) -> Self {
        Self::open_with(app, &[]).await
    }

    /// With further arguments to Chromium.
    pub async fn open_with(app: &TestApp, arguments: &[&str]) -> Self {
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(arguments))
            .connect(driver::url())
            .await
            .expect("Chromium does not start: apt-get install chromium chromium-driver");
        let browser = Self {
            session: client.session_id().await.unwrap().unwrap(),
            client,
            origin: origin_of(app),
            inspects: Cell::new(true),
            window: Cell::new(Window::DESK),
            faults: RefCell::default(),
        };
        browser.resize(Window::DESK).await;
        browser
    }

    /// A command of Chromium's own.
    pub async fn command(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/session/{}/{path}", driver::url(), self.session);
        let kind = [("content-type", "application/json")];
        let answer = Visitor::fetch("POST", &url, &kind, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()["value"].take()
    }

    /// One of the Chrome DevTools Protocol.
    pub async fn devtools(&self, method: &str, params: Value) -> Value {
        let body = json!({ "cmd": method, "params": params });
        self.command("goog/cdp/execute", body).await
    }

    /// Runs a script in the page.
    pub async fn script(&self, body: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(body, arguments).await.unwrap()
    }

    /// Types the address of one of our pages.
    pub async fn open_page(&self, path: &str) {
        self.visit(&format!("{}{path}", self.origin)).await;
    }

    pub async fn visit(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The whole way from the sign-in page, by clicking.
    pub async fn sign_in(&self, provider: &str, person: &str) {
        self.open_page("/signin").await;
        self.press(&format!("Sign in with {provider}")).await;
        self.press(person).await;
        self.arrives_at("/").await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let address = driver::url().trim_start_matches("http://");
        if let Ok(mut stream) = TcpStream::connect(address) {
            let _ = write!(
                stream,
                "DELETE /session/{} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
                self.session
            );
            // It answers when the browser is gone, and keeps the connection.
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = stream.read(&mut [0]);
        }
        let faults = self.faults.take();
        if !faults.is_empty() {
            let faults = faults.join("\n");
            if std::thread::panicking() {
                #[expect(clippy::print_stderr, reason = "a second panic would say nothing")]
                {
                    eprintln!("and on the way:\n{faults}");
                }
            } else {
                panic!("{faults}");
            }
        }
    }
}

fn capabilities(arguments: &[&str]) -> serde_json::Map<String, Value> {
    let mut all = vec![
        "--headless=new",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--no-first-run",
        "--disable-crash-reporter",
        // Nobody is called but the pages that are tried.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=en",
        // The same picture on every screen.
        "--force-color-profile=srgb",
        "--font-render-hinting=none",
        "--hide-scrollbars",
    ];
    if nix::unistd::Uid::effective().is_root() {
        // Chromium's sandbox is not for root.
        all.push("--no-sandbox");
    }
    all.extend(arguments);
    let wish = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": all },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    wish.as_object().unwrap().clone()
}
