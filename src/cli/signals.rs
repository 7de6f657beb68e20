//! What ends a server: Ctrl-C, SIGTERM, and for an instance of the demo the end
//! of its standard input. And what does not: SIGHUP.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::crypto::keys::LiveRing;
use crate::web::Server;

/// SIGHUP, which asks to read the key ring again. From the moment this is made
/// it ends nobody.
pub struct HangUps(Signal);

impl HangUps {
    /// On an actix system.
    pub fn new() -> io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Reads the ring again whenever one comes, and those that came already
    /// count. Ends with the system.
    pub fn reload(mut self, ring: Arc<LiveRing>) {
        rt::spawn(async move {
            while self.0.recv().await.is_some() {
                match ring.reload() {
                    // Then it is told of where it changes.
                    Ok(true) => {}
                    Ok(false) => tracing::info!("SIGHUP: the key ring is the same as before"),
                    Err(error) => tracing::error!(
                        "SIGHUP: the key ring is not taken, and the one before stays in use: {error}"
                    ),
                }
            }
        });
    }
}

/// All of them, from the moment this is made.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    stdin_closed: Arc<Notify>,
}

impl Signals {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            stdin_closed: Arc::default(),
        })
    }

    /// Counts the end of standard input as a signal: whoever holds its other
    /// end, however they end, ends this process as well.
    pub fn watch_stdin(&self) {
        let closed = Arc::clone(&self.stdin_closed);
        std::thread::spawn(move || {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            closed.notify_one();
        });
    }

    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = self.stdin_closed.notified() => {}
        }
    }
}

/// Waits for a signal, then stops: first `/readyz` turns, then what is in
/// flight finishes. A second signal leaves at once.
pub async fn serve_until_signal(server: Server, signals: &mut Signals, drain: Duration) {
    signals.next().await;
    tracing::info!("stopping; once more to leave at once");
    server.app().drain();
    let gently = async {
        tokio::time::sleep(drain).await;
        server.stop().await;
    };
    tokio::select! {
        () = gently => {}
        () = signals.next() => {}
    }
}
