//! What the end-to-end tests work with: the real binary as a child process, a
//! client of its API, cameras, and judges of what it wrote.
//!
//! Nothing of the host is linked: what is tested is what users get. A helper
//! that fails panics, since it is only ever called by a test.
#![forbid(unsafe_code)]

pub mod api;
pub mod binary;
pub mod boxes;
pub mod browser;
pub mod cameras;
pub mod certificate;
pub mod chaos;
pub mod clock;
pub mod command;
pub mod config;
pub mod document;
pub mod events;
pub mod faketime;
pub mod files;
pub mod film;
pub mod footage;
pub mod gst;
pub mod host;
pub mod jpeg;
pub mod judge;
pub mod keys;
pub mod log;
pub mod machine;
pub mod namespace;
pub mod permissions;
pub mod processes;
pub mod raw;
pub mod simulated;
pub mod site;
pub mod small_disk;
pub mod sums;
pub mod sync;
pub mod take;
pub mod token;
pub mod usage;
pub mod venv;
pub mod versions;
pub mod vlc;
mod warm;

pub use api::{Answer, Api};
pub use config::Config;
/// Awaits all of them at the same time.
pub use futures_util::future::join_all as together;
pub use host::Host;
pub use take::Take;
