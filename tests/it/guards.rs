//! What every request must be, and what every answer carries.

use crate::support::{Answer, TestApp};

const HTML: (&str, &str) = ("accept", "text/html");

/// Method, path, headers, body, and the status to be had.
type Request<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);

fn assert_headers(answer: &Answer, what: &str) {
    let header = |name: &str| {
        answer
            .header(name)
            .unwrap_or_else(|| panic!("{what}: no {name}"))
    };
    let policy = header("content-security-policy");
    for part in [
        "default-src 'none'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self' http",
    ] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(
        !policy.contains("unsafe") && !policy.contains('*'),
        "{policy}"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    assert!(header("strict-transport-security").starts_with("max-age=31536000"));
    assert!(header("permissions-policy").contains("camera=()"));
    assert!(["same-origin", "no-referrer"].contains(&header("referrer-policy")));
    assert_eq!(header("x-request-id").len(), 32);
    let cache = if what.contains("/static") {
        "public, max-age=300"
    } else {
        "no-store"
    };
    assert_eq!(header("cache-control"), cache, "{what}");
}

#[actix_web::test]
async fn every_answer_carries_the_headers_also_the_refusals() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    let large = "a".repeat(17 * 1024);
    let ours = ("sec-fetch-site", "same-origin");
    let requests: [Request; 18] = [
        ("GET", "/", &[HTML], "", 200),
        ("GET", "/account", &[HTML], "", 200),
        ("GET", "/account/session", &[HTML], "", 200),
        ("GET", "/signin", &[HTML], "", 200),
        ("GET", "/static/app.css", &[], "", 200),
        ("HEAD", "/account", &[HTML], "", 200),
        ("GET", "/api/auth/info", &[], "", 200),
        ("GET", "/livez", &[], "", 200),
        ("GET", "/readyz", &[], "", 200),
        ("GET", "/nowhere", &[HTML], "", 404),
        ("GET", "/account/nowhere", &[HTML], "", 404),
        ("GET", "/api/nowhere", &[], "", 404),
        ("DELETE", "/", &[ours], "", 405),
        ("GET", "/api/auth/signout", &[], "", 405),
        ("POST", "/api/auth/signout", &[], "", 403),
        ("POST", "/api/auth/signout", &[ours], &large, 413),
        ("GET", "/", &[HTML, ("host", "evil.example")], "", 421),
        ("GET", "/api/auth/callback/github", &[HTML], "", 303),
    ];
    for (method, path, headers, body, status) in requests {
        let answer = ada.send(method, path, headers, body).await;
        answer.assert_status(status);
        assert_headers(&answer, &format!("{method} {path}"));
        if method == "HEAD" {
            assert!(answer.body.is_empty());
        }
    }
    let stranger = app
        .visitor()
        .send(
            "GET",
            "/account",
            &[("accept", "*/*"), ("sec-fetch-dest", "empty")],
            "",
        )
        .await;
    assert_headers(stranger.assert_status(401), "401");
    app.execute("drop schema public cascade");
    let mut browser = app.visitor();
    let state = browser
        .start("github", "/")
        .await
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let broken = browser
        .get(&format!("/api/auth/callback/github?code=c&state={state}"))
        .await;
    assert_headers(broken.assert_status(500), "500");
    assert!(
        !broken.body.contains("used_sign_in_states"),
        "causes are for the log"
    );
}

#[actix_web::test]
async fn errors_are_pages_for_people_and_problem_documents_for_programs() {
    let app = TestApp::start().await;
    let page = app.visitor().get("/nowhere").await;
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    page.assert_says("Page not found")
        .assert_says(page.header("x-request-id").unwrap());

    let problem = app.visitor().send("GET", "/api/nowhere", &[], "").await;
    assert_eq!(
        problem.header("content-type"),
        Some("application/problem+json")
    );
    let json = problem.json();
    assert_eq!(
        (&json["status"], &json["code"]),
        (&404.into(), &"not_found".into())
    );
    assert_eq!(json["requestId"], problem.header("x-request-id").unwrap());
}

#[actix_web::test]
async fn a_method_that_does_not_work_is_told_which_do() {
    let app = TestApp::start().await;
    let ours = [("sec-fetch-site", "same-origin")];
    for (method, path, allowed) in [
        ("POST", "/", "GET, HEAD"),
        ("PUT", "/api/auth/signin/github", "GET, HEAD, POST"),
        ("GET", "/api/auth/signout", "POST"),
        ("POST", "/api/auth/info", "GET, HEAD"),
        ("OPTIONS", "/account", "GET, HEAD"),
    ] {
        let mut ada = app.signed_in("github", "ada").await;
        let answer = ada.send(method, path, &ours, "").await;
        assert_eq!(
            answer.assert_status(405).header("allow"),
            Some(allowed),
            "{method} {path}"
        );
    }
}

