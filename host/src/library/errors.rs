//! What can go wrong with a finished file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::{catalogue, mp4};

/// Why something was not done.
#[derive(Debug, Error)]
pub enum LibraryError {
    /// There is no such file, or it is a link or a folder.
    #[error("there is no file {0}")]
    NotAFile(PathBuf),
    /// It is no MP4 with pictures.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: mp4::Error,
    },
    /// The disk refuses.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The catalogue refuses.
    #[error(transparent)]
    Catalogue(#[from] catalogue::Error),
    /// The catalogue takes no changes: its disk may be full.
    #[error(
        "the catalogue does not take what was found in the videos folder; hint: is its disk full?"
    )]
    CatalogueStuck,
    /// A worker ended before its work.
    #[error("the work on the videos folder broke off")]
    BrokeOff,
}
