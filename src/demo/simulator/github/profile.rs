//! What GitHub says about a person.

use serde_json::{Value, json};

use crate::demo::simulator::people::Person;

pub fn user(public_url: &str, person: &Person) -> Value {
    json!({
        "login": person.login,
        "id": person.github_id,
        "node_id": format!("U_kgDO{}", person.github_id),
        "avatar_url": person.avatar_url(public_url),
        "gravatar_id": "",
        "url": format!("{public_url}/users/{}", person.login),
        "html_url": format!("{public_url}/{}", person.login),
        "type": "User",
        "site_admin": false,
        "name": person.name,
        "company": null,
        "blog": "",
        "location": null,
        "email": person.email.filter(|_| person.email_is_public),
        "hireable": null,
        "bio": null,
        "public_repos": 1,
        "followers": 0,
        "following": 0,
        "created_at": "2011-12-10T00:00:00Z",
        "updated_at": "2026-01-28T00:00:00Z",
    })
}

/// The primary address is neither first nor alone, and one before it is
/// nobody's proven address: who takes the first takes the wrong one.
pub fn emails(person: &Person) -> Value {
    let Some(email) = person.email else {
        return json!([]);
    };
    let visibility = if person.email_is_public {
        "public"
    } else {
        "private"
    };
    let login = person.login;
    json!([
        {"email": format!("{login}@unproven.example"), "primary": false, "verified": false,
         "visibility": null},
        {"email": email, "primary": true, "verified": true, "visibility": visibility},
        {"email": format!("{}+{login}@users.noreply.github.com", person.github_id),
         "primary": false, "verified": true, "visibility": null},
    ])
}

pub fn repos(public_url: &str, person: &Person) -> Value {
    let login = person.login;
    json!([{
        "id": person.github_id * 10,
        "name": "notes",
        "full_name": format!("{login}/notes"),
        "private": false,
        "html_url": format!("{public_url}/{login}/notes"),
        "description": "Notes on an engine that does not exist yet",
    }])
}
