//! Ctrl-C and SIGTERM.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::web::Server;

/// Both, from the moment this is made.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
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
