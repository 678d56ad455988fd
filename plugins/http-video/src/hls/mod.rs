//! HTTP Live Streaming (RFC 8216), with segments of MPEG-TS or fragmented MP4.

mod attributes;
mod follow;
mod playlist;
mod session;

pub use follow::{Follow, Plan};
pub use playlist::{ByteRange, Map, Media, Playlist, Segment, Variant, Wanted, choose, parse};
pub use session::{read_on, run};