#[actix_web::test]
async fn another_host_is_misdirected_and_health_is_not() {
    let app = TestApp::start().await;
    let port = format!("localhost:{}", app.server.address().port());
    for (host, status) in [
        ("localhost", 200),
        ("LOCALHOST", 200),
        ("localhost:443", 200),
        (port.as_str(), 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("localhost:1", 421),
        ("127.0.0.1", 421),
        ("localhost@evil.example", 421),
    ] {
        for (path, expected) in [
            ("/", status),
            ("/api/auth/info", status),
            ("/livez", 200),
            ("/readyz", 200),
        ] {
            let answer = app
                .visitor()
                .send_bare("GET", path, &[("host", host)], "")
                .await;
            assert_eq!(answer.status, expected, "{host} {path}");
        }
    }
    let two = [("host", "localhost"), ("host", "evil.example")];
    let answer = app.visitor().send_bare("GET", "/", &two, "").await;
    assert!([400, 421].contains(&answer.status), "{}", answer.status);
}

#[actix_web::test]
async fn only_trusted_proxies_say_who_is_there() {
    let forwarded = [("x-forwarded-for", "6.6.6.6, 203.0.113.7")];
    for (settings, address) in [
        (&[][..], "127.0.0.1"),
        (&[("TRUSTED_PROXIES", "127.0.0.0/8")][..], "203.0.113.7"),
        (&[("TRUSTED_PROXY_HOPS", "1")][..], "203.0.113.7"),
    ] {
        let app = TestApp::start_with(settings).await;
        let mut browser = app.visitor();
        let url = browser.start("github", "/").await;
        let callback = crate::support::Visitor::approve(&url, "ada").await;
        browser
            .send("GET", &callback, &forwarded, "")
            .await
            .assert_status(303);
        assert_eq!(app.texts("select host(ip) as t from sessions"), [address]);
    }
}

#[actix_web::test]
async fn readiness_turns_when_the_database_does_and_when_we_stop() {
    let app = TestApp::start().await;
    app.visitor().get("/readyz").await.assert_status(200);
    app.execute("delete from __diesel_schema_migrations where version = (select max(version) from __diesel_schema_migrations)");
    let behind = app.visitor().get("/readyz").await;
    assert_eq!(behind.assert_status(503).json()["migrated"], false);
    app.state().drain();
    assert_eq!(app.visitor().get("/readyz").await.json()["draining"], true);
    app.visitor().get("/livez").await.assert_status(200);
}

/// What no well-behaved client sends: the whole answer, as text.
fn raw(app: &TestApp, request: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(app.server.address()).unwrap();
    let patience = std::time::Duration::from_secs(10);
    stream.set_read_timeout(Some(patience)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn a_body_without_a_length_and_a_foreign_target_are_refused_as_well() {
    let app = TestApp::start().await;
    // The server begins with the first await after its start.
    app.visitor().get("/livez").await.assert_status(200);
    let rest = "Sec-Fetch-Site: same-origin\r\nConnection: close\r\n";
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(4_096)).repeat(5);
    let chunked = format!(
        "POST /api/auth/signout HTTP/1.1\r\nHost: localhost\r\n{rest}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"
    );
    let foreign = format!("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n{rest}\r\n");
    let nameless = format!("GET / HTTP/1.1\r\n{rest}\r\n");
    let asked = [(chunked, "413"), (foreign, "421"), (nameless, "4")]
        .map(|(request, status)| (request, format!("HTTP/1.1 {status}")));
    let asking = asked.map(|(request, expected)| {
        let answer = raw(&app, &request);
        assert!(answer.starts_with(&expected), "{expected}: {answer}");
        answer
    });
    assert!(asking[0].contains("no-store") && asking[1].contains("content-security-policy"));
}

#[actix_web::test]
async fn odd_paths_get_our_words_and_our_own_request_id() {
    let app = TestApp::start().await;
    for path in [
        "/api/auth/signin/%FF",
        "/api/auth/callback/%FF?code=a&state=b",
        "/static/nowhere",
        "//evil.example",
        "/account/..%2F",
    ] {
        let claimed = [HTML, ("x-request-id", "mine")];
        let answer = app.visitor().send("GET", path, &claimed, "").await;
        answer.assert_status(if path.starts_with("/account") {
            303
        } else {
            404
        });
        assert_ne!(answer.header("x-request-id"), Some("mine"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert!(!answer.body.to_lowercase().contains("utf-8 sequence"));
        assert!(!answer.location().starts_with("//"));
    }
}
