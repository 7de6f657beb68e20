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

    /// Tries all that is due.
    pub async fn work_off(&self, http: &Http) -> Result<(), Error> {
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
        match self.revoke(due, http).await {
            Ok(()) => {
                tracing::info!(%id, %provider, "revoked at the provider");
                self.db
                    .run(move |conn| provider_revocation::done(conn, id))
                    .await
            }
            Err(failure) => {
                tracing::warn!(%id, %provider, "not revoked at the provider yet: {failure}");
                self.failed(id, failure.asked()).await
            }
        }
    }

    async fn revoke(&self, due: Due, http: &Http) -> Result<(), Failure> {
        let mut providers = self.providers.iter();
        let config = providers.find(|config| config.provider == due.provider);
        let config = config.ok_or(Failure::NotSetUp)?;
        let token = self.ring.try_with(
            |ring| sealed::open(ring, &due.token, &place(due.id)),
            |error| *error == OpenError::UnknownKey,
        )?;
        let client = ProviderClient::new(config, "", http);
        Ok(client.revoke(&token, due.token_type.as_str()).await?)
    }

    async fn failed(&self, id: ProviderRevocationId, asked: Duration) -> Result<(), Error> {
        let failed =
            move |conn: &mut _| -> Result<bool, Error> { Ok(note_failure(conn, id, asked)?) };
        if self.db.run(failed).await? {
            tracing::error!(%id, "a token could not be revoked at its provider for a day");
        }
        Ok(())
    }
}

fn note_failure(
    conn: &mut diesel::PgConnection,
    id: ProviderRevocationId,
    asked: Duration,
) -> diesel::QueryResult<bool> {
    conn.transaction(|conn| provider_revocation::failed(conn, id, asked))
}

/// Why a token was not revoked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the provider is not set up here")]
    NotSetUp,
    #[error(transparent)]
    NotOpened(#[from] OpenError),
    #[error(transparent)]
    Provider(#[from] OAuthError),
}

impl Failure {
    /// How long to wait, if the provider says so.
    fn asked(&self) -> Duration {
        match self {
            Self::Provider(error) => error.retry_after().unwrap_or_default(),
            Self::NotSetUp | Self::NotOpened(_) => Duration::ZERO,
        }
    }
}
