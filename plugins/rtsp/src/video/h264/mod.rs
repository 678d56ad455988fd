//! H.264 over RTP (RFC 6184), packetization modes 0 and 1.

mod assemble;
mod depacketise;
mod nal;
mod parameters;

pub use self::depacketise::H264;
