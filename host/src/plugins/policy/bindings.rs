//! Rust types of `wit/policy`, generated.

#![allow(
    missing_docs,
    clippy::pedantic,
    reason = "generated; the WIT file holds the documentation"
)]

wasmtime::component::bindgen!({
    path: "../wit/policy/since_v0.1.0",
    world: "access-policy",
    additional_derives: [PartialEq, Eq],
});

pub use self::padelvar::policy::types;
