//! `file`.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Id, Success};
use crate::config::{ClubId, TerrainId};

/// A finished recording.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub struct FileView {
    /// The session's id.
    #[schema(example = "sess_1_1732281000123")]
    pub id: String,
    /// The club that it belongs to.
    #[schema(value_type = Id)]
    pub club_id: ClubId,
    /// The terrain that was recorded.
    #[schema(value_type = Id)]
    pub terrain_id: TerrainId,
    /// Its size.
    pub size_bytes: u64,
    /// Its length.
    #[schema(required)]
    pub duration_seconds: Option<f64>,
    /// `h264` or `h265`.
    pub codec: String,
    /// Of the whole file, hexadecimal; null until it is known.
    #[schema(required)]
    pub sha256: Option<String>,
    /// When the session was created.
    pub created_at: Timestamp,
    /// Where to fetch it, with a ticket of 6 hours; null where the caller may not.
    #[schema(required)]
    pub download_url: Option<String>,
}

/// Files, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FilesAnswer {
    success: Success,
    /// A page of them.
    files: Vec<FileView>,
    /// What `after` must be for the next page; null where this is the last one.
    #[schema(required)]
    next: Option<String>,
}

/// A file is gone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeletedAnswer {
    success: Success,
    /// Its id.
    id: String,
}

impl FilesAnswer {
    /// A page of files.
    pub fn new(files: Vec<FileView>, next: Option<String>) -> Self {
        Self {
            success: Success,
            files,
            next,
        }
    }
}

impl DeletedAnswer {
    /// This file is gone.
    pub fn new(id: String) -> Self {
        let success = Success;
        Self { success, id }
    }
}
