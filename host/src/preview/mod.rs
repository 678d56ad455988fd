//! Pictures for people who watch.

mod snapshot;

pub use snapshot::{SnapshotError, Snapshots};
