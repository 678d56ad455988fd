//! Pictures for people who watch.
//!
//! An MJPEG camera's JPEGs are shown as they are. For other codecs one FFmpeg child a feed makes
//! small JPEGs for all who watch it, from the first viewer to the last.

mod parts;
mod snapshot;
mod stream;

pub use snapshot::{SnapshotError, Snapshots};
pub use stream::{Previews, Viewer};
