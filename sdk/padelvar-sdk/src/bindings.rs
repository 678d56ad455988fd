//! Generated from `wit/adapter`: the same types for wasm and natively.
#![expect(
    missing_docs,
    clippy::pedantic,
    reason = "generated; the WIT file is the documentation"
)]

wit_bindgen::generate!({
    path: "../../wit/adapter/since_v0.1.0",
    world: "camera-adapter",
    pub_export_macro: true,
    export_macro_name: "export_adapter",
    default_bindings_module: "padelvar_sdk::bindings",
    additional_derives: [PartialEq, Eq, Clone],
});
