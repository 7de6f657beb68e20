//! What the simulator knows, behind one lock.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Client;
use super::calls::Calls;
use super::faults::Faults;
use super::ledger::Ledger;
use super::people::{Overrides, Person};
use crate::provider::Provider;

pub struct World {
    pub public_url: String,
    pub clients: Vec<Client>,
    state: Mutex<State>,
}

/// Held for the length of one look or one exchange and never across an
/// await, so that each code and refresh token is spent once.
pub struct State {
    pub ledger: Ledger,
    pub calls: Calls,
    pub github_faults: Faults,
    pub vercel_faults: Faults,
    pub overrides: HashMap<(Provider, &'static str), Overrides>,
}

impl World {
    pub fn new(public_url: String, clients: Vec<Client>) -> Self {
        let state = State {
            ledger: Ledger::default(),
            calls: Calls::default(),
            github_faults: Faults::none(Provider::GitHub),
            vercel_faults: Faults::none(Provider::Vercel),
            overrides: HashMap::new(),
        };
        Self {
            public_url,
            clients,
            state: Mutex::new(state),
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is complete by itself, so a panic elsewhere leaves
        // nothing half done behind the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn client(&self, provider: Provider, client_id: &str) -> Option<&Client> {
        self.clients
            .iter()
            .find(|client| client.provider == provider && client.client_id == client_id)
    }

    pub fn faults(&self, provider: Provider) -> Faults {
        self.lock().faults(provider).clone()
    }

    pub fn overrides(&self, provider: Provider, person: &Person) -> Overrides {
        self.lock()
            .overrides
            .get(&(provider, person.login))
            .cloned()
            .unwrap_or_default()
    }

    pub fn secrets(&self) -> Vec<String> {
        let client_secrets = self
            .clients
            .iter()
            .map(|client| client.client_secret.clone());
        client_secrets
            .chain(self.lock().ledger.secrets().iter().cloned())
            .collect()
    }
}

impl State {
    pub const fn faults(&self, provider: Provider) -> &Faults {
        match provider {
            Provider::GitHub => &self.github_faults,
            Provider::Vercel => &self.vercel_faults,
        }
    }

    pub const fn faults_mut(&mut self, provider: Provider) -> &mut Faults {
        match provider {
            Provider::GitHub => &mut self.github_faults,
            Provider::Vercel => &mut self.vercel_faults,
        }
    }
}
