//! Everything that crosses the network towards a camera: sockets, TLS, HTTP, timers, secrets.
//!
//! An adapter says what it wants by commands; this room carries them out, under the rules of
//! what its camera's configuration grants, and tells it what happened by events.

mod black_box;
mod budget;
mod certificate;
mod commands;
mod connection;
mod datagrams;
mod driver;
mod encode;
mod grants;
mod http;
mod inbox;
mod listeners;
mod outgoing;
mod record;
mod redaction;
mod remembered;
mod secrets;
mod spec;
mod timers;
mod tls;

pub use budget::Budget;
pub use certificate::certificate;
pub use connection::listens;
pub use driver::{Outcome, Sink, SinkError, attempt};
pub use grants::{Grants, NamedBy, Refusal};
pub(crate) use http::client as http_client;
pub use listeners::Listeners;
pub use record::{Recorded, record};
pub use remembered::Remembered;
pub use spec::{CameraSpec, Credentials, TlsRule};
pub(crate) use timers::Timers;
