//! Adapters that misbehave: each is stopped with a reason, and nobody else notices.
#![forbid(unsafe_code)]

mod files;
mod forbidden;
mod guests;
mod misdeeds;
mod neighbour;
mod promptness;
mod stage;
mod target;
