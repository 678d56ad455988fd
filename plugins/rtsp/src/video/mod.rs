//! From RTP payloads to whole pictures.

mod annexb;
mod assemble;
mod bits;
mod h264;
mod h265;
mod jpeg;
mod parameters;
mod syntax;
mod unit;

pub use self::annexb::nal_units;
pub use self::h264::H264;
pub use self::h265::H265;
pub use self::jpeg::Jpeg;
