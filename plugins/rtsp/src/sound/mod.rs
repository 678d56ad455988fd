//! From RTP payloads to frames of sound.

mod aac;
mod g726;
mod pcm;
mod whole;

pub use self::aac::{AudioConfig, Generic, Latm, Layout, mux_config};
pub use self::g726::{Decoder, Order, code_words};
pub use self::pcm::{Pcm, Samples};
pub use self::whole::Whole;
