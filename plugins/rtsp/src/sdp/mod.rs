//! Session descriptions (RFC 4566) as cameras write them.

mod base64;
mod choose;
mod encoding;
mod hex;
mod parse;
mod sound;
mod video;

pub use self::base64::decode as decode_base64;
pub use self::choose::{Choice, SdpError, choose};
pub use self::encoding::Encoding;
pub use self::parse::{Description, Section};
pub use self::sound::{Sound, SoundCodec};
pub use self::video::{Video, VideoCodec};
