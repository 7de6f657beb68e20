//! API tokens.

use fantoccini::key::Key;

use crate::browser::{Browser, open_house};

#[actix_web::test]
async fn a_token_is_made_copied_used_and_revoked() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;
    ada.open_page("/account/tokens").await;
    ada.sees("none yet").await;

    ada.make_token("backup script").await;
    ada.sees("Copy it now").await;
    ada.press("Copy the token").await;
    ada.sees("Copied").await;
    let token = pasted(&ada).await;
    ada.sees(&token).await;
    let mut me = app.caller(&token).visitor;
    let header = format!("Bearer {token}");
    let host = ada.origin.trim_start_matches("http://").to_owned();
    let headers = [("authorization", header.as_str()), ("host", &host)];
    let answer = me.send("GET", "/api/me", &headers, "").await;
    answer.assert_status(200).assert_says("ada");

    ada.open_page("/account/tokens").await;
    ada.sees("backup script").await;
    ada.sees("made just now").await;
    ada.does_not_see(&token).await;
    ada.press("Revoke").await;
    ada.sees("Yes, revoke it").await;
    ada.press("Yes, revoke it").await;
    ada.sees("was revoked").await;
    ada.sees("none yet").await;
    let answer = me.send("GET", "/api/me", &headers, "").await;
    answer.assert_status(401);
}

/// What the clipboard holds, as a field shows it.
async fn pasted(person: &Browser) -> String {
    person.fill("Name", "").await;
    let field = person.find("field", "Name").await.unwrap();
    field.click().await.unwrap();
    person.keys(&[Key::Control.into(), 'v']).await;
    person.value("Name").await
}

#[actix_web::test]
async fn a_token_without_a_scope_is_not_made_and_the_page_says_why() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.sign_in("GitHub", "Ada").await;
    ada.open_page("/account/tokens").await;
    ada.fill("Name", "idle").await;
    for scope in ["read", "write", "accounts:token"] {
        ada.set(scope, false).await;
    }

    ada.press("Make the token").await;
    ada.sees("scope").await;
    assert!(ada.has_alert().await);
    assert_eq!(ada.value("Name").await, "idle");
    assert_eq!(app.count("select count(*) as n from api_tokens"), 0);
}

impl Browser {
    /// On the tokens page: one that may read.
    pub async fn make_token(&self, name: &str) {
        self.fill("Name", name).await;
        self.set("read", true).await;
        self.press("Make the token").await;
    }
}
