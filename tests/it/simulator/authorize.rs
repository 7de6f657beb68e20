//! Who may ask, who approves, and what goes back.

use vestibule::provider::Provider;

use super::{CALLBACK, CHALLENGE, Sim};

#[actix_web::test]
async fn an_approval_sends_code_and_state_back() {
    let sim = Sim::start();
    for provider in Provider::ALL {
        let back = sim
            .authorize(provider, &[("auto", "ada")])
            .await
            .sent_back();

        assert!(back["code"].len() >= 22);
        assert_eq!(back["state"], "a-state");
        assert_eq!(back.len(), 2);
    }
}

#[actix_web::test]
async fn declining_sends_access_denied_back() {
    let sim = Sim::start();
    for provider in Provider::ALL {
        let back = sim
            .authorize(provider, &[("auto", "deny")])
            .await
            .sent_back();

        assert_eq!(back["error"], "access_denied");
        assert!(!back["error_description"].is_empty());
        assert_eq!(back["state"], "a-state");
        assert_eq!(back.contains_key("error_uri"), provider == Provider::GitHub);
    }
}

#[actix_web::test]
async fn the_form_on_the_page_approves_what_was_asked() {
    let sim = Sim::start();
    let page = sim
        .authorize(Provider::GitHub, &[("state", "\"><script>")])
        .await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("<script>"));
    for word in ["ada", "grace", "alan", "deny"] {
        assert!(
            page.text()
                .contains(&format!(r#"name="auto" value="{word}""#))
        );
    }

    let form = [
        ("client_id", "github-client"),
        ("redirect_uri", CALLBACK),
        ("state", "\"><script>"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("auto", "grace"),
    ];
    let back = sim.post("/login/oauth/authorize", &form).await.sent_back();

    assert_eq!(back["state"], "\"><script>");
    assert!(back.contains_key("code"));
}

#[actix_web::test]
async fn nobody_is_redirected_to_an_address_that_is_not_registered() {
    let sim = Sim::start();
    let addresses = [
        "",
        "https://evil.example/callback",
        "http://localhost:8080/callback/",
        "http://localhost:8080/callback?more",
        "http://LOCALHOST:8080/callback",
        "http://localhost:8080/callbac%6b",
    ];
    for provider in Provider::ALL {
        for address in addresses {
            let changes = [("redirect_uri", address), ("auto", "ada")];
            let reply = sim.authorize(provider, &changes).await;

            assert_eq!(reply.status, 400, "{address}");
            assert_eq!(reply.header("Location"), "");
        }
    }
}

#[actix_web::test]
async fn an_unknown_client_gets_a_page() {
    let sim = Sim::start();
    for (provider, other) in [(Provider::GitHub, "vercel-client"), (Provider::Vercel, "")] {
        let changes = [("client_id", other), ("auto", "ada")];

        assert_eq!(sim.authorize(provider, &changes).await.status, 400);
    }
}

#[actix_web::test]
async fn a_parameter_that_comes_twice_gets_a_page() {
    let sim = Sim::start();
    let path = format!(
        "/login/oauth/authorize?client_id=github-client&redirect_uri={CALLBACK}\
         &redirect_uri={CALLBACK}&auto=ada"
    );

    assert_eq!(sim.get(&path).await.status, 400);
}

#[actix_web::test]
async fn only_s256_challenges_are_taken() {
    let sim = Sim::start();
    for provider in Provider::ALL {
        for changes in [
            [("code_challenge_method", "plain"), ("auto", "ada")],
            [("code_challenge_method", ""), ("auto", "ada")],
            [("code_challenge", "short"), ("auto", "ada")],
        ] {
            let back = sim.authorize(provider, &changes).await.sent_back();

            assert_eq!(back["error"], "invalid_request");
            assert_eq!(back["state"], "a-state");
        }
    }
}

#[actix_web::test]
async fn vercel_insists_on_pkce_and_response_type() {
    let sim = Sim::start();
    let no_pkce = [
        ("code_challenge", ""),
        ("code_challenge_method", ""),
        ("auto", "ada"),
    ];
    let no_type = [("response_type", ""), ("auto", "ada")];

    let github = sim.authorize(Provider::GitHub, &no_pkce).await.sent_back();
    assert!(github.contains_key("code"));
    let vercel = sim.authorize(Provider::Vercel, &no_pkce).await.sent_back();
    assert_eq!(vercel["error"], "invalid_request");
    let vercel = sim.authorize(Provider::Vercel, &no_type).await.sent_back();
    assert_eq!(vercel["error"], "invalid_request");
}

#[actix_web::test]
async fn a_token_response_type_is_refused() {
    let sim = Sim::start();
    for provider in Provider::ALL {
        let changes = [("response_type", "token"), ("auto", "ada")];
        let back = sim.authorize(provider, &changes).await.sent_back();

        assert_eq!(back["error"], "unsupported_response_type");
    }
}

#[actix_web::test]
async fn nobody_else_can_approve() {
    let sim = Sim::start();

    assert_eq!(
        sim.authorize(Provider::GitHub, &[("auto", "mallory")])
            .await
            .status,
        400
    );
}
