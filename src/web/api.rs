//! JSON, under `/api`, and the flows that live there.

pub mod accounts;
pub mod audit;
pub mod auth;
pub mod document;
mod examples;
pub mod me;
pub mod routes;
pub mod sessions;
pub mod tokens;
