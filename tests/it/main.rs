//! One test binary: a file per story.

mod private_postgres;
