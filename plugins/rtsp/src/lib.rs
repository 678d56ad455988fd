//! RTSP 1.0 cameras (RFC 2326).
//!
//! Option `transport`, how media comes:
//!
//! | Value | Means |
//! |---|---|
//! | `auto` (the default) | Within the connection; by UDP where the camera answers 461 to that, or agrees and sends nothing for 5 s. Decided anew in every session, since an adapter remembers nothing: where a camera is known to need UDP, saying `udp` saves that time |
//! | `tcp` | Within the connection (interleaved), and no other way |
//! | `udp` | By UDP to ports of the host, IPv4. Packets towards the camera open firewalls; receiver reports tell it that somebody listens |
//! | `multicast` | By UDP to the group that the camera names, IPv4. `reach` must hold `"group:port"`; the error says which. No reports are sent |
//! | `http` | RTSP within two HTTP connections to the URL's port (without one to 80, or to 443 with TLS where it is `rtsps://`; then `reach` must hold `"camera:80"`, so write the port). The password is given to HTTP: a camera that wants it within the tunnel, too, cannot be played this way |
//!
//! Media of `rtsps://` stays within its connection, whatever is asked for: over UDP it would
//! not be encrypted.
//!
//! The way of a byte: [`message`] cuts the connection's stream into answers and
//! interleaved data, [`rtp`] puts packets in order, [`video`] makes pictures of them and
//! [`sound`] frames, [`media`] hands these on.
//! [`conversation`] is everything that is said to the camera.
#![forbid(unsafe_code)]

mod bits;
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
