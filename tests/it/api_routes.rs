//! The route table, the document and what is really answered agree: for every
//! route, for every kind of caller.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vestibule::web::{api_routes, openapi};

use crate::support::{Answer, TestApp};

pub const NOBODYS: &str = "01a20e26-f665-746a-a573-669e49abe114";

/// What each kind of caller gets. `theirs`: with another person's id, where
/// the route takes one.
struct Row {
    route: (&'static str, &'static str),
    stranger: u16,
    session: u16,
    too_little: u16,
    enough: u16,
    theirs: Option<u16>,
}

const fn row(
    route: (&'static str, &'static str),
    [stranger, session, too_little, enough]: [u16; 4],
    theirs: Option<u16>,
) -> Row {
    Row {
        route,
        stranger,
        session,
        too_little,
        enough,
        theirs,
    }
}

const MATRIX: [Row; 14] = [
    row(("GET", "/api/auth/info"), [200, 200, 200, 200], None),
    row(
        ("GET", "/api/auth/{provider}/status"),
        [200, 200, 403, 200],
        None,
    ),
    // One account is the last, and stays; two are in connections.rs.
    row(
        ("POST", "/api/auth/{provider}/disconnect"),
        [401, 409, 403, 409],
        None,
    ),
    row(("GET", "/api/me"), [401, 200, 403, 200], None),
    row(("GET", "/api/tokens"), [401, 200, 403, 200], None),
    row(("POST", "/api/tokens"), [401, 201, 403, 403], None),
    row(
        ("DELETE", "/api/tokens/{id}"),
        [401, 204, 403, 204],
        Some(404),
    ),
    row(("GET", "/api/sessions"), [401, 200, 403, 200], None),
    row(("DELETE", "/api/sessions"), [401, 204, 403, 204], None),
    row(
        ("DELETE", "/api/sessions/{id}"),
        [401, 204, 403, 204],
        Some(404),
    ),
    row(("GET", "/api/accounts"), [401, 200, 403, 200], None),
    row(
        ("GET", "/api/accounts/{provider}/token"),
        [401, 403, 403, 200],
        None,
    ),
    row(("GET", "/api/audit"), [401, 200, 403, 200], None),
    row(("GET", "/api/openapi.json"), [200, 200, 200, 200], None),
];

pub fn table() -> BTreeSet<(String, String)> {
    let routes = api_routes().into_iter();
    routes
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect()
}

#[test]
fn the_table_the_document_and_the_matrix_name_the_same_routes() {
    let document = openapi();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            documented.insert((method.to_uppercase(), path.clone()));
        }
    }
    let matrix = MATRIX
        .iter()
        .map(|row| (row.route.0.to_owned(), row.route.1.to_owned()));
    assert_eq!(documented, table());
    assert_eq!(matrix.collect::<BTreeSet<_>>(), table());
}

/// A path with a value in place of each parameter.
pub fn path(template: &str, id: &str) -> String {
    template.replace("{id}", id).replace("{provider}", "github")
}

#[track_caller]
fn assert_documented(row: &Row, answer: &Answer) {
    let (method, template) = row.route;
    let operation = &openapi()["paths"][template][method.to_lowercase()];
    let response = &operation["responses"][answer.status.to_string()];
    assert!(
        response.is_object(),
        "{method} {template} answers {} unannounced",
        answer.status
    );
    let content = response["content"].as_object();
    let announced = content.and_then(|content| content.keys().next());
    assert_eq!(
        answer.header("content-type"),
        announced.map(String::as_str),
        "{method} {template}"
    );
    if let Some(Value::Object(example)) =
        content.map(|content| content.values().next().unwrap()["example"].clone())
        && answer.status == 200
        && ![
            "/api/openapi.json",
            "/api/auth/info",
            "/api/auth/{provider}/status",
        ]
        .contains(&template)
    {
        let answered = answer.json();
        let members: Vec<_> = answered.as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            members,
            example.keys().cloned().collect::<Vec<_>>(),
            "{method} {template}"
        );
    }
}

#[actix_web::test]
async fn every_route_answers_every_kind_of_caller_as_it_should() {
    for row in &MATRIX {
        let app = TestApp::start().await;
        let (method, template) = row.route;
        let needed = match (method, template) {
            (_, "/api/accounts/{provider}/token") => "accounts:token",
            ("GET", _) => "read",
            _ => "write",
        };
        let others: Vec<_> = ["read", "write", "accounts:token"]
            .into_iter()
            .filter(|scope| *scope != needed)
            .collect();
        let graces = if template.contains("tokens") {
            app.token("grace", &["read"]).await;
            app.texts("select id::text as t from api_tokens").remove(0)
        } else {
            app.signed_in("github", "grace").await.session_id().await
        };
        let body = if method == "POST" {
            json!({"name": "n", "scopes": ["read"]}).to_string()
        } else {
            String::new()
        };
        let too_little = app.token("ada", &others).await;
        let enough = app.token("ada", &[needed]).await;
        // One of Ada's, made anew for each who is to remove it.
        let target = async || {
            if template.contains("tokens") {
                let made = app.token("ada", &["read"]).await;
                let id = format!(
                    "select id::text as t from api_tokens where token_prefix = '{}'",
                    &made[..10]
                );
                app.texts(&id).remove(0)
            } else {
                app.signed_in("github", "ada").await.session_id().await
            }
        };
        let json_body = [
            ("content-type", "application/json"),
            ("sec-fetch-site", "same-origin"),
        ];

        let stranger = app
            .visitor()
            .send(method, &path(template, NOBODYS), &json_body, &body)
            .await;
        assert_eq!(
            stranger.status, row.stranger,
            "{method} {template} for a stranger"
        );
        assert_documented(row, &stranger);
        let mut ada = app.signed_in("github", "ada").await;
        let answer = ada
            .send(method, &path(template, &target().await), &json_body, &body)
            .await;
        assert_eq!(
            answer.status, row.session,
            "{method} {template} with a session"
        );
        assert_documented(row, &answer);
        for (token, expected) in [(&too_little, row.too_little), (&enough, row.enough)] {
            let path = path(template, &target().await);
            let answer = app.caller(token).send(method, &path, &body).await;
            assert_eq!(answer.status, expected, "{method} {template} with a token");
            assert_documented(row, &answer);
        }
        if let Some(theirs) = row.theirs {
            let answer = app
                .caller(&enough)
                .send(method, &path(template, &graces), &body)
                .await;
            assert_eq!(
                answer.status, theirs,
                "{method} {template} with another's id"
            );
            assert_documented(row, &answer);
        }
        let unknown = app
            .caller("nonsense")
            .send(method, &path(template, NOBODYS), &body)
            .await;
        assert_eq!(
            unknown.status,
            if template.ends_with("info") || template.ends_with("json") {
                200
            } else {
                401
            }
        );
    }
}
