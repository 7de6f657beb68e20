//! What every request can reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::keys::LiveRing;
use crate::crypto::session_token::SessionTokens;
use crate::db::Db;
use crate::endings::Endings;
use crate::hand_outs::HandOuts;
use crate::oauth::{Http, ProviderClient};
use crate::programs::Programs;
use crate::provider::Provider;
use crate::revocations::Revocations;
use crate::vault::Vault;
use crate::withdrawals::Withdrawals;

use super::cookies::Cookies;
use super::headers::SecurityHeaders;
use super::limits::Limits;
use super::live_calls::LiveCalls;
use super::replaced::Replaced;

/// The application, shared by all workers.
pub struct Vestibule {
    pub config: Config,
    pub db: Db,
    pub ring: Arc<LiveRing>,
    pub tokens: SessionTokens,
    pub clock: Arc<Clock>,
    pub revocations: Arc<Revocations>,
    pub endings: Endings,
    pub programs: Programs,
    pub vault: Vault,
    pub hand_outs: HandOuts,
    pub withdrawals: Withdrawals,
    pub(super) cookies: Cookies,
    pub(super) headers: SecurityHeaders,
    pub(super) replaced: Replaced,
    pub(super) limits: Limits,
    pub(super) live_calls: LiveCalls,
    /// The port that was really bound: `BIND` may say 0.
    pub(super) bound_port: u16,
    draining: AtomicBool,
}

impl Vestibule {
    pub fn new(config: Config, ring: Arc<LiveRing>, bound_port: u16) -> Self {
        let (origin, longest) = (config.public_url.as_str(), config.session.max_age);
        let tokens = SessionTokens::new(Arc::clone(&ring), origin, longest);
        let (db, clock) = (Db::new(&config.database), Arc::<Clock>::default());
        let revocations = Arc::<Revocations>::default();
        let endings = Endings::new(
            db.clone(),
            Arc::clone(&revocations),
            Arc::clone(&clock),
            longest,
        );
        let programs = Programs::new(db.clone(), Arc::clone(&revocations), Arc::clone(&clock));
        let providers: Arc<[_]> = Provider::ALL
            .into_iter()
            .filter_map(|provider| config.provider(provider).cloned())
            .collect();
        let vault = Vault::new(db.clone(), Arc::clone(&ring), Arc::clone(&providers));
        let withdrawals = Withdrawals::new(db.clone(), Arc::clone(&ring), providers);
        Self {
            hand_outs: HandOuts::new(db.clone()),
            db,
            tokens,
            vault,
            withdrawals,
            programs,
            limits: Limits::new(config.rate_limits),
            clock,
            revocations,
            endings,
            cookies: Cookies::new(&config.public_url),
            headers: SecurityHeaders::new(&config),
            replaced: Replaced::default(),
            live_calls: LiveCalls::default(),
            bound_port,
            draining: AtomicBool::new(false),
            ring,
            config,
        }
    }

    /// From now on `/readyz` says no, so that no new visitors are sent here.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// A provider that is on offer, and our callback URL there.
    pub(super) fn offer(&self, provider: Provider) -> Option<Offer<'_>> {
        let config = self.config.provider(provider)?;
        let redirect_uri = self.config.callback_url(provider);
        Some(Offer {
            config,
            redirect_uri,
        })
    }
}

pub(super) struct Offer<'a> {
    pub config: &'a crate::config::ProviderConfig,
    pub redirect_uri: String,
}

impl Offer<'_> {
    pub fn client<'a>(&'a self, http: &'a Http) -> ProviderClient<'a> {
        ProviderClient::new(self.config, &self.redirect_uri, http)
    }
}
