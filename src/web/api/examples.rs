//! Examples for the document: one a message, made of the examples that its
//! members have.

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

/// Puts an example beside every schema of a message.
pub fn fill(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for operation in document
        .get_mut("paths")
        .into_iter()
        .flat_map(members)
        .flat_map(members)
    {
        for (status, message) in messages(operation) {
            let contents = message.get_mut("content").into_iter().flat_map(members);
            for media in contents.filter(|media| media.get("example").is_none()) {
                media["example"] = sample(&media["schema"], &schemas);
                if let Some(problem) = status.as_deref().and_then(problem) {
                    media["example"] = problem;
                }
            }
        }
    }
}

/// What is sent, and what is answered with which status.
fn messages(operation: &mut Value) -> impl Iterator<Item = (Option<String>, &mut Value)> {
    type Messages<'a> = Box<dyn Iterator<Item = (Option<String>, &'a mut Value)> + 'a>;
    members_by_name(operation).flat_map(|(name, value)| -> Messages<'_> {
        match name.as_str() {
            "requestBody" => Box::new(std::iter::once((None, value))),
            "responses" => Box::new(
                members_by_name(value).map(|(status, answer)| (Some(status.clone()), answer)),
            ),
            _ => Box::new(std::iter::empty()),
        }
    })
}

/// What a problem document of this status may say.
fn problem(status: &str) -> Option<Value> {
    let (code, detail) = match status {
        "400" => (
            "invalid_request",
            "The Authorization header cannot be read.",
        ),
        "401" => ("invalid_token", "This API token is not valid."),
        "403" => (
            "insufficient_scope",
            "This API token lacks the scope that this takes.",
        ),
        "404" => ("not_found", "There is nothing at this address."),
        "408" => ("body_too_slow", "What was sent took too long to arrive."),
        "413" => (
            "body_too_large",
            "What was sent is larger than anything that belongs here.",
        ),
        "415" => ("unsupported_media_type", "This takes JSON."),
        "429" => (
            "too_many_refused_tokens",
            "Too many tokens from this address were refused.",
        ),
        "500" => (
            "internal",
            "Something went wrong on our side. It has been noted.",
        ),
        "503" => ("unavailable", "Please try again in a moment."),
        _ => return None,
    };
    let status: u16 = status.parse().ok()?;
    let title = StatusCode::from_u16(status).ok()?.canonical_reason()?;
    Some(json!({
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "requestId": "01a20e268bec72d0bb4ae61db09c1ff8",
    }))
}

fn members_by_name(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

fn members(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_object_mut().into_iter().flat_map(Map::values_mut)
}

fn sample(schema: &Value, schemas: &Value) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return sample(&schemas[name], schemas);
    }
    for composed in ["oneOf", "anyOf", "allOf"] {
        let parts = schema[composed].as_array().into_iter().flatten();
        let mut telling = parts.filter(|part| part["type"] != "null");
        if let Some(part) = telling.next() {
            return sample(part, schemas);
        }
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let kind = &schema["type"];
    let is = |name: &str| kind == name || kind.get(0).is_some_and(|first| first == name);
    if is("object") {
        let properties = schema["properties"].as_object().into_iter().flatten();
        return properties
            .map(|(name, property)| (name.clone(), sample(property, schemas)))
            .collect::<Map<_, _>>()
            .into();
    }
    if is("array") {
        return json!([sample(&schema["items"], schemas)]);
    }
    if is("boolean") {
        return json!(false);
    }
    if is("integer") {
        return json!(200);
    }
    if is("string") {
        return match schema["format"].as_str() {
            Some("uuid") => json!("01a20e26-f666-7213-aa32-7431eebb3c48"),
            Some("date-time") => json!("2026-11-24T15:22:44.196666Z"),
            _ => json!("text"),
        };
    }
    json!({})
}
