//! Adapters that misbehave: each is stopped with a reason, and nobody else notices.
#![forbid(unsafe_code)]

mod bombs;
mod bystander;
mod crashes;
mod fickle;
mod files;
mod forbidden;
mod guests;
mod hot_reload;
mod misdeeds;
mod neighbour;
mod promptness;
mod quarantine;
mod stage;
mod target;
mod trust;
mod wasm_bytes;
