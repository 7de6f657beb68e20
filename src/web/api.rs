//! JSON, under `/api`, and the flows that live there.

pub mod auth;
