//! For authors of permission policies.
//!
//! A policy answers one question: may this user do that? It is a component that owns
//! no file, no socket and no clock (`wit/policy`). This crate makes one of a type with
//! two functions:
//!
//! ```
//! use padelvar_policy_sdk::{Decision, Finding, Policy, Request, Settings};
//!
//! struct OwnClubOnly;
//!
//! impl Policy for OwnClubOnly {
//!     fn configure(settings: &Settings) -> Result<Self, Vec<Finding>> {
//!         settings.keys(&[]).map(|_| Self)
//!     }
//!
//!     fn decide(&self, request: &Request) -> Decision {
//!         if request.in_own_club() {
//!             Decision::allow()
//!         } else {
//!             Decision::deny("not_your_club", "this belongs to another club")
//!         }
//!     }
//! }
//!
//! padelvar_policy_sdk::policy! {
//!     title: "Everything in one's own club",
//!     version: env!("CARGO_PKG_VERSION"),
//!     policy: OwnClubOnly,
//! }
//! # fn main() {}
//! ```
//!
//! The same code compiles natively, where [`testing::Harness`] plays the host and
//! [`testing::cells`] has every question of a permission table.
#![forbid(unsafe_code)]

pub mod bindings;
mod decision;
mod finding;
mod limits;
mod macros;
pub mod names;
mod nearest;
mod policy;
mod request;
mod settings;
pub mod testing;

pub use bindings::padelvar::policy::types::{
    Context, Decision, Description, Finding, Obligation, Principal, Request, Resource, Settings,
};
pub use limits::{Limits, concurrent, minutes};
pub use nearest::{hint, shown};
pub use policy::{Instance, Policy};
pub use serde_json;
