//! What ends a server: Ctrl-C, SIGTERM, for the demo the end of its terminal,
//! and for an instance of it the end of standard input. And what does not:
//! SIGHUP.

use std::fs::File;
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
                if !ring.has_file() {
                    tracing::warn!(
                        "SIGHUP: KEYS cannot be read again, only a file can. Restart to change it"
                    );
                    continue;
                }
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

/// A terminal that closes is taken from us a moment after it says so.
const TERMINAL_GOES_WITHIN: Duration = Duration::from_millis(300);

/// All of them, from the moment this is made.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    left_alone: Arc<Notify>,
}

impl Signals {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            left_alone: Arc::default(),
        })
    }

    /// Counts the end of standard input as a signal: whoever holds its other
    /// end, however they end, ends this process as well.
    pub fn watch_stdin(&self) {
        let closed = Arc::clone(&self.left_alone);
        std::thread::spawn(move || {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            closed.notify_one();
        });
    }

    /// Counts the end of our terminal, if we have one, as a signal: nobody is
    /// left who could press Ctrl-C. It sends SIGHUP, which by itself is none.
    pub fn watch_terminal(&self) -> io::Result<()> {
        let mut hang_up = signal(SignalKind::hangup())?;
        let closed = Arc::clone(&self.left_alone);
        if has_terminal() {
            rt::spawn(async move {
                while hang_up.recv().await.is_some() {
                    rt::time::sleep(TERMINAL_GOES_WITHIN).await;
                    if !has_terminal() {
                        return closed.notify_one();
                    }
                }
            });
        }
        Ok(())
    }

    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = self.left_alone.notified() => {}
        }
    }
}

fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
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
