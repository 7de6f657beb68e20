//! What ends a server: Ctrl-C, SIGTERM, and for an instance of the demo the end
//! of its standard input.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::web::Server;

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
