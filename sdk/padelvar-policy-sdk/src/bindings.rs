//! Generated from `wit/policy`: the same types for wasm and natively.
#![expect(
    missing_docs,
    clippy::pedantic,
    reason = "generated; the WIT file is the documentation"
)]

wit_bindgen::generate!({
    path: "../../wit/policy/since_v0.1.0",
    world: "access-policy",
    pub_export_macro: true,
    export_macro_name: "export_policy",
    default_bindings_module: "padelvar_policy_sdk::bindings",
    additional_derives: [PartialEq, Eq, Clone],
});
