//! Everything that crosses the network towards a camera: sockets, TLS, HTTP, timers, secrets.
//!
//! An adapter says what it wants by commands; this room carries them out, under the rules of
//! what its camera's configuration grants, and tells it what happened by events.

mod connection;
mod datagrams;
mod driver;
mod grants;
mod http;
mod inbox;
mod secrets;
mod spec;
mod timers;
mod tls;

pub use driver::{Outcome, Sink, attempt};
pub use grants::{Grants, Refusal};
pub use spec::{CameraSpec, Credentials, TlsRule};
