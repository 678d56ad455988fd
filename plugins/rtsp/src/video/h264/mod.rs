//! H.264 over RTP (RFC 6184), packetization modes 0 and 1.

mod depacketise;
mod nal;

pub use self::depacketise::H264;
#[cfg(test)]
pub use self::nal::Avc;
