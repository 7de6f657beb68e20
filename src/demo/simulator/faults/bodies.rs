//! The answers that a fault gives instead, or makes of a good one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody, to_bytes};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, ContentType, LOCATION, RETRY_AFTER};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder, rt};
use futures_util::stream;
use serde_json::{Value, json};

use super::{Faults, Malformed, bomb, final_status};
use crate::demo::simulator::pages;

/// Seconds that a 429 asks to wait.
const RETRY_AFTER_S: &str = "7";

const CHUNK: usize = 64 * 1024;

/// A gigabyte in chunks.
const ENDLESS_CHUNKS: usize = 16 * 1024;

const HUGE_PADDING: usize = 10 * 1024 * 1024;

/// An answer that comes without doing what was asked.
pub fn instead(faults: &Faults) -> Option<HttpResponse> {
    if let Some(status) = faults.status.and_then(final_status) {
        return Some(with_status(status, faults));
    }
    let answer = match faults.malformed? {
        Malformed::Html => HttpResponse::Ok()
            .content_type(ContentType::html())
            .body(UNICORN),
        Malformed::Error200 => pages::json(
            StatusCode::OK,
            &json!({"error": "server_error", "error_description": "Something went wrong"}),
        ),
        Malformed::Redirect => with_status(StatusCode::FOUND, faults),
        Malformed::Endless => endless(),
        Malformed::GzipBomb => HttpResponse::Ok()
            .content_type(ContentType::json())
            .insert_header((CONTENT_ENCODING, "gzip"))
            .body(bomb::gzip()),
        Malformed::Reset => no_answer(),
        _ => return None,
    };
    Some(answer)
}

const UNICORN: &str = "<!doctype html><title>Unicorn!</title><p>No server is available.";

/// A gateway's error is a page, an application's is JSON.
fn with_status(status: StatusCode, faults: &Faults) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    if status == StatusCode::TOO_MANY_REQUESTS {
        answer.insert_header((RETRY_AFTER, RETRY_AFTER_S));
    }
    if status.is_redirection() {
        let trap = format!("/_simulator/redirect-trap?provider={}", faults.provider);
        return answer.insert_header((LOCATION, trap)).finish();
    }
    if [204, 205].contains(&status.as_u16()) {
        return answer.finish();
    }
    if status.is_server_error() && status != StatusCode::INTERNAL_SERVER_ERROR {
        return answer.content_type(ContentType::html()).body(UNICORN);
    }
    answer.json(json!({"error": "simulated_fault", "message": "A fault that was asked for"}))
}

fn endless() -> HttpResponse {
    let filler = Bytes::from(vec![b'a'; CHUNK]);
    let start = Bytes::from_static(br#"{"token_type":"bearer","access_token":""#);
    let chunks = std::iter::once(start).chain(std::iter::repeat_n(filler, ENDLESS_CHUNKS));
    json_answer(StatusCode::OK).streaming(stream::iter(chunks.map(Ok::<_, io::Error>)))
}

/// The real answer, spoiled. What was asked has been done by now.
pub async fn spoiled(malformed: Malformed, answer: HttpResponse) -> HttpResponse {
    let status = answer.status();
    if malformed == Malformed::Lost {
        return no_answer();
    }
    let body = to_bytes(answer.into_body()).await.unwrap_or_default();
    let bytes = match malformed {
        Malformed::Empty => Bytes::new(),
        Malformed::Truncated => body.slice(..body.len() / 2),
        Malformed::Slow => return slow(status, body),
        _ => match serde_json::from_slice(&body) {
            Ok(value) => Bytes::from(changed(malformed, value).to_string()),
            Err(_) => body,
        },
    };
    json_answer(status).body(bytes)
}

fn changed(malformed: Malformed, mut value: Value) -> Value {
    if malformed == Malformed::Array {
        return json!([value]);
    }
    if malformed == Malformed::WrongTypes {
        return wrong_types(value);
    }
    let Some(members) = value.as_object_mut() else {
        return value;
    };
    let mut set = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    match malformed {
        Malformed::NegativeExpiresIn => set("expires_in", json!(-1)),
        Malformed::HugeExpiresIn => set("expires_in", json!(u64::MAX)),
        Malformed::StringExpiresIn => set("expires_in", json!("3600")),
        Malformed::NoToken => drop(members.remove("access_token")),
        Malformed::NoTokenType => drop(members.remove("token_type")),
        Malformed::Huge => set("padding", json!("a".repeat(HUGE_PADDING))),
        Malformed::UnknownMembers => {
            set("x_simulator", json!({"nested": [1, null, {"deep": true}]}));
            set("", json!("a member without a name"));
        }
        _ => {}
    }
    value
}

/// Texts become numbers, numbers texts, all the way down.
fn wrong_types(value: Value) -> Value {
    match value {
        Value::String(_) => json!(7),
        Value::Number(number) => json!(number.to_string()),
        Value::Bool(bit) => json!(bit.to_string()),
        Value::Null => json!({}),
        Value::Array(items) => items.into_iter().map(wrong_types).collect(),
        Value::Object(members) => {
            let changed = members
                .into_iter()
                .map(|(name, value)| (name, wrong_types(value)));
            Value::Object(changed.collect())
        }
    }
}

fn slow(status: StatusCode, body: Bytes) -> HttpResponse {
    let bytes = stream::unfold(body, |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        rt::time::sleep(Duration::from_secs(1)).await;
        let byte = rest.split_to(1);
        Some((Ok::<_, io::Error>(byte), rest))
    });
    json_answer(status).streaming(bytes)
}

fn json_answer(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer.content_type(ContentType::json());
    answer
}

/// A body that fails before its head was sent makes actix close the
/// connection, so that the peer gets nothing at all.
struct NoAnswer;

impl MessageBody for NoAnswer {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(1)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}

fn no_answer() -> HttpResponse {
    HttpResponse::Ok()
        .message_body(NoAnswer)
        .map_or_else(HttpResponse::from_error, HttpResponse::map_into_boxed_body)
}
