//! AAC as the host wants it: raw access units, and the decoder's configuration apart.

mod adts;
mod config;

pub use adts::{Adts, Frame};
pub use config::{AacConfig, FREQUENCIES};
