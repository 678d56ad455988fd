//! JPEG over RTP (RFC 2435).

mod depacketise;
mod header;
mod quantisation;
mod write;

pub use self::depacketise::Jpeg;
