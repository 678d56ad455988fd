//! AAC over RTP: one raw access unit a frame.

mod config;
mod generic;
mod latm;

pub use self::config::AudioConfig;
pub use self::generic::{Generic, Layout};
pub use self::latm::{Latm, mux_config};

/// Larger access units are no sound: a frame of eight channels has at most 6144 bits each.
const MAX_UNIT_BYTES: usize = 16 * 1024;

const TOO_LARGE: &str = "the camera sends frames of sound that are too large; they are skipped";
