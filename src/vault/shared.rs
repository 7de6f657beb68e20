//! Callers of one process wait for one refresh.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_local;

use super::{COME_AGAIN, FreshToken, NoToken, Vault, WAIT};
use crate::models::ids::AccountId;
use crate::oauth::Http;

type Outcome = Result<FreshToken, NoToken>;

/// What is under way in this process.
pub(super) struct Shared {
    under_way: Mutex<HashMap<AccountId, watch::Receiver<Option<Outcome>>>>,
    jobs: mpsc::UnboundedSender<Job>,
    /// For whoever does them.
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Job>>,
}

/// A refresh that somebody asked for: at most one an account.
struct Job {
    account: AccountId,
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
    fn under_way(&self) -> MutexGuard<'_, HashMap<AccountId, watch::Receiver<Option<Outcome>>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The refresh of this account, begun if nobody has.
    fn join(&self, account: AccountId) -> watch::Receiver<Option<Outcome>> {
        let mut under_way = self.under_way();
        if let Some(receiver) = under_way.get(&account) {
            return receiver.clone();
        }
        let (outcome, receiver) = watch::channel(None);
        // The other end lives as long as this one.
        let _ = self.jobs.send(Job { account, outcome });
        under_way.insert(account, receiver.clone());
        receiver
    }
}

impl Vault {
    /// Waits for the refresh of an account. A caller who goes away does not
    /// end it: it is a task of its own, elsewhere.
    pub(super) async fn shared_refresh(&self, account: AccountId) -> Outcome {
        let waited = tokio::time::timeout(WAIT, async {
            loop {
                let mut outcome = self.shared.join(account);
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
        let obtained = AssertUnwindSafe(self.obtain(job.account, http)).catch_unwind();
        let outcome = obtained.await.unwrap_or_else(|_| {
            tracing::error!(account = %job.account, "a refresh panicked");
            Err(NoToken::Later(COME_AGAIN))
        });
        // First, so that whoever comes now begins anew.
        self.shared.under_way().remove(&job.account);
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
