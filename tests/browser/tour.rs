//! A walk through every page and state, of which each has a name.

use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::elsewhere;
use crate::errors::way_back;
use crate::support::{TestApp, eventually};
use crate::window::PATIENCE;

/// Who walks does so by clicking; `at` is called in each place.
pub async fn tour(app: &TestApp, ada: &Browser, at: impl AsyncFn(&'static str)) {
    elsewhere::tour(ada, &at).await;
    outside(app, ada, &at).await;
    errors(app, ada, &at).await;
    account(app, ada, &at).await;
    sessions(app, ada, &at).await;
    tokens(app, ada, &at).await;
    reading(ada, &at).await;
    leaving(app, ada, &at).await;
}

async fn outside(app: &TestApp, ada: &Browser, at: &impl AsyncFn(&'static str)) {
    ada.open_page("/").await;
    ada.sees("Vestibule").await;
    at("home").await;
    ada.open_page("/signin").await;
    ada.sees("Sign in with GitHub").await;
    at("signin").await;
    ada.open_page("/account/tokens").await;
    ada.sees("API tokens").await;
    at("signin-purpose").await;
    ada.open_page("/api/docs").await;
    ada.sees("The API").await;
    at("api").await;
    ada.open_page("/signin").await;
    ada.press("Sign in with GitHub").await;
    ada.sees("This is not GitHub").await;
    at("simulator-authorize").await;
    ada.visit(&format!("{}/_simulator", app.simulator.url()))
        .await;
    ada.sees("The last calls").await;
    at("simulator-panel").await;
    ada.press("Failing").await;
    ada.sees("something is set").await;
    at("simulator-panel-set").await;
    ada.press_on("Behave").await;
    let wrong = format!("{}/oauth/authorize?client_id=x", app.simulator.url());
    ada.visit(&wrong).await;
    ada.sees("It stops here").await;
    at("simulator-problem").await;
}

async fn errors(app: &TestApp, ada: &Browser, at: &impl AsyncFn(&'static str)) {
    ada.open_page("/nowhere").await;
    ada.sees("Page not found").await;
    at("error-404").await;
    ada.visit(&ada.origin.replace("localhost", "127.0.0.1"))
        .await;
    ada.sees("Wrong address").await;
    at("error-421").await;
    // A form of another site's.
    let foreign = format!(
        "data:text/html,<form method=post action={}/api/auth/signout><button>Go</button></form>",
        ada.origin
    );
    ada.visit(&foreign).await;
    ada.press("Go").await;
    ada.sees("not allowed").await;
    at("error-403").await;
    ada.open_page("/signin").await;
    ada.press("Sign in with GitHub").await;
    ada.press("Decline").await;
    ada.sees("You declined").await;
    at("error-declined").await;
    let fails = json!({ "provider": "github", "status": 500 });
    app.simulate("faults", fails).await;
    ada.open_page("/signin").await;
    ada.press("Sign in with GitHub").await;
    ada.press("Ada Lovelace").await;
    ada.sees("could not be reached").await;
    at("error-provider").await;
    app.simulate("faults", json!({ "provider": "github" }))
        .await;
    ada.open_page("/api/auth/callback/github?code=x&state=y")
        .await;
    ada.sees("not started here").await;
    at("error-unknown-link").await;
    let back = way_back(ada).await;
    ada.visit(&back).await;
    ada.arrives_at("/").await;
}

async fn account(app: &TestApp, ada: &Browser, at: &impl AsyncFn(&'static str)) {
    ada.sees("ada").await;
    at("home-signed-in").await;
    ada.open_page("/signin").await;
    ada.sees("signed in as").await;
    at("signin-signed-in").await;
    ada.open_page("/account").await;
    ada.sees("What GitHub says about you now").await;
    at("account").await;
    let grace = Browser::open(app).await;
    grace.inspects.set(false);
    grace.sign_in("Vercel", "Grace").await;
    ada.press("Connect Vercel").await;
    ada.press("Grace Hopper").await;
    ada.sees("belongs to someone else").await;
    at("error-someone-else").await;
    ada.open_page("/account").await;
    ada.press("Connect Vercel").await;
    ada.press("Ada Lovelace").await;
    ada.sees("Vercel is connected").await;
    ada.sees("What Vercel says about you now").await;
    at("account-connected").await;
    ada.open_page("/account").await;
    ada.sees("What Vercel says about you now").await;
    at("account-both").await;
    ada.press("Disconnect Vercel").await;
    ada.sees("Yes, disconnect Vercel").await;
    at("account-confirm").await;
    let fails = json!({ "provider": "github", "status": 503 });
    app.simulate("faults", fails).await;
    ada.open_page("/account").await;
    ada.sees("What Vercel says about you now").await;
    at("account-provider-silent").await;
    app.simulate("faults", json!({ "provider": "github" }))
        .await;
    app.execute("update accounts set needs_reconnect = true where provider = 'vercel'");
    ada.open_page("/account").await;
    ada.sees("reconnect needed").await;
    at("account-reconnect").await;
}

async fn sessions(app: &TestApp, ada: &Browser, at: &impl AsyncFn(&'static str)) {
    ada.open_page("/account/sessions").await;
    ada.sees("nowhere else").await;
    at("sessions-alone").await;
    let elsewhere = Browser::open(app).await;
    elsewhere.inspects.set(false);
    elsewhere.sign_in("GitHub", "Ada").await;
    ada.open_page("/account/sessions").await;
    ada.sees("Other devices").await;
    at("sessions").await;
    ada.press("Sign out all other devices").await;
    ada.sees("Yes, sign out all others").await;
    at("sessions-confirm").await;
    ada.press("Yes, sign out all others").await;
    ada.sees("One other session was ended").await;
    at("sessions-ended").await;
}

async fn tokens(app: &TestApp, ada: &Browser, at: &impl AsyncFn(&'static str)) {
    ada.open_page("/account/tokens").await;
    ada.sees("none yet").await;
    at("tokens-none").await;
    app.execute("alter table api_tokens rename to mislaid");
    ada.open_page("/account/tokens").await;
    ada.sees("Something went wrong").await;
    at("error-500").await;
    app.execute("alter table mislaid rename to api_tokens");
    ada.open_page("/account/tokens").await;
    ada.fill("Name", " ").await;
    ada.key(Key::Enter).await;
    ada.sees("name").await;
    at("tokens-problem").await;
    ada.make_token("backup script").await;
    ada.sees("Copy it now").await;
    at("tokens-made").await;
    ada.open_page("/account/tokens").await;
    ada.sees("backup script").await;
    at("tokens").await;
    ada.press("Revoke").await;
    ada.sees("Yes, revoke it").await;
    at("tokens-confirm").await;
    ada.press("Yes, revoke it").await;
    ada.sees("was revoked").await;
    at("tokens-revoked").await;
}

async fn reading(ada: &Browser, at: &impl AsyncFn(&'static str)) {
    ada.open_page("/account/activity").await;
    ada.sees("the newest first").await;
    at("activity").await;
    ada.open_page("/account/session").await;
    ada.sees("nested JWT").await;
    at("session").await;
}

async fn leaving(app: &TestApp, ada: &Browser, at: &impl AsyncFn(&'static str)) {
    ada.open_page("/signout").await;
    ada.sees("Sign out?").await;
    at("signout").await;
    ada.press("Sign out").await;
    ada.sees("You are signed out").await;
    at("home-signed-out").await;
    ada.press("What happened").await;
    ada.sees("Max-Age=0").await;
    at("home-signed-out-story").await;
    ada.sign_in("GitHub", "Ada").await;
    app.execute(
        "with over as (update sessions set ended_at = now(), ended_reason = 'ended_by_user'
             where ended_at is null returning id)
         insert into revocations (subject, expires_at)
             select id, now() + interval '1 day' from over",
    );
    eventually("the session is over", PATIENCE, async || {
        ada.open_page("/account").await;
        ada.path().await.starts_with("/signin")
    })
    .await;
    ada.sees("ended on another device").await;
    at("signin-ended").await;
    ada.sign_in("GitHub", "Ada").await;
    ada.open_page("/account/delete").await;
    ada.sees("What goes").await;
    at("delete").await;
    ada.fill("Type your username", "adam").await;
    ada.press("Delete my account").await;
    ada.sees("That is not your username").await;
    at("delete-refused").await;
    ada.fill("Type your username", "ada").await;
    ada.press("Delete my account").await;
    ada.sees("Your account is deleted").await;
    at("home-deleted").await;
}
