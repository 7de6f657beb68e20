//! For load balancers and supervisors. Answers whatever the Host is.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::Data;
use serde::Serialize;

use super::state::Vestibule;
use crate::db;

pub fn is_health(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz")
}

/// 200 while the process lives.
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok\n")
}

#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a list of independent checks"
)]
struct Readiness {
    ready: bool,
    database: bool,
    migrated: bool,
    #[serde(rename = "revocationsLoaded")]
    revocations_loaded: bool,
    #[serde(rename = "revocationsFresh")]
    revocations_fresh: bool,
    draining: bool,
}

/// 200 when visitors can be sent here: database, migrations, revocations
/// loaded and fresh, and no stop under way.
pub async fn readyz(app: Data<Vestibule>) -> HttpResponse {
    let pending = app.db.run(|conn| {
        db::pending_migrations(conn).map_err(|error| crate::error::Error::Internal(error.into()))
    });
    let pending = pending.await;
    let mut readiness = Readiness {
        ready: false,
        database: pending.is_ok(),
        migrated: matches!(pending, Ok(0)),
        revocations_loaded: app.revocations.is_loaded(),
        revocations_fresh: app.revocations.is_fresh(),
        draining: app.is_draining(),
    };
    readiness.ready = readiness.migrated && readiness.revocations_fresh && !readiness.draining;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut response = HttpResponse::build(status);
    if !readiness.ready {
        response.insert_header((RETRY_AFTER, "1"));
    }
    response.json(readiness)
}
