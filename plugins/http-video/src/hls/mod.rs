//! HTTP Live Streaming (RFC 8216), with segments of MPEG-TS or fragmented MP4.

mod attributes;
mod follow;
mod playlist;
mod reader;
mod session;
mod sound;

pub use follow::{Follow, Plan};
pub use playlist::{ByteRange, Map, Media, Playlist, Segment, Variant, Wanted, choose, parse};
pub use reader::read_on;
pub use session::run;
