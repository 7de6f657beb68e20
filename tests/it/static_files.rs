//! Static files are small, come compressed, and are asked for once.

use crate::support::{Answer, TestApp, Visitor};

/// The addresses of static files that a page names.
fn named(page: &Answer) -> Vec<String> {
    let parts = page.body.split("\"/static/").skip(1);
    let mut names: Vec<_> = parts
        .map(|rest| rest.split(['"', '#']).next().unwrap().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names.iter().map(|name| format!("/static/{name}")).collect()
}

async fn asked(visitor: &Visitor, path: &str, encoding: &str) -> Answer {
    let headers = [("accept-encoding", encoding)];
    visitor.send_bare("GET", path, &headers, "").await
}

#[actix_web::test]
async fn what_a_page_names_is_there_for_ever_and_compressed() {
    let app = TestApp::start().await;
    let mut ada = app.signed_in("github", "ada").await;
    for path in ["/", "/signin", "/account", "/account/tokens", "/nowhere"] {
        let page = ada.get(path).await;
        let all = named(&page);
        assert!(all.len() >= 3, "{path}: {all:?}");
        for file in all {
            let plain = asked(&ada, &file, "identity").await;
            plain.assert_status(200);
            let for_ever = "public, max-age=31536000, immutable";
            assert_eq!(plain.header("cache-control"), Some(for_ever), "{file}");
            assert_eq!(plain.header("vary"), Some("accept-encoding"));
            for encoding in ["gzip, deflate, br", "br;q=1.0, GZIP;q=0.8"] {
                let packed = asked(&ada, &file, encoding).await;
                assert_eq!(packed.header("content-encoding"), Some("gzip"), "{file}");
                assert_eq!(packed.header("content-type"), plain.header("content-type"));
            }
            for encoding in ["", "br", "gzip;q=0"] {
                let answer = asked(&ada, &file, encoding).await;
                assert_eq!(answer.header("content-encoding"), None, "{encoding}");
            }
        }
    }
    let other = asked(&ada, "/static/app.000000000000.css", "gzip").await;
    other.assert_status(404);
    let plain = asked(&ada, "/static/app.css", "identity").await;
    assert_eq!(plain.header("cache-control"), Some("public, max-age=300"));
    asked(&ada, "/favicon.ico", "").await.assert_status(200);
}

/// The page, its stylesheet, its marks, its icon.
#[actix_web::test]
async fn the_sign_in_page_loads_in_four_requests_and_thirty_kilobytes() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let page = visitor.get("/signin").await;
    assert!(!page.body.contains("<script") && !page.body.contains("style="));
    let files = named(&page);
    assert_eq!(files.len(), 3, "{files:?}");
    let mut bytes = page.body.len();
    for file in &files {
        let packed = asked(&visitor, file, "gzip").await;
        let length = packed.header("content-length").unwrap();
        bytes += length.parse::<usize>().unwrap();
    }
    assert!(bytes < 30_000, "{bytes}");
}

#[actix_web::test]
async fn the_provider_that_was_used_last_is_marked() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    assert!(!visitor.get("/signin").await.body.contains("last used"));
    for (provider, label) in [("vercel", "Vercel"), ("github", "GitHub")] {
        visitor
            .sign_in(provider, "ada")
            .await
            .assert_redirects_to("/");
        visitor.sign_out().await.assert_redirects_to("/");
        let page = visitor.get("/signin").await;
        let marked = format!("Sign in with {label}</span> <span class=\"badge\">last used");
        assert_eq!(page.body.matches("last used").count(), 1);
        page.assert_says(&marked);
    }
    for rubbish in ["gitlab", "\"github\"", ""] {
        let rubbish = rubbish.to_owned();
        visitor
            .cookies
            .insert("__Host-last-provider".to_owned(), rubbish);
        let page = visitor.get("/signin").await;
        assert!(!page.assert_status(200).body.contains("last used"));
    }
}
