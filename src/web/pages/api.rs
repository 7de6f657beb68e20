//! `/api/docs`: the API's document, for people.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use serde_json::Value;

use super::{Viewer, show as show_page};
use crate::web::api::document::document;
use crate::web::caller::MaybeSignedIn;

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    viewer: Viewer,
    groups: Vec<Group>,
}

/// Routes that belong together.
struct Group {
    name: String,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    description: String,
    /// What a caller has to come with.
    needs: String,
    parameters: Vec<Parameter>,
    /// An example of what is sent.
    body: Option<String>,
    answers: Vec<Answer>,
}

struct Parameter {
    name: String,
    place: String,
    description: String,
}

struct Answer {
    status: String,
    description: String,
    example: Option<String>,
}

pub async fn show(MaybeSignedIn(me): MaybeSignedIn) -> HttpResponse {
    show_page(&ApiPage {
        viewer: Viewer::of(me.as_ref()),
        groups: groups(document()),
    })
}

fn groups(document: &Value) -> Vec<Group> {
    let mut groups: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            let tag = text(&operation["tags"][0]);
            let operation = Operation::of(method, path, operation);
            groups.entry(tag).or_default().push(operation);
        }
    }
    let order = list(&document["tags"]).map(|tag| text(&tag["name"]));
    let group = |name: String| {
        let operations = groups.remove(&name)?;
        Some(Group { name, operations })
    };
    order.filter_map(group).collect()
}

impl Operation {
    fn of(method: &str, path: &str, operation: &Value) -> Self {
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            description: text(&operation["description"]),
            needs: needs(&operation["security"]),
            parameters: list(&operation["parameters"]).map(Parameter::of).collect(),
            body: example(&operation["requestBody"]),
            answers: members(&operation["responses"])
                .map(|(status, answer)| Answer {
                    status: status.clone(),
                    description: text(&answer["description"]),
                    example: example(answer).filter(|_| status.starts_with('2')),
                })
                .collect(),
        }
    }
}

impl Parameter {
    fn of(parameter: &Value) -> Self {
        Self {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            description: text(&parameter["description"]),
        }
    }
}

/// Alternatives, in words.
fn needs(security: &Value) -> String {
    let alternatives = list(security).map(|alternative| {
        let one = members(alternative).next();
        match one {
            None => "nothing".to_owned(),
            Some((scheme, _)) if scheme == "session" => "a session".to_owned(),
            Some((_, scopes)) => {
                let scopes: Vec<_> = list(scopes).map(text).collect();
                format!("a token with {}", scopes.join(", "))
            }
        }
    });
    alternatives.collect::<Vec<_>>().join(", or ")
}

fn example(message: &Value) -> Option<String> {
    let (_, content) = members(&message["content"]).next()?;
    let example = content.get("example")?;
    serde_json::to_string_pretty(example).ok()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    // Plain words here, without Markdown's marks.
    value.as_str().unwrap_or_default().replace('`', "")
}
