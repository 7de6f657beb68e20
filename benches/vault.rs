//! What provider tokens cost: `cargo bench --bench vault`.
//!
//! Reads of a fresh token through the vault, thirty-two at a time, with the
//! processor time that this process takes for one and what Postgres takes
//! besides; the goal is 5,000 a second and core of ours. Then 100,000 accounts
//! with two tokens each are sealed anew under another key. The whole takes
//! about a minute.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it fails"
)]

#[path = "support/asked.rs"]
mod asked;
#[path = "support/backstage.rs"]
mod backstage;
#[path = "support/processor.rs"]
mod processor;
#[path = "support/stage.rs"]
mod stage;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt::System;
use chrono::Utc;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Binary, Uuid as SqlUuid};
use futures_util::future::join_all;
use processor::Taken;
use stage::Stage;
use uuid::Uuid;
use vestibule::config::{DatabaseConfig, Environment, Reader};
use vestibule::crypto::keys::{self, KeyRing, LiveRing};
use vestibule::crypto::sealed;
use vestibule::crypto::session_token::{SessionDraft, SessionTokens, SessionUser};
use vestibule::db::{self, Db};
use vestibule::models::Scope;
use vestibule::models::account::TokenColumn;
use vestibule::models::ids::AccountId;
use vestibule::provider::Provider;
use vestibule::reseal::{BATCH, reseal};
use vestibule::secret::Secret;
use vestibule::vault::Vault;

const AT_ONCE: usize = 32;
const READS_EACH: usize = 2_000;
const ACCOUNTS: usize = 100_000;

fn main() {
    if !asked::to_measure() {
        return;
    }
    let stage = Stage::set(stage::simulator().0);
    let ring = KeyRing::generate();
    let url = stage.database("vestibule");
    let users = fill(&url, &ring, ACCOUNTS);
    read(&stage, &url, ring, users[0]);
    seal_anew(&stage);
}

/// Accounts as sign-ins leave them; their people.
fn fill(url: &str, ring: &KeyRing, accounts: usize) -> Vec<Uuid> {
    let mut conn = PgConnection::establish(url).unwrap();
    let mut users = Vec::new();
    for _ in 0..accounts.div_ceil(5_000) {
        let ids: Vec<Uuid> = (0..5_000.min(accounts)).map(|_| Uuid::now_v7()).collect();
        let seal = |column: TokenColumn| -> Vec<Vec<u8>> {
            let plain = Secret::new("vca_0123456789abcdefghijklmnopqrstuv");
            let places = ids.iter().map(|id| column.place(AccountId::from_uuid(*id)));
            places
                .map(|place| sealed::seal(ring, &plain, &place))
                .collect()
        };
        sql_query("insert into users (id, username) select id, 'somebody' from unnest($1) as id")
            .bind::<Array<SqlUuid>, _>(&ids)
            .execute(&mut conn)
            .unwrap();
        sql_query(
            "insert into accounts (id, user_id, provider, provider_user_id, username, scope,
                 access_token, refresh_token, access_token_expires_at)
             select id, id, 'vercel', id::text, 'somebody', 'openid', access, refresh, now() + interval '1 hour'
             from unnest($1, $2, $3) as t (id, access, refresh)",
        )
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Binary>, _>(seal(TokenColumn::Access))
        .bind::<Array<Binary>, _>(seal(TokenColumn::Refresh))
        .execute(&mut conn)
        .unwrap();
        users.extend(ids);
    }
    sql_query("vacuum analyze").execute(&mut conn).unwrap();
    users
}

