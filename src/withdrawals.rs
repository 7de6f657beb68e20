//! Floor 3: giving back to providers what is not wanted any more. What is
//! queued is tried at once, and then again and again for a day, over restarts.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use diesel::Connection as _;
use futures_util::future::join_all;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};
use tokio::task::spawn_local;

use crate::config::ProviderConfig;
use crate::crypto::keys::LiveRing;
use crate::crypto::sealed::{self, OpenError};
use crate::db::Db;
use crate::error::Error;
use crate::models::ids::ProviderRevocationId;
use crate::models::provider_revocation::{self, Due, place};
use crate::oauth::{Http, OAuthError, ProviderClient};

/// Whoever disconnects waits no longer: it goes on without them.
const WAIT: Duration = Duration::from_secs(2);
/// How often it is looked what is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// So many in a batch, and so many batches at once: a provider is not stormed.
const AT_ONCE: i64 = 8;
const BATCHES: usize = 4;

/// Revokes tokens at providers. Cheap to clone.
#[derive(Clone)]
pub struct Withdrawals {
    db: Db,
    ring: Arc<LiveRing>,
    providers: Arc<[ProviderConfig]>,
    urgent: mpsc::UnboundedSender<Urgent>,
    /// So many batches at once.
    turns: Arc<Semaphore>,
    /// For whoever does them.
    waiting: Arc<Mutex<mpsc::UnboundedReceiver<Urgent>>>,
}

/// What was queued a moment ago.
struct Urgent {
    ids: Vec<ProviderRevocationId>,
    done: oneshot::Sender<()>,
}

impl Withdrawals {
    pub fn new(db: Db, ring: Arc<LiveRing>, providers: Arc<[ProviderConfig]>) -> Self {
        let (urgent, waiting) = mpsc::unbounded_channel();
        Self {
            db,
            ring,
            providers,
            urgent,
            turns: Arc::new(Semaphore::new(BATCHES)),
            waiting: Arc::new(Mutex::new(waiting)),
        }
    }

    /// Tries what was queued a moment ago, and waits a little for it.
    pub async fn now(&self, ids: Vec<ProviderRevocationId>) {
        if let Some(done) = self.begin(ids) {
            let _ = tokio::time::timeout(WAIT, done).await;
        }
    }

    /// The same, without waiting.
    pub fn soon(&self, ids: Vec<ProviderRevocationId>) {
        drop(self.begin(ids));
    }

    fn begin(&self, ids: Vec<ProviderRevocationId>) -> Option<oneshot::Receiver<()>> {
        if ids.is_empty() {
            return None;
        }
        let (done, told) = oneshot::channel();
        self.urgent.send(Urgent { ids, done }).ok()?;
        Some(told)
    }

    /// Does what is asked for, and looks for what is due. Until it is dropped.
    pub async fn run(&self, http: Rc<Http>) {
        let looking = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                if let Err(error) = self.work_off(&http).await {
                    tracing::debug!("what is to be revoked waits: {error}");
                }
            }
        };
        let answering = async {
            let mut waiting = self.waiting.lock().await;
            while let Some(Urgent { ids, done }) = waiting.recv().await {
                let (this, http) = (self.clone(), Rc::clone(&http));
                spawn_local(async move {
                    if let Err(error) = this.try_some(Some(ids), &http).await {
                        tracing::warn!("what was to be revoked at once waits: {error}");
                    }
                    let _ = done.send(());
                });
            }
        };
        tokio::join!(looking, answering);
    }

    /// Gives up what was tried for a day, and tries all else that is due.
    pub async fn work_off(&self, http: &Http) -> Result<(), Error> {
        let given_up = self
            .db
            .run(|conn| conn.transaction(provider_revocation::give_up))
            .await?;
        if given_up > 0 {
            tracing::error!(
                given_up,
                "tokens could not be revoked at their provider for a day"
            );
        }
        while self.try_some(None, http).await? == AT_ONCE {}
        Ok(())
    }

    /// Says how many were tried.
    async fn try_some(
        &self,
        these: Option<Vec<ProviderRevocationId>>,
        http: &Http,
    ) -> Result<i64, Error> {
        // Before any is taken: who takes them has half a minute.
        let _turn = self.turns.acquire().await;
        let take =
            move |conn: &mut _| provider_revocation::take_due(conn, these.as_deref(), AT_ONCE);
        let due = self.db.run(take).await?;
        let tried = i64::try_from(due.len()).unwrap_or(AT_ONCE);
        let all = due.into_iter().map(|due| self.try_one(due, http));
        join_all(all).await.into_iter().collect::<Result<(), _>>()?;
        Ok(tried)
    }

    async fn try_one(&self, due: Due, http: &Http) -> Result<(), Error> {
        let (id, provider) = (due.id, due.provider);
        let Some(config) = self.providers.iter().find(|it| it.provider == provider) else {
            tracing::warn!(%provider, "a token cannot be revoked: the provider is not set up here");
            return Ok(());
        };
        let opened = self.ring.try_with(
            |ring| sealed::open(ring, &due.token, &place(id)),
            |error| *error == OpenError::UnknownKey,
        );
        let token = match opened {
            Ok(token) => token,
            Err(error) => {
                tracing::error!(%id, "a token cannot be revoked: {error}");
                return Ok(());
            }
        };
        let client = ProviderClient::new(config, "", http);
        match client.revoke(&token, due.token_type.as_str()).await {
            Ok(()) => {
                tracing::info!(%id, %provider, "revoked at the provider");
                self.db
                    .run(move |conn| provider_revocation::done(conn, id))
                    .await
            }
            Err(error) => self.again_later(id, &error).await,
        }
    }

    /// It was moved ahead when it was taken: further, if the provider asks.
    async fn again_later(&self, id: ProviderRevocationId, error: &OAuthError) -> Result<(), Error> {
        tracing::warn!(%id, "not revoked at the provider yet: {error}");
        let Some(wait) = error.retry_after() else {
            return Ok(());
        };
        self.db
            .run(move |conn| provider_revocation::not_before(conn, id, wait))
            .await
    }
}
