//! The part of the tour through other houses, which are set up, or in trouble,
//! as the first one never is.

use serde_json::json;

use crate::browser::{Browser, open_house_on, open_house_with, origin_of};
use crate::errors::NO_PROVIDER;
use crate::support::databases::OwnCluster;
use crate::support::{TestApp, Visitor, eventually};
use crate::window::PATIENCE;

pub async fn tour(ada: &Browser, at: &impl AsyncFn(&'static str)) {
    unfinished(ada, at).await;
    strict(ada, at).await;
    out_of_order(ada, at).await;
    forgetful(ada, at).await;
    // Houses on one host share cookies, whatever their ports.
    ada.client.delete_all_cookies().await.unwrap();
}

impl Browser {
    async fn visit_house(&self, house: &TestApp, path: &str) {
        self.visit(&format!("{}{path}", origin_of(house))).await;
    }

    async fn enter(&self, house: &TestApp) {
        self.visit_house(house, "/signin").await;
        self.press("Sign in with GitHub").await;
        self.press("Ada Lovelace").await;
        self.arrives_at("/").await;
    }
}

async fn unfinished(ada: &Browser, at: &impl AsyncFn(&'static str)) {
    let bare = open_house_with(&NO_PROVIDER).await;
    ada.visit_house(&bare, "/signin").await;
    ada.sees("GITHUB_CLIENT_ID").await;
    at("signin-no-provider").await;
}

async fn strict(ada: &Browser, at: &impl AsyncFn(&'static str)) {
    let strict = open_house_with(&[("RATE_LIMIT_SIGN_IN", "1")]).await;
    for _ in 0..2 {
        ada.visit_house(&strict, "/signin").await;
        ada.press_on("Sign in with GitHub").await;
    }
    ada.sees("Too many attempts").await;
    at("error-429").await;
}

/// Its database does not answer.
async fn out_of_order(ada: &Browser, at: &impl AsyncFn(&'static str)) {
    let cluster = OwnCluster::start();
    let house = open_house_on(cluster.url(), &[]).await;
    ada.enter(&house).await;
    cluster.signal_all("STOP");
    ada.visit_house(&house, "/account/sessions").await;
    ada.sees("Back in a moment").await;
    at("error-503").await;
    cluster.signal_all("CONT");
}

/// Its sessions are short, and this browser's clock is wrong: it keeps the
/// cookie for longer.
async fn forgetful(ada: &Browser, at: &impl AsyncFn(&'static str)) {
    let short = [("SESSION_IDLE_TIMEOUT", "4s"), ("SESSION_MAX_AGE", "4s")];
    let house = open_house_with(&short).await;
    ada.enter(&house).await;
    let cookie = ada.client.get_named_cookie("session").await.unwrap();
    let value = cookie.value().to_owned();
    let header = format!("session={value}");
    let info = format!("{}/api/auth/info", origin_of(&house));
    eventually("the session is over", PATIENCE, async || {
        let headers = [("cookie", header.as_str())];
        Visitor::fetch("GET", &info, &headers, "").await.body == "{}"
    })
    .await;
    let kept = json!({ "name": "session", "value": value, "url": origin_of(&house) });
    ada.devtools("Network.setCookie", kept).await;
    ada.visit_house(&house, "/account").await;
    ada.sees("Your session expired").await;
    at("signin-expired").await;
}
