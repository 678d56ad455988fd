//! `PadelVar`: records padel courts, one match, one MP4.

pub mod api;
pub mod auth;
pub mod camera;
pub mod cassette;
pub mod catalogue;
pub mod cli;
pub mod clock;
pub mod config;
pub mod conformance;
pub mod discovery;
pub mod disk;
pub mod folder_watch;
pub mod hex;
pub mod library;
pub mod media;
pub mod memory;
pub mod moving_in;
pub mod mp4;
pub mod plugins;
pub mod preview;
pub mod probe;
pub mod proxy;
pub mod recording;
pub mod session;
pub mod telemetry;

/// Installs the process's one crypto provider. May be called again.
pub fn install_crypto() {
    // An error says that there is one already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
