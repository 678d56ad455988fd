//! RTSP 1.0 cameras over interleaved TCP (RFC 2326).
//!
//! The way of a byte: [`message`] cuts the connection's stream into answers and
//! interleaved data, [`rtp`] puts packets in order, [`video`] makes pictures of them and
//! [`sound`] frames, [`media`] hands these on.
//! [`conversation`] is everything that is said to the camera.
#![forbid(unsafe_code)]

pub mod conversation;
pub mod depacketiser;
pub mod media;
pub mod message;
mod notes;
pub mod rtp;
pub mod sdp;
pub mod sound;
pub mod video;

pub use conversation::run;

padelvar_sdk::adapter! {
    title: "RTSP cameras",
    version: env!("CARGO_PKG_VERSION"),
    schemes: ["rtsp", "rtsps"],
    options: ["transport"],
    run: run,
}
