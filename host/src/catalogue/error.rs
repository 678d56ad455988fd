//! Why the catalogue cannot be read or written.

use std::path::PathBuf;

use thiserror::Error;

/// What went wrong.
#[derive(Debug, Error)]
pub enum Error {
    /// The file is of a newer version of this program. It is left as it is.
    #[error(
        "{path} was written by a newer version (schema {found}, this one knows {known}); hint: run that version, or set catalogue.url to another file"
    )]
    Newer {
        /// The catalogue's file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that is known here.
        known: i64,
    },
    /// The file or its folder cannot be used.
    #[error("the catalogue {path} cannot be opened: {reason}; hint: {hint}")]
    Open {
        /// The catalogue's file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// It may go well later: the disk is full, the file is in use.
    #[error("the catalogue is not to be had now: {doing}: {reason}")]
    Unavailable {
        /// What was tried.
        doing: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// It will not go well later either.
    #[error("the catalogue refuses: {doing}: {reason}")]
    Refused {
        /// What was tried.
        doing: &'static str,
        /// What went wrong.
        reason: String,
    },
}

impl Error {
    /// Whether trying again makes sense.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
