//! The feed: one camera's pictures on the host's clock, for any number of readers.
//!
//! A feed keeps its camera connected for as long as it lives, remembers the newest keyframe and
//! what followed it, and hands every picture to its readers. A slow reader loses pictures; it
//! never slows the camera or another reader.

mod attempt;
mod backoff;
mod candidates;
mod course;
mod feed;
mod hearing;
mod ingest;
mod junction;
mod picture;
mod reader;
mod settle;
mod splice;
mod status;
mod stay;
mod supervisor;
#[cfg(test)]
pub(crate) mod testing;
mod trace;

pub use feed::{Feed, KeyPicture};
pub(crate) use picture::check as check_picture;
pub use reader::{Item, Reader, Start};
pub use status::{CameraState, CameraStatus, FeedCounters};
