//! H.265 over RTP (RFC 7798), in decoding order.

mod depacketise;
mod nal;

pub use self::depacketise::H265;