fn read(stage: &Stage, url: &str, ring: KeyRing, user: Uuid) {
    let environment: Environment = stage.settings(url).into_iter().collect();
    let config = DatabaseConfig::read(&mut Reader::new(&environment)).unwrap();
    let ring = Arc::new(LiveRing::fixed(ring));
    let scope = scope(&ring, user);
    System::new().block_on(async {
        let vault = Vault::new(Db::new(&config), ring, Arc::from([]));
        let read_some = async |reads: usize| {
            for _ in 0..reads {
                let fresh = vault.fresh_token(scope, Provider::Vercel).await;
                assert!(fresh.is_ok_and(|fresh| fresh.token.expose().starts_with("vca_")));
            }
        };
        join_all((0..AT_ONCE).map(|_| read_some(100))).await;
        let (ours, postgres) = (Taken::by_us(), Taken::by(backends(url)));
        let began = Instant::now();
        join_all((0..AT_ONCE).map(|_| read_some(READS_EACH))).await;
        let took = began.elapsed();
        let (ours, postgres) = (ours.since(), postgres.since());
        let reads = f64::from(u32::try_from(AT_ONCE * READS_EACH).unwrap());
        let each = |time: Duration| time.as_secs_f64() * 1e6 / reads;
        println!("reads of a fresh token, {AT_ONCE} at a time");
        println!(
            "a second, on this machine:            {:.0}",
            reads / took.as_secs_f64()
        );
        println!(
            "a second and core of ours:            {:.0} (goal: 5000), {:.0} µs each",
            1e6 / each(ours),
            each(ours)
        );
        println!(
            "a second and core, with Postgres:     {:.0}, of {:.0} µs each {:.0} are Postgres",
            1e6 / (each(ours) + each(postgres)),
            each(ours) + each(postgres),
            each(postgres)
        );
    });
}

/// The processes of Postgres that serve a database.
fn backends(url: &str) -> Vec<i32> {
    #[derive(QueryableByName)]
    struct Backend {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        pid: i32,
    }
    let mut conn = PgConnection::establish(url).unwrap();
    let all = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let all: Vec<Backend> = sql_query(all).load(&mut conn).unwrap();
    all.into_iter().map(|backend| backend.pid).collect()
}

fn scope(ring: &Arc<LiveRing>, user: Uuid) -> Scope {
    let tokens = SessionTokens::new(
        Arc::clone(ring),
        "https://a.example",
        Duration::from_hours(48),
    );
    let now = Utc::now();
    let draft = SessionDraft {
        sid: Uuid::now_v7(),
        iat: now.timestamp(),
        exp: now.timestamp() + 3_600,
        created: now.timestamp_millis(),
        auth_provider: Provider::Vercel,
        user: SessionUser {
            id: user,
            username: "somebody".to_owned(),
            email: None,
            avatar: None,
            name: None,
        },
    };
    let token = tokens.mint(draft).unwrap();
    let session = tokens.decode(token.as_bytes(), now).ok().unwrap();
    Scope::from(&*session)
}

fn seal_anew(stage: &Stage) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let old = keys::write_new(&path, false).ok().unwrap();
    let url = stage.database("resealed");
    fill(&url, &old, ACCOUNTS);
    let mut change = keys::Change::begin(&path).ok().unwrap();
    change.add(Utc::now(), Utc::now()).ok().unwrap();
    change.write().ok().unwrap();
    let source = vestibule::config::KeySource::File(path);
    let ring = LiveRing::new(keys::load(&source).ok().unwrap(), source);
    let mut conn = db::connect(&Secret::new(url.clone())).unwrap();
    let (ours, postgres) = (Taken::by_us(), Taken::by(backends(&url)));
    let began = Instant::now();
    let resealed = reseal(&mut conn, &ring, BATCH, |_| ()).unwrap();
    let took = began.elapsed();
    assert_eq!(resealed.values, ACCOUNTS * 2);
    println!(
        "sealing {ACCOUNTS} accounts anew, two tokens each: {:.1} s",
        took.as_secs_f64()
    );
    println!(
        "processor time: {:.1} s ours, {:.1} s Postgres's",
        ours.since().as_secs_f64(),
        postgres.since().as_secs_f64()
    );
}
