//! A long recording out of a short one: its fragments once more and again, with rising times.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// One box: where it is, and its type.
type Found = (std::ops::Range<usize>, [u8; 4]);

/// The boxes side by side in a piece of a file; a last one that is cut off is left out.
fn boxes(data: &[u8], within: std::ops::Range<usize>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = within.start;
    while at + 8 <= within.end {
        let size = u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
        let size = size as usize;
        if size < 8 || at + size > within.end {
            break;
        }
        let kind = [data[at + 4], data[at + 5], data[at + 6], data[at + 7]];
        found.push((at..at + size, kind));
        at += size;
    }
    found
}

fn inside(data: &[u8], of: &Found, kind: [u8; 4]) -> Option<Found> {
    let all = boxes(data, of.0.start + 8..of.0.end);
    all.into_iter().find(|(_, found)| *found == kind)
}

/// Where the time of a fragment's first picture stands (`moof/traf/tfdt`, ISO 14496-12 8.8.12),
/// eight bytes.
fn time_at(data: &[u8], moof: &Found) -> Option<usize> {
    let traf = inside(data, moof, *b"traf")?;
    let (tfdt, _) = inside(data, &traf, *b"tfdt")?;
    (data[tfdt.start + 8] == 1).then_some(tfdt.start + 12)
}

fn time(data: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(data[at..at + 8].try_into().expect("these are 8"))
}

/// The units of a second, of the video (`moov/trak/mdia/mdhd`, version 0).
fn timescale(data: &[u8], moov: &Found) -> Option<u32> {
    let trak = inside(data, moov, *b"trak")?;
    let mdia = inside(data, &trak, *b"mdia")?;
    let (mdhd, _) = inside(data, &mdia, *b"mdhd")?;
    let at = mdhd.start + 20;
    (data[mdhd.start + 8] == 0)
        .then(|| u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]))
}

/// Makes an unfinished recording at least so long, and brings it to the disk. Seconds that were
/// added, and the file's bytes.
///
/// # Panics
/// Where the file is not as FFmpeg and the host write it.
pub fn lengthen(part: &Path, seconds: f64) -> (f64, u64) {
    let mut data = fs::read(part).expect("the part can be read");
    let all = boxes(&data, 0..data.len());
    let is = |kind: &'static [u8; 4]| all.iter().filter(move |(_, found)| found == kind);
    let moov = is(b"moov").next().expect("there is an index");
    let scale = f64::from(timescale(&data, moov).expect("a timescale"));
    let moofs: Vec<&Found> = is(b"moof").collect();
    let times: Vec<usize> = moofs
        .iter()
        .map(|moof| time_at(&data, moof).expect("a fragment has a time"))
        .collect();
    let [first, .., last] = times.as_slice() else {
        panic!("there are fewer than two fragments");
    };
    // The last fragment only tells where the repetition begins.
    let (from, until) = (moofs[0].0.start, moofs[moofs.len() - 1].0.start);
    let span = time(&data, *last) - time(&data, *first);
    let head = data[..from].to_vec();
    let bases: Vec<(usize, u64)> = times[..times.len() - 1]
        .iter()
        .map(|at| (at - from, time(&data, *at)))
        .collect();
    data.drain(..from);
    data.truncate(until - from);
    let copies = (seconds * scale / span as f64).ceil() as u64 + 1;
    let mut file = BufWriter::new(File::create(part).expect("the part can be written"));
    file.write_all(&head).expect("there is room");
    for copy in 0..copies {
        for (at, base) in &bases {
            data[*at..at + 8].copy_from_slice(&(base + copy * span).to_be_bytes());
        }
        file.write_all(&data).expect("there is room");
    }
    let file = file.into_inner().expect("there is room");
    // As the host does it every second: at the end there is little left to bring to the disk.
    file.sync_all().expect("there is room");
    let bytes = file.metadata().expect("its length is known").len();
    ((copies - 1) as f64 * span as f64 / scale, bytes)
}
