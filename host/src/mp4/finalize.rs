//! The last step of a recording, and the first of its repair.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use bytes::BufMut;

use super::join::{Joined, join};
use super::scan::{Scan, scan, scan_until};
use super::summary::{Note, Summary};
use super::{Error, io, moov};
use crate::disk;

/// Pictures that may make room for the index on a full disk, microseconds.
const MOST_GIVEN_UP_US: i64 = 10_000_000;

/// Brings a recording into its final form, in place, and tells what it holds.
///
/// `truncate_to_last_whole_fragment`: cut off what a dying writer left behind the
/// last whole fragment; else that is [`Error::Torn`]. `end_us`: let the last picture
/// stand until this time on the recording's clock.
///
/// It may be interrupted at any point and called again; a file in its final form
/// only tells its summary. A recording without pictures is [`Error::Empty`], and is
/// left as it is. Blocks: it reads the head of every fragment and waits for the disk
/// twice.
///
/// Where the disk has no room for the index and the file none of its own (see
/// [`disk::reserve`](crate::disk::reserve)), the index takes the place of the last
/// pictures, of up to ten seconds of them; else it is an error, and all is left for a later
/// attempt.
pub fn finalize(
    path: &Path,
    truncate_to_last_whole_fragment: bool,
    end_us: Option<i64>,
) -> Result<Summary, Error> {
    finalize_file(&open(path)?, truncate_to_last_whole_fragment, end_us)
}

/// [`finalize`] of a file that is open for reading and writing, wherever it lies by now.
pub fn finalize_file(
    file: &File,
    truncate_to_last_whole_fragment: bool,
    end_us: Option<i64>,
) -> Result<Summary, Error> {
    let layout = match scan(&mut &*file)? {
        Scan::Final(moov) => return Summary::parse(&moov, length(file)?),
        Scan::Parts(layout) => layout,
    };
    if layout.torn && !truncate_to_last_whole_fragment {
        return Err(Error::Torn {
            at: layout.whole_end,
        });
    }
    let mut joined = join(&layout.parts);
    if joined.video().is_none() {
        return Err(Error::Empty);
    }
    let reason = "no part marker follows ftyp";
    let marker_at = layout.marker_at.ok_or(Error::NotARecording { reason })?;

    let earlier = layout.earlier_moov.as_ref().filter(|_| end_us.is_none());
    let moov = earlier.and_then(|earlier| same_again(earlier, &joined));
    let moov = moov.unwrap_or_else(|| {
        if let Some(end_us) = end_us {
            joined.extend_to(end_us);
        }
        moov::write(&joined)
    });
    match append(file, layout.whole_end, &moov) {
        Ok(()) => {
            put_head(file, marker_at, layout.whole_end, &joined)?;
            Summary::parse(&moov[8..], length(file)?)
        }
        Err(Error::Io { source, .. }) if disk::is_full(&source) => {
            in_place_of_the_last(file, layout.whole_end, &moov, &joined, source)
        }
        Err(error) => Err(error),
    }
}

/// Puts the index where the last fragments are: the file has that room, and nobody else can
/// take it. `moov` is the index of all of them, `full` the error that it does not fit.
fn in_place_of_the_last(
    file: &File,
    whole_end: u64,
    moov: &[u8],
    joined: &Joined,
    full: io::Error,
) -> Result<Summary, Error> {
    let doing = "appending the index of the recording";
    let limit = whole_end.saturating_sub(moov.len() as u64);
    let full = Error::Io {
        doing,
        source: full,
    };
    let Ok(Scan::Parts(layout)) = scan_until(&mut &*file, limit) else {
        return Err(full);
    };
    let fewer = join(&layout.parts);
    let lost_us = joined.end_us().saturating_sub(fewer.end_us());
    let (Some(_), Some(marker_at)) = (fewer.video(), layout.marker_at) else {
        return Err(full);
    };
    let moov = moov::write(&fewer);
    let fits = layout.whole_end + moov.len() as u64 <= whole_end;
    if lost_us > MOST_GIVEN_UP_US || !fits {
        return Err(full);
    }
    append(file, layout.whole_end, &moov)?;
    put_head(file, marker_at, layout.whole_end, &fewer)?;
    Summary::parse(&moov[8..], length(file)?)
}

pub(super) fn open(path: &Path) -> Result<File, Error> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    file.map_err(io("opening the recording"))
}

fn length(file: &File) -> Result<u64, Error> {
    Ok(file.metadata().map_err(io("reading the recording"))?.len())
}

/// The `moov` that an interrupted attempt appended, if the disk has all of it: it
/// alone tells how long the last picture was to stand. It is whole when the same
/// end gives the same bytes.
fn same_again(earlier: &[u8], joined: &Joined) -> Option<Vec<u8>> {
    let end = Note::find(earlier).ok()??.end;
    let mut again = joined.clone();
    again.extend_to_ticks(end);
    let moov = moov::write(&again);
    (moov[8..] == *earlier).then_some(moov)
}

/// Makes the `moov` the end of the file, and waits until the disk has it. What lies behind
/// `at` is overwritten and not cut off first: its room, and room that was reserved, is the
/// file's own on a disk that is full. What is left of it is given back.
fn append(mut file: &File, at: u64, moov: &[u8]) -> Result<(), Error> {
    let doing = "appending the index of the recording";
    let written = file
        .seek(SeekFrom::Start(at))
        .and_then(|_| file.write_all(moov))
        .and_then(|()| file.set_len(at + moov.len() as u64))
        .and_then(|()| file.sync_all());
    written.map_err(|source| {
        // What is there can be finished later.
        let _ = file.set_len(at);
        Error::Io { doing, source }
    })
}

/// Makes everything from the first marker up to the `moov` the content of one
/// `mdat`. `ftyp` and this head lie in the file's first sector: they change together
/// or not at all.
fn put_head(mut file: &File, marker_at: u64, end: u64, joined: &Joined) -> Result<(), Error> {
    let mut head = Vec::new();
    put_ftyp(&mut head, marker_at, joined);
    head.put_u32(1);
    head.put_slice(b"mdat");
    head.put_u64(end - marker_at);
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.write_all(&head))
        .and_then(|()| file.sync_all())
        .map_err(io("writing the head of the recording"))
}

/// An `ftyp` of the same size whose brands do not promise fragments.
fn put_ftyp(out: &mut Vec<u8>, bytes: u64, joined: &Joined) {
    let avc = joined.video().is_some_and(|video| {
        let mut kinds = video
            .track
            .entries
            .iter()
            .filter_map(|entry| entry.get(4..8));
        kinds.any(|kind| kind == b"avc1")
    });
    let brands = [
        b"isom",
        b"iso2",
        b"mp41",
        if avc { b"avc1" } else { b"mp42" },
    ];
    out.put_u32(bytes as u32);
    out.put_slice(b"ftyp");
    out.put_slice(b"isom");
    out.put_u32(0x200);
    for brand in brands.iter().chain(std::iter::repeat(&brands[0])) {
        if out.len() as u64 + 4 > bytes {
            break;
        }
        out.put_slice(*brand);
    }
    out.resize(bytes as usize, 0);
}
