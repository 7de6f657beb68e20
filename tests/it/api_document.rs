//! The document, the page that shows it, and the answers where there is no
//! route.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use vestibule::web::{api_routes, openapi};

use crate::api_routes::{NOBODYS, path, table};
use crate::floors::sources;
use crate::support::TestApp;

#[test]
fn every_operation_is_described_with_an_example_and_what_it_needs() {
    let document = openapi();
    assert_eq!(document["openapi"].as_str().unwrap()[..3], *"3.1");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(
                operation["summary"].is_string() && operation["tags"][0].is_string(),
                "{at}"
            );
            assert!(operation["security"].is_array(), "{at}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} names two");
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses {
                assert!(response["description"].is_string(), "{at} {status}");
                let content = response.get("content");
                assert!(content.is_none_or(Value::is_object), "{at} {status}");
                for (kind, content) in response["content"].as_object().into_iter().flatten() {
                    assert!(content["example"].is_object(), "{at} {status}");
                    let is_problem = kind == "application/problem+json";
                    assert_eq!(is_problem, status.starts_with(['4', '5']), "{at} {status}");
                }
            }
        }
    }
    let schemes = document["components"]["securitySchemes"]
        .as_object()
        .unwrap();
    assert_eq!(schemes.keys().collect::<Vec<_>>(), ["session", "token"]);
}

#[actix_web::test]
async fn what_is_not_there_or_not_taken_is_told_in_json() {
    let app = TestApp::start().await;
    for path in [
        "/api/nowhere",
        "/api",
        "/api/",
        "/api/auth",
        "/api/auth/github",
        "/api/tokens/1/2",
    ] {
        // Also to somebody who looks with a browser.
        let answer = app.visitor().get(path).await;
        assert_eq!(
            answer.assert_status(404).json()["code"],
            "not_found",
            "{path}"
        );
    }
    let mut paths: Vec<_> = api_routes().into_iter().map(|route| route.path).collect();
    paths.dedup();
    for template in paths {
        let same_origin = [("sec-fetch-site", "same-origin")];
        let answer = app
            .visitor()
            .send("PATCH", &path(template, NOBODYS), &same_origin, "")
            .await;
        assert_eq!(
            answer.assert_status(405).json()["code"],
            "method_not_allowed"
        );
        let allowed = answer
            .header("allow")
            .unwrap()
            .split(", ")
            .map(str::to_owned);
        let mut expected: Vec<String> = api_routes()
            .into_iter()
            .filter(|route| route.path == template)
            .map(|route| route.method.to_string())
            .collect();
        if expected.contains(&"GET".to_owned()) {
            expected.insert(1, "HEAD".to_owned());
        }
        assert_eq!(allowed.collect::<Vec<_>>(), expected, "{template}");
    }
    let large = "x".repeat(20_000);
    let headers = [
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    let answer = app
        .visitor()
        .send("POST", "/api/tokens", &headers, &large)
        .await;
    assert_eq!(answer.assert_status(413).json()["code"], "body_too_large");
}

#[actix_web::test]
async fn the_document_is_served_and_its_page_needs_no_script() {
    let app = TestApp::start().await;
    let served = app.visitor().get("/api/openapi.json").await;
    let mut served = served.assert_status(200).json();
    assert_eq!(served["servers"][0]["url"], "https://localhost");
    served.as_object_mut().unwrap().remove("servers");
    assert_eq!(served, *openapi());
    let page = app.visitor().get("/api/docs").await;
    page.assert_status(200);
    assert!(!page.body.contains("<script"));
    for (method, path) in table() {
        page.assert_says(&format!("{method} {path}"));
    }
}

/// Every code that the sources can answer with: `code: "…"` in a problem, or a
/// word of `fn code`.
fn codes() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut codes = BTreeSet::new();
    for path in sources(&folder) {
        let text = fs::read_to_string(path).unwrap();
        for (before, until) in [("code: \"", '"'), ("=> \"", '"')] {
            if before == "=> \"" && !text.contains("fn code(error: &Error)") {
                continue;
            }
            let found = text
                .split(before)
                .skip(1)
                .filter_map(|rest| rest.split_once(until));
            codes.extend(found.map(|(code, _)| code.to_owned()));
        }
    }
    codes.retain(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    codes
}

#[test]
fn every_code_has_its_row_in_the_table_and_no_other_has() {
    let table = include_str!("../../docs/api.md");
    let (_, errors) = table.split_once("| code | status |").unwrap();
    let rows = errors
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let documented: BTreeSet<_> = rows.map(|(code, _)| code.to_owned()).collect();
    assert_eq!(documented, codes());
    for line in errors.lines().filter(|line| line.starts_with("| `")) {
        assert_eq!(line.matches(" | ").count(), 3, "cause and mend: {line}");
    }
}
