//! Callers of one process wait for one refresh.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_local;

use super::{COME_AGAIN, FreshToken, NoToken, Vault, WAIT};
use crate::models::Scope;
use crate::models::ids::UserId;
use crate::oauth::Http;
use crate::provider::Provider;

type Outcome = Result<FreshToken, NoToken>;
type Awaited = watch::Receiver<Option<Outcome>>;
/// One account: nobody has two at a provider.
type Key = (UserId, Provider);

/// What is under way in this process.
pub(super) struct Shared {
    under_way: Mutex<HashMap<Key, Awaited>>,
    jobs: mpsc::UnboundedSender<Job>,
    /// For whoever does them.
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Job>>,
}

/// A refresh that somebody asked for: at most one an account.
struct Job {
    scope: Scope,
    provider: Provider,
    outcome: watch::Sender<Option<Outcome>>,
}

impl Default for Shared {
    fn default() -> Self {
        let (jobs, waiting) = mpsc::unbounded_channel();
        Self {
            under_way: Mutex::default(),
            jobs,
            waiting: tokio::sync::Mutex::new(waiting),
        }
    }
}

impl Shared {
    fn under_way(&self) -> MutexGuard<'_, HashMap<Key, Awaited>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody waits for this account already.
    pub fn is_under_way(&self, scope: Scope, provider: Provider) -> bool {
        self.under_way().contains_key(&(scope.user_id(), provider))
    }

    /// The refresh of this account, begun if nobody has.
    fn join(&self, scope: Scope, provider: Provider) -> Awaited {
        let (mut under_way, key) = (self.under_way(), (scope.user_id(), provider));
        if let Some(awaited) = under_way.get(&key) {
            return awaited.clone();
        }
        let (outcome, awaited) = watch::channel(None);
        // The other end lives as long as this one.
        let _ = self.jobs.send(Job {
            scope,
            provider,
            outcome,
        });
        under_way.insert(key, awaited.clone());
        awaited
    }
}

impl Vault {
    /// Waits for the refresh of an account. A caller who goes away does not
    /// end it: it is a task of its own, elsewhere.
    pub(super) async fn shared_refresh(&self, scope: Scope, provider: Provider) -> Outcome {
        let waited = tokio::time::timeout(WAIT, async {
            loop {
                let mut outcome = self.shared.join(scope, provider);
                match outcome.wait_for(Option::is_some).await.as_deref() {
                    // Others had waited before us: we have time left.
                    Ok(Some(Err(NoToken::StillLeased))) => {}
                    Ok(Some(outcome)) => return outcome.clone(),
                    // It panicked, or this process stops.
                    Ok(None) | Err(_) => return Err(NoToken::Later(COME_AGAIN)),
                }
            }
        });
        waited.await.unwrap_or(Err(NoToken::StillLeased))
    }

    /// Does what is asked for, each in a task of its own on this thread. Until
    /// it is dropped.
    pub async fn run(&self, http: Rc<Http>) {
        let mut waiting = self.shared.waiting.lock().await;
        while let Some(job) = waiting.recv().await {
            let (vault, http) = (self.clone(), Rc::clone(&http));
            spawn_local(async move { vault.work(job, &http).await });
        }
    }

    async fn work(&self, job: Job, http: &Http) {
        let obtained = self.obtain(job.scope, job.provider, http);
        let obtained = AssertUnwindSafe(obtained).catch_unwind();
        let outcome = obtained.await.unwrap_or_else(|_| {
            tracing::error!(user = %job.scope.user_id(), "a refresh panicked");
            Err(NoToken::Later(COME_AGAIN))
        });
        // First, so that whoever comes now begins anew.
        let key = (job.scope.user_id(), job.provider);
        self.shared.under_way().remove(&key);
        job.outcome.send_replace(Some(outcome));
    }

    /// Waits until nothing is under way, so that no answer of a provider is
    /// lost when this process stops.
    pub async fn finish(&self) {
        loop {
            let next = self.shared.under_way().values().next().cloned();
            let Some(mut under_way) = next else {
                return;
            };
            let _ = under_way.wait_for(Option::is_some).await;
            tokio::task::yield_now().await;
        }
    }
}
