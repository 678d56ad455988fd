//! Pictures for people who watch.
//!
//! An MJPEG camera's JPEGs are shown as they are. For other codecs one FFmpeg child a feed makes
//! small JPEGs for all who watch it, from the first viewer to the last; while nobody watches, a
//! single picture is made of the newest keyframe for who asks for one. Never both at a time.

mod audience;
mod desk;
mod encoder;
mod parts;
mod picture;
mod polls;
mod previews;
mod snapshot;
mod stream;

pub use audience::{Audience, Counted};
pub use picture::Picture;
pub use previews::{Previews, Viewer};
pub use snapshot::SnapshotError;
