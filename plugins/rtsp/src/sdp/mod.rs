//! Session descriptions (RFC 4566) as cameras write them.

mod base64;
mod choose;
mod parse;

pub use self::base64::decode as decode_base64;
pub use self::choose::{SdpError, Video, choose_video};
pub use self::parse::{Description, Section};
