//! Sessions: the one place that knows a session's whole life, from the call of a terrain's
//! camera to the finished file.

mod cleanup;
mod errors;
pub mod events;
mod id;
mod manager;
mod memory;
mod past;
mod plans;
mod records;
mod resume;
mod state;

pub use errors::SessionError;
pub use id::SessionId;
pub use manager::Sessions;
pub use memory::Memory;
pub use records::past;
pub use resume::Unfinished;
pub use state::{PastSession, Session, SessionStatus};
