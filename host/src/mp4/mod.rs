//! The recording's file: from FFmpeg's fragments to an ordinary MP4, in place.
//!
//! While it is recorded the file is `[ftyp]`, then one part for every FFmpeg child:
//! `[uuid: part marker][moov][moof][mdat][moof][mdat]…`. The marker says where on
//! the recording's clock its part begins, so that the file alone is enough to repair
//! it. [`finalize`] appends one ordinary `moov` for all parts and then overwrites
//! the first marker's head by that of an `mdat` around everything before: the
//! result is `ftyp, mdat, moov`, and no sample was copied.
//!
//! The box layouts are those of ISO/IEC 14496-12; every number in a file is taken
//! as hostile. Only [`finalize`], [`reopen`] and [`facts()`] touch files.

pub mod boxes;
mod facts;
mod finalize;
mod fragment;
mod init;
mod join;
mod marker;
mod moov;
mod reopen;
mod scan;
mod splitter;
mod summary;

use std::io;

pub use facts::{Facts, facts};
pub use finalize::{finalize, finalize_file};
pub use marker::{MARKER_BYTES, parse_part_marker, part_marker};
pub use reopen::{Cut, cut_back, reopen};
pub use splitter::{Fragment, FragmentInfo, Piece, Splitter};
pub use summary::Summary;

/// Why a file or stream is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no picture in the recording.
    #[error("the recording holds no picture")]
    Empty,
    /// The file does not begin as this host writes it.
    #[error("the file is not a recording of this host: {reason}")]
    NotARecording {
        /// What was found.
        reason: &'static str,
    },
    /// The file is in its final form already, and cannot be appended to.
    #[error("the recording is in its final form already")]
    Final,
    /// The file ends within a box, and cutting was not allowed.
    #[error("the recording is torn after byte {at}")]
    Torn {
        /// Where the last whole fragment ends.
        at: u64,
    },
    /// A box whose content makes no sense.
    #[error("malformed MP4: {what}")]
    Malformed {
        /// Which box or field.
        what: &'static str,
    },
    /// A box over its limit.
    #[error("MP4 box {kind} of {bytes} bytes is larger than allowed")]
    TooLarge {
        /// Its four characters.
        kind: String,
        /// Its size.
        bytes: u64,
    },
    /// The file could not be read or written.
    #[error("{doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// What went wrong.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn malformed(what: &'static str) -> Self {
        Self::Malformed { what }
    }
}

/// Names what was tried in an I/O error.
pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { doing, source }
}

/// Greatest `moov` of an FFmpeg child: stops a child that went mad from filling
/// the memory. A real one has about a kilobyte.
pub(crate) const MAX_MOOV_BYTES: u64 = 1 << 20;
/// Greatest `moof`, as above; a second of 100 pictures has about two kilobytes.
pub(crate) const MAX_MOOF_BYTES: u64 = 1 << 20;
/// Greatest `mdat` of one fragment, as above: a second at 500 Mbit/s.
pub(crate) const MAX_MDAT_BYTES: u64 = 64 << 20;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
