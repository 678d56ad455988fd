//! From a file that an earlier run of the host left to one that can be appended to.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::boxes::Head;
use super::finalize::open;
use super::join::join;
use super::marker::{MARKER_BYTES, UUID, parse_part_marker};
use super::scan::{Scan, scan};
use super::{Error, io};

/// Bytes of a head with a 64-bit size: what [`finalize`](super::finalize()) wrote over the
/// beginning of the first marker.
const WIDE_HEAD_BYTES: usize = 16;

/// What [`cut_back`] left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Size of the file now. 0: not even an `ftyp` was whole.
    pub bytes: u64,
    /// Parts that hold samples.
    pub parts: u32,
    /// Pictures.
    pub samples: u64,
    /// Where the last of them ends on the recording's clock, in microseconds;
    /// `None` if there is none.
    pub end_us: Option<i64>,
}

/// Makes a recording one that a next part can be appended to, whatever became of it: the final
/// form is undone (its samples stay where they are), a torn end is cut off.
///
/// It may be interrupted at any point: what it leaves is repaired by
/// [`finalize`](super::finalize()) as before, and it may be called again. A file in a final form
/// that is none of this host's is [`Error::NotARecording`], and is left as it is.
pub fn reopen(path: &Path) -> Result<Cut, Error> {
    let mut file = open(path)?;
    if let Scan::Final(_) = scan(&mut file)? {
        put_marker_back(&mut file)?;
    }
    drop(file);
    cut_back(path)
}

/// Writes the first marker's beginning over the head of the `mdat`. From then on the file is
/// one of parts again, with an index behind them.
fn put_marker_back(file: &mut File) -> Result<(), Error> {
    let reason = "its pictures are not those of parts";
    let mut begin = [0; 8];
    read(file, 0, &mut begin)?;
    let ftyp = Head::parse(&begin)?.ok_or(Error::NotARecording { reason })?;
    let mut marker = [0; MARKER_BYTES];
    read(file, ftyp.bytes, &mut marker)?;
    marker[..4].copy_from_slice(&(MARKER_BYTES as u32).to_be_bytes());
    marker[4..8].copy_from_slice(b"uuid");
    marker[8..WIDE_HEAD_BYTES].copy_from_slice(&UUID[..WIDE_HEAD_BYTES - 8]);
    // The rest of it was never overwritten, so it tells whether this was one.
    parse_part_marker(&marker).ok_or(Error::NotARecording { reason })?;
    file.seek(SeekFrom::Start(ftyp.bytes))
        .and_then(|_| file.write_all(&marker[..WIDE_HEAD_BYTES]))
        .and_then(|()| file.sync_all())
        .map_err(io("opening the recording again"))
}

fn read(file: &mut File, at: u64, into: &mut [u8]) -> Result<(), Error> {
    file.seek(SeekFrom::Start(at))
        .and_then(|_| file.read_exact(into))
        .map_err(io("reading the recording"))
}

/// Cuts a recording back to its last whole fragment, so that a next part can be
/// appended. [`Error::Final`] if it is finished.
pub fn cut_back(path: &Path) -> Result<Cut, Error> {
    let mut file = open(path)?;
    let layout = match scan(&mut file)? {
        Scan::Final(_) => return Err(Error::Final),
        Scan::Parts(layout) => layout,
    };
    let joined = join(&layout.parts);
    file.set_len(layout.whole_end)
        .and_then(|()| file.sync_all())
        .map_err(io("cutting the recording"))?;
    let samples = joined.video().map_or(0, |video| video.samples.len() as u64);
    let end_us = joined.start_us.saturating_add(joined.end_us());
    Ok(Cut {
        bytes: layout.whole_end,
        parts: joined.parts,
        samples,
        end_us: (samples > 0).then_some(end_us),
    })
}
