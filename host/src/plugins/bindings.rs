//! Rust types of `wit/adapter`, generated.

#![allow(
    missing_docs,
    clippy::pedantic,
    reason = "generated; the WIT file holds the documentation"
)]

wasmtime::component::bindgen!({
    path: "../wit/adapter/since_v0.1.0",
    world: "camera-adapter",
    additional_derives: [PartialEq],
});

pub use self::exports::padelvar::adapter::adapter as exported;
pub use self::padelvar::adapter::types;
