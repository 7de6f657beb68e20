//! One test binary: a file per story.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod private_postgres;
