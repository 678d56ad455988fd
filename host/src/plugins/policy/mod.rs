//! Policies: plugins that answer who may do what.
//!
//! A [`PolicyPlugin`] is a component that was loaded and checked. With settings that it found
//! good it becomes an [`ActivePolicy`], which answers questions.
//!
//! Questions are answered on the thread that asks, mostly one of tokio's: an answer takes
//! microseconds, and handing it to another thread would take longer. So nothing that waits or
//! enters a runtime may be within a policy's reach (`world.rs`), what it computes is counted
//! (`limits.rs`), and a policy that was slow once is asked where it holds up nobody
//! (`active.rs`).

mod active;
mod answer;
mod bindings;
mod built_in;
mod examine;
mod failures;
mod instance;
mod limits;
mod plugin;
mod pool;
mod world;

#[cfg(test)]
pub(in crate::plugins) mod testing;
#[cfg(test)]
mod tests;

pub use active::ActivePolicy;
pub use bindings::types;
pub(in crate::plugins) use built_in::BuiltInPolicy;
pub use built_in::built_in_policy;
pub use examine::{Cost, Examined};
pub use plugin::PolicyPlugin;
