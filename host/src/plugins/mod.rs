//! Sandboxed plugins: WebAssembly components that the host runs under limits.
//!
//! This is the only room that knows wasmtime. What comes out of it are values: an
//! [`Adapter`] that was loaded and checked, and a [`Guest`], one running session of it on a
//! thread of its own.

mod bindings;
mod builtin;
mod cache;
mod engine;
mod files;
mod guest;
mod instance;
mod introduction;
mod limits;
mod loader;
mod registry;
mod stderr;
mod text;
mod trap;
mod wasi;

pub use bindings::types;
pub use cache::Cache;
pub use engine::PluginEngine;
pub use guest::{Answer, Guest, GuestError};
pub use loader::{Adapter, LoadError, Origin};
pub use registry::{PluginInfo, PluginState, Registry};
pub use text::{one_line, reason};
