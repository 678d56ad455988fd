//! The feed: one camera's pictures on the host's clock, for any number of readers.
//!
//! A feed keeps its camera connected for as long as it lives, remembers the newest keyframe and
//! what followed it, and hands every picture to its readers. A slow reader loses pictures; it
//! never slows the camera or another reader.

mod backoff;
mod feed;
mod ingest;
mod picture;
mod reader;
mod settle;
mod status;
mod supervisor;
#[cfg(test)]
pub(crate) mod testing;

pub use feed::{Feed, KeyPicture};
pub use reader::{Item, Reader, Start};
pub use status::{CameraState, CameraStatus, FeedCounters};
