//! A real server on a real port, its own database, the simulator on the wire;
//! and visitors who behave like browsers.

mod answer;
mod app;
mod caller;
pub mod canaries;
pub mod databases;
mod eventually;
pub mod proxy;
pub mod serving;
mod visitor;

pub use answer::Answer;
pub use app::{TestApp, new_ring};
pub use caller::Caller;
pub use eventually::eventually;
pub use visitor::Visitor;
