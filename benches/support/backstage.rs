//! Servers in this process, each on a thread of its own.

use std::sync::mpsc;
use std::thread;

use actix_web::rt::System;

/// Starts a server, which runs until this process ends; what `start` says of
/// it first, such as its port.
pub fn run<T, S>(start: impl AsyncFnOnce() -> (T, S) + Send + 'static) -> T
where
    T: Send + 'static,
{
    let (started, starts) = mpsc::channel();
    thread::spawn(move || {
        System::new().block_on(async {
            let (word, _server) = start().await;
            started.send(word).unwrap();
            std::future::pending::<()>().await;
        });
    });
    starts.recv().unwrap()
}
