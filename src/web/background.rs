//! What goes on besides requests: hearing of revocations, writing sign-outs
//! late, noting hand-outs, refreshing and revoking provider tokens, looking at
//! the key ring, sweeping.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::{self, task::JoinHandle};
use actix_web::web::Data;
use futures_util::FutureExt as _;

use super::state::Vestibule;
use crate::crypto::keys::{LiveRing, READ_EVERY};
use crate::db::Db;
use crate::oauth::{Http, TlsSetup};
use crate::revocations::Feed;
use crate::sweep;

/// Rate limits remember addresses no longer than they have to.
const FORGET_EVERY: Duration = Duration::from_mins(1);
/// What panics at once would only fill the log.
const AFTER_A_PANIC: Duration = Duration::from_secs(1);

/// Starts all of it on the current actix system, apart from the workers that
/// answer requests.
pub fn start(app: &Data<Vestibule>, tls: &TlsSetup) -> Vec<JoinHandle<()>> {
    let http = Rc::new(Http::new(tls));
    let (noting, refreshing, revoking) = (app.clone(), app.clone(), app.clone());
    let (polling, writing, sweeping) = (app.clone(), app.clone(), app.clone());
    let (using, forgetting, looking) = (app.clone(), app.clone(), app.clone());
    vec![
        keep_going("hearing of revocations", move || {
            let feed = Feed::new(
                Arc::clone(&polling.revocations),
                Arc::clone(&polling.clock),
                Db::apart(&polling.config.database),
            );
            let app = polling.clone();
            feed.run(move || app.endings.database_answered())
        }),
        keep_going("writing sign-outs late", move || {
            let app = writing.clone();
            async move { app.endings.write_later().await }
        }),
        keep_going("writing when tokens were used", move || {
            let app = using.clone();
            async move { app.programs.write_used().await }
        }),
        keep_going("noting hand-outs", move || {
            let app = noting.clone();
            async move { app.hand_outs.run().await }
        }),
        keep_going("refreshing provider tokens", {
            let http = Rc::clone(&http);
            move || {
                let (app, http) = (refreshing.clone(), Rc::clone(&http));
                async move { app.vault.run(http).await }
            }
        }),
        keep_going("revoking at providers", move || {
            let (app, http) = (revoking.clone(), Rc::clone(&http));
            async move { app.withdrawals.run(http).await }
        }),
        keep_going("forgetting addresses", move || {
            let app = forgetting.clone();
            async move {
                loop {
                    rt::time::sleep(FORGET_EVERY).await;
                    app.limits.forget();
                }
            }
        }),
        keep_going("looking at the key ring", move || {
            look_at_keys(Arc::clone(&looking.ring))
        }),
        keep_going("sweeping", move || {
            sweep::run(sweeping.db.clone(), sweeping.config.audit_retention)
        }),
    ]
}

/// A rotation or a retirement is noticed without a signal, too.
async fn look_at_keys(ring: Arc<LiveRing>) {
    loop {
        rt::time::sleep(READ_EVERY).await;
        if let Err(error) = ring.reload_if_changed() {
            tracing::error!("the key ring is not taken, and the one before stays in use: {error}");
        }
    }
}

/// Begins again should it panic: nobody would notice that it is gone.
fn keep_going<F: Future<Output = ()> + 'static>(
    what: &'static str,
    begin: impl Fn() -> F + 'static,
) -> JoinHandle<()> {
    rt::spawn(async move {
        while AssertUnwindSafe(begin()).catch_unwind().await.is_err() {
            tracing::error!("{what} panicked, and begins again");
            rt::time::sleep(AFTER_A_PANIC).await;
        }
    })
}
