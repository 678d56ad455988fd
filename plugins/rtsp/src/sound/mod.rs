//! From RTP payloads to frames of sound.

mod whole;

pub use self::whole::Whole;
