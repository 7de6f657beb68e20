//! `/_simulator` for people: what is wrong, what was called, and forms to
//! change the one and end what is behind the other.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::{Map, Value};

use super::calls::Call;
use super::controls;
use super::faults::{Faults, Malformed, On};
use super::pages;
use super::params::Params;
use super::world::World;
use crate::provider::Provider;

/// What fits on a page; `/_simulator/calls` has all of them.
const CALLS_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "demo/panel.html")]
struct Page {
    faults: [Faults; 2],
    calls: Vec<Call>,
}

/// A button that sets one thing and leaves the rest at its defaults.
struct Preset {
    label: &'static str,
    name: &'static str,
    value: &'static str,
}

const PRESETS: [Preset; 5] = [
    Preset {
        label: "Slow by 5 s",
        name: "delay_ms",
        value: "5000",
    },
    Preset {
        label: "Failing (503)",
        name: "status",
        value: "503",
    },
    Preset {
        label: "Rate-limited (429)",
        name: "status",
        value: "429",
    },
    Preset {
        label: "No connection",
        name: "malformed",
        value: "reset",
    },
    Preset {
        label: "Nonsense",
        name: "malformed",
        value: "html",
    },
];

impl Page {
    const fn presets() -> &'static [Preset] {
        &PRESETS
    }

    const fn words() -> &'static [Malformed] {
        &Malformed::ALL
    }

    const fn places() -> &'static [On] {
        &On::ALL
    }
}

pub async fn show(world: Data<World>) -> HttpResponse {
    let page = Page {
        faults: Provider::ALL.map(|provider| world.faults(provider)),
        calls: world
            .lock()
            .calls
            .iter()
            .rev()
            .take(CALLS_SHOWN)
            .cloned()
            .collect(),
    };
    pages::page(&world, StatusCode::OK, &page)
}

pub async fn set_faults(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    let knobs = form(&request, &body).and_then(|form| {
        let members = form
            .iter()
            .map(|(name, text)| (name.to_owned(), typed(name, text)));
        let members = Value::Object(members.collect::<Map<_, _>>());
        serde_json::from_value(members).map_err(|error| error.to_string())
    });
    back(
        &world,
        knobs
            .and_then(|knobs| controls::apply(&world, knobs))
            .map(drop),
    )
}

/// As when people take back their consent at the provider, all at once.
pub async fn revoke_all(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    let done = form(&request, &body).and_then(|form| {
        let provider = form
            .get("provider")
            .and_then(|word| word.parse::<Provider>().ok());
        let provider = provider.ok_or("provider is github or vercel")?;
        world
            .lock()
            .ledger
            .end_grants(|consent| consent.provider == provider);
        Ok(())
    });
    back(&world, done)
}

fn form(request: &HttpRequest, body: &[u8]) -> Result<Params, String> {
    Params::form(request, body).map_err(|error| error.as_str().to_owned())
}

/// Forms know texts alone; these names mean something else.
fn typed(name: &str, text: &str) -> Value {
    let typed = match name {
        "delay_ms" | "status" | "token_lifetime_s" | "userinfo_status" => {
            text.parse::<u64>().ok().map(Value::from)
        }
        "expires_in" | "rotate" => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    };
    typed.unwrap_or_else(|| Value::from(text))
}

fn back(world: &World, done: Result<(), String>) -> HttpResponse {
    match done {
        Ok(()) => HttpResponse::SeeOther()
            .insert_header((LOCATION, "/_simulator"))
            .finish(),
        Err(problem) => pages::problem(world, StatusCode::BAD_REQUEST, &problem),
    }
}
