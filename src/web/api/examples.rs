//! Examples for the document: one a message, made of the examples that its
//! members have.

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
        for message in messages(operation) {
            let contents = message.get_mut("content").into_iter().flat_map(members);
            for media in contents.filter(|media| media.get("example").is_none()) {
                media["example"] = sample(&media["schema"], &schemas);
            }
        }
    }
}

/// What is sent and what is answered.
fn messages(operation: &mut Value) -> impl Iterator<Item = &mut Value> {
    members_by_name(operation).flat_map(|(name, value)| -> Box<dyn Iterator<Item = _>> {
        match name.as_str() {
            "requestBody" => Box::new(std::iter::once(value)),
            "responses" => Box::new(members(value)),
            _ => Box::new(std::iter::empty()),
        }
    })
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
