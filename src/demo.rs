//! Floor 5: what a fresh clone needs to be tried, and nothing that production
//! ever starts: a private Postgres and a simulator of both providers.

pub mod postgres;
pub mod simulator;
