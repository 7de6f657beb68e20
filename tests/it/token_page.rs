//! `/account/tokens`, for people.

use crate::support::TestApp;

/// What follows `after` and ends before `until` on a page, as a browser shows
/// it.
fn between<'a>(page: &'a str, after: &str, until: &str) -> &'a str {
    let (_, rest) = page
        .split_once(after)
        .unwrap_or_else(|| panic!("{after} is not in\n{page}"));
    rest.split_once(until).unwrap().0
}

#[actix_web::test]
async fn the_page_makes_a_token_shows_it_once_and_its_curl_line_works_as_pasted() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    ada.get("/account/tokens")
        .await
        .assert_status(200)
        .assert_says("You have none yet");
    let page = ada
        .post("/account/tokens", "name=backup&scope=read&days=30")
        .await;
    page.assert_status(201);
    assert!(page.set_cookies().is_empty(), "it rides in no cookie");
    let token = between(&page.body, "id=\"token\">", "<").to_owned();
    let line = between(&page.body, "id=\"curl\">", "<")
        .replace("&#39;", "'")
        .replace("&#x27;", "'");
    assert_eq!(
        line,
        format!("curl -H 'Authorization: Bearer {token}' https://localhost/api/me")
    );
    app.caller(&token).get("/api/me").await.assert_status(200);
    let again = ada.get("/account/tokens").await;
    assert!(!again.body.contains(&token[10..]), "shown once");
    again.assert_says("backup").assert_says(&token[..10]);

    let wrong = ada.post("/account/tokens", "name=kept+words&days=30").await;
    wrong
        .assert_status(422)
        .assert_says("at least one scope")
        .assert_says("kept words");
    for form in [
        "",
        "name=x&scope=read",
        "name=x&scope=read&days=31",
        "name=x&scope=root&days=7",
    ] {
        ada.post("/account/tokens", form).await.assert_status(422);
    }
    let id = app.texts("select id::text as t from api_tokens").remove(0);
    ada.post(&format!("/account/tokens/{id}/revoke"), "")
        .await
        .assert_redirects_to("/account/tokens");
    ada.get("/account/tokens")
        .await
        .assert_says("was revoked")
        .assert_says("You have none yet");
    app.caller(&token)
        .get("/api/me")
        .await
        .assert_refused(401, "invalid_token");
    ada.get("/account/activity")
        .await
        .assert_says("Made the API token “backup”")
        .assert_says("Revoked the API token “backup”");
}
