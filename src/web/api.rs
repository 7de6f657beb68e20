//! JSON, under `/api`, and the flows that live there.

pub mod audit;
pub mod auth;
pub mod sessions;
