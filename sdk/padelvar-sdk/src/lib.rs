//! For authors of camera adapters.
//!
//! An adapter is a component that owns no socket and no clock: the host tells it
//! what happened, it answers what to do (`wit/adapter`). This crate turns that
//! state machine into straight-line code:
//!
//! ```
//! use padelvar_sdk::{Camera, Error, Io, Url};
//!
//! async fn run(camera: Camera, io: Io) -> Result<(), Error> {
//!     let url = Url::parse(&camera.url)?;
//!     let mut connection = io.connect(url.host(), url.port_or(80), false).await?;
//!     connection.send(b"hello\r\n");
//!     let greeting = connection.read_until(b"\r\n", 1024).await?;
//!     io.info(format_args!("the camera answered {} bytes", greeting.len()));
//!     Ok(())
//! }
//!
//! padelvar_sdk::adapter! {
//!     title: "Cameras that say hello",
//!     version: env!("CARGO_PKG_VERSION"),
//!     schemes: ["hello"],
//!     options: [],
//!     run: run,
//! }
//! # fn main() {}
//! ```
//!
//! The same code compiles natively, where [`testing::Harness`] plays the host with
//! scripted events and a clock of its own. Nothing here blocks: a future waits for
//! events of the session only, so futures of other crates that need a runtime do
//! not work.
#![forbid(unsafe_code)]

pub mod bindings;
pub mod buffer;
pub mod connection;
pub mod datagrams;
mod error;
pub mod fetch;
pub mod headers;
pub mod http;
mod io;
pub mod jpeg;
mod macros;
pub mod runtime;
pub mod secret;
mod select;
pub mod testing;
pub mod time;
mod url;

pub use bindings::padelvar::adapter::types as wit;
pub use bindings::padelvar::adapter::types::{
    Camera, ClockReference, Command, Component, Datagram, Description, Event, FailureClass,
    IoError, LogLevel, Microseconds, Packet, Segment, Track,
};
pub use buffer::Chunk;
pub use connection::Connection;
pub use datagrams::Datagrams;
pub use error::Error;
pub use headers::Headers;
pub use http::{Body, Request, Response};
pub use io::Io;
pub use select::{Either, select};
pub use time::{Elapsed, Sleep, Timer};
pub use url::{Url, UrlError};
