//! What a stranger may write into a profile is shown, and does nothing.

use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn hostile_names_are_inert_everywhere() {
    let app = TestApp::start().await;
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "{{7*7}}{% raw %}",
        "a\r\nSet-Cookie: x=y",
        "\u{202e}gnp.exe",
        "nul\u{0}nul",
        &"<b>\"".repeat(2_500),
    ] {
        let profile = json!({"login": name, "name": name, "email": name});
        app.simulate(
            "people",
            json!({"provider": "github", "login": "ada", "profile": profile}),
        )
        .await;
        let mut browser = app.visitor();
        let answer = browser.sign_in("github", "ada").await;
        answer.assert_redirects_to("/");
        assert!(
            answer
                .set_cookies()
                .iter()
                .all(|line| line.len() < 4_096 && !line.contains("x=y"))
        );
        for path in ["/", "/account", "/account/session", "/signin", "/signout"] {
            let page = browser.get(path).await;
            page.assert_status(200);
            for active in [
                "<script",
                "<img src=x",
                "onmouseover='",
                "<b>",
                "49{",
                "\u{202e}",
                "\u{0}",
            ] {
                assert!(!page.body.contains(active), "{active:?} on {path}");
            }
        }
    }
}

#[actix_web::test]
async fn pictures_that_are_not_safe_are_left_out() {
    let app = TestApp::start().await;
    for address in [
        "javascript:alert(1)",
        "data:image/svg+xml,<svg/>",
        "http://evil.example/x.png",
        "//evil.example/x",
        "x",
        "",
    ] {
        app.simulate(
            "people",
            json!({"provider": "github", "login": "ada", "profile": {"avatar_url": address}}),
        )
        .await;
        let mut browser = app.visitor();
        browser
            .sign_in("github", "ada")
            .await
            .assert_redirects_to("/");
        assert_eq!(
            browser.info().await["user"]["avatar"],
            json!(null),
            "{address}"
        );
        assert!(!browser.get("/account").await.body.contains("<img"));
    }
}

#[actix_web::test]
async fn scopes_that_are_none_are_not_kept() {
    let app = TestApp::start().await;
    let long = "s".repeat(5_000);
    let many: Vec<_> = (0..3_000).map(|n| format!("s{n}")).collect();
    for scope in [
        "offline_access a\u{0}b <script> \"quoted\" ü".to_owned(),
        format!("offline_access {long}"),
        format!("offline_access {}", many.join(" ")),
    ] {
        let fault = json!({"provider": "vercel", "scope": scope});
        app.simulate("faults", fault).await;
        let reader = app.reader("vercel", "ada").await;
        crate::vault::expire(&app);
        let told = reader.provider_token("vercel").await;
        let told = told.assert_status(200).json();
        let scopes = told["scopes"].as_array().unwrap();
        assert!(scopes.len() <= 100, "{}", scopes.len());
        let words = scopes.iter().map(|scope| scope.as_str().unwrap());
        for word in words {
            assert!(
                word.len() <= 100
                    && word
                        .bytes()
                        .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'"')
            );
        }
    }
}
