//! Sandboxed plugins: WebAssembly components that the host runs under limits.
//!
//! This is the only room that knows wasmtime. What comes out of it are values: an
//! [`Adapter`] that was loaded and checked, and a [`Guest`], one running session of it on a
//! thread of its own; a [`PolicyPlugin`], and an [`ActivePolicy`], which answers questions.

mod bindings;
mod builtin;
mod cache;
mod compile;
mod compile_child;
mod compile_limits;
mod engine;
mod files;
mod folder;
mod guest;
mod info;
mod instance;
mod introduction;
mod ledger;
mod limits;
mod loader;
mod lock;
mod lock_file;
mod memory;
mod outline;
pub mod policy;
mod registry;
mod standing;
mod stderr;
mod strikes;
mod text;
mod trap;
mod trust;
mod wasi;
mod watch;
mod witnesses;

pub use bindings::types;
pub use builtin::{built_in, built_in_adapters, built_in_wasm};
pub use cache::Cache;
pub use compile::{COMMAND as COMPILE_COMMAND, Compiler};
pub use compile_child::serve as compile_for_host;
pub use engine::PluginEngine;
pub use files::read_plugin;
pub use guest::{Answer, Guest, GuestError, fresh_seed};
pub use info::{PluginInfo, PluginState};
pub use loader::{Adapter, LoadError, Origin, digest_of};
pub use lock::{Approval, Lock, is_name};
pub use lock_file::{LockError, change as change_lock, read as read_lock};
pub use outline::{Kind, Outline};
pub use policy::{ActivePolicy, PolicyPlugin, built_in_policy};
pub use registry::Registry;
pub use text::{one_line, reason};
pub use trust::Trust;
pub use watch::watch;
