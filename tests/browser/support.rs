//! The server, the databases and the simulator of the other tests.

#[path = "../it/support/answer.rs"]
mod answer;
#[path = "../it/support/app.rs"]
mod app;
#[path = "../it/support/caller.rs"]
mod caller;
#[path = "../it/support/canaries.rs"]
pub mod canaries;
#[path = "../it/support/databases.rs"]
pub mod databases;
#[path = "../it/support/eventually.rs"]
mod eventually;
#[path = "../it/support/visitor.rs"]
mod visitor;

pub use answer::Answer;
pub use app::{TestApp, new_ring};
pub use caller::Caller;
pub use eventually::eventually;
pub use visitor::Visitor;
