//! Waiting for what has to come true by itself.

use std::time::{Duration, Instant};

/// Looks over and over until it is true; fails when it takes too long.
#[track_caller]
pub fn eventually<F: Future<Output = bool>>(
    what: &str,
    within: Duration,
    look: impl FnMut() -> F,
) -> impl Future<Output = Duration> {
    let place = std::panic::Location::caller();
    let mut look = look;
    async move {
        let began = Instant::now();
        while !look().await {
            assert!(began.elapsed() < within, "{place}: not {what} in time");
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    }
}
