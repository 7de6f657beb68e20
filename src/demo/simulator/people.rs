//! The three people who live here, and what tests change about them.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::provider::Provider;

pub struct Person {
    /// Their name at both providers, and in `auto=`.
    pub login: &'static str,
    pub name: &'static str,
    pub initials: &'static str,
    pub github_id: u64,
    pub vercel_id: &'static str,
    /// Vercel names a picture by a hash; an address it is not.
    pub vercel_avatar: &'static str,
    pub email: Option<&'static str>,
    /// GitHub shows it on `/user` only to people who made it public.
    pub email_is_public: bool,
    pub colour: &'static str,
}

/// Ada and Grace use one address at both providers, so that an app which
/// links people by e-mail is found out; Alan shows none anywhere.
pub static PEOPLE: [Person; 3] = [
    Person {
        login: "ada",
        name: "Ada Lovelace",
        initials: "AL",
        github_id: 1_815_001,
        vercel_id: "usr_ada1815Q2mRk7TzVhXw",
        vercel_avatar: "ada18151210a0f3b5c7d9e1f2a4b6c8d0e2f4a6b",
        email: Some("ada@example.com"),
        email_is_public: true,
        colour: "#7c3aed",
    },
    Person {
        login: "grace",
        name: "Grace Hopper",
        initials: "GH",
        github_id: 1_906_002,
        vercel_id: "usr_grace1906JfYp3NcBdLs",
        vercel_avatar: "9ace19061209b1d3f5a7c9e0b2d4f6a8c0e1a3b5",
        email: Some("grace@example.com"),
        email_is_public: false,
        colour: "#0f766e",
    },
    Person {
        login: "alan",
        name: "Alan Turing",
        initials: "AT",
        github_id: 1_912_003,
        vercel_id: "usr_alan1912WgHs8MxKvEt",
        vercel_avatar: "a1a19120623c2e4a6b8d0f1a3c5e7b9d0f2a4c6e",
        email: None,
        email_is_public: false,
        colour: "#b45309",
    },
];

impl Person {
    pub fn named(login: &str) -> Option<&'static Self> {
        PEOPLE.iter().find(|person| person.login == login)
    }

    pub fn avatar_url(&self, public_url: &str) -> String {
        format!("{public_url}/_simulator/avatars/{}.svg", self.login)
    }
}

/// What `PUT /_simulator/people` says. It replaces what an earlier one said
/// about the same person; without members it restores them.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// Laid over GitHub's `/user` or Vercel's userinfo. Null is set as null.
    pub profile: Map<String, Value>,
    /// Laid over the `user` of Vercel's `/v2/user`.
    pub user: Map<String, Value>,
    /// Members to take out of all of these.
    pub remove: Vec<String>,
    /// Instead of GitHub's `/user/emails`, whatever it is.
    pub emails: Option<Value>,
    /// Answered by Vercel's userinfo instead of the profile.
    pub userinfo_status: Option<u16>,
}

/// A person and the provider at which something changes about them.
#[derive(Deserialize)]
pub struct Change {
    pub provider: Provider,
    pub login: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Change {
    pub fn overrides(self) -> serde_json::Result<Overrides> {
        serde_json::from_value(Value::Object(self.rest))
    }
}

impl Overrides {
    pub fn over_profile(&self, base: Value) -> Value {
        self.over(base, &self.profile)
    }

    pub fn over_user(&self, base: Value) -> Value {
        self.over(base, &self.user)
    }

    fn over(&self, mut base: Value, changes: &Map<String, Value>) -> Value {
        if let Some(members) = base.as_object_mut() {
            members.extend(changes.clone());
            members.retain(|name, _| !self.remove.contains(name));
        }
        base
    }
}
