//! Writes the ordinary `moov` of a finished recording (8.2 to 8.7).

use bytes::BufMut;

use super::boxes::{put_box, put_full_box};
use super::join::{Chunk, Joined, JoinedTrack, Timed, rescale};
use super::marker::UUID;

/// Ticks a second of the movie's own times.
pub(super) const MOVIE_SCALE: u32 = 1_000;
/// Version of the host's own box in the `moov`.
pub(super) const NOTE_VERSION: u8 = 1;
/// The 3x3 matrix that changes nothing (8.2.2).
const UNITY: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// The whole `moov` box.
pub(super) fn write(joined: &Joined) -> Vec<u8> {
    let mut out = Vec::new();
    put_box(&mut out, b"moov", |out| {
        let longest = joined.tracks.iter().map(movie_end).max().unwrap_or(0);
        let wide = Wide::for_time(longest);
        put_full_box(out, b"mvhd", wide.version(), 0, |out| {
            wide.put(out, 0); // creation
            wide.put(out, 0); // modification
            out.put_u32(MOVIE_SCALE);
            wide.put(out, longest);
            out.put_u32(0x1_0000); // rate
            out.put_u16(0x100); // volume
            out.put_bytes(0, 10);
            for word in UNITY {
                out.put_u32(word);
            }
            out.put_bytes(0, 24);
            out.put_u32(joined.tracks.len() as u32 + 1); // next track
        });
        for (number, track) in (1..).zip(&joined.tracks) {
            put_box(out, b"trak", |out| put_track(out, number, track));
        }
        put_box(out, b"uuid", |out| {
            out.put_slice(&UUID);
            out.put_slice(&[NOTE_VERSION, 0, 0, 0]);
            out.put_i64(joined.start_us);
            out.put_u32(joined.parts);
            out.put_i64(joined.video().map_or(0, |video| video.end));
        });
    });
    out
}

/// Times have four bytes in version 0 of a box, eight in version 1; old players
/// know version 0 only.
#[derive(Clone, Copy)]
struct Wide(bool);

impl Wide {
    fn for_time(greatest: u64) -> Self {
        Self(greatest > i32::MAX as u64)
    }

    fn version(self) -> u8 {
        self.0.into()
    }

    fn put(self, out: &mut Vec<u8>, time: u64) {
        if self.0 {
            out.put_u64(time);
        } else {
            out.put_u32(time as u32);
        }
    }
}

/// When the track ends, in the movie's ticks; upwards, so that no player cuts the
/// last picture.
fn movie_end(track: &JoinedTrack) -> u64 {
    let end = i128::from(track.end.max(0)) * i128::from(MOVIE_SCALE);
    let scale = i128::from(track.track.timescale);
    ((end + scale - 1) / scale) as u64
}

fn put_track(out: &mut Vec<u8>, number: u32, joined: &JoinedTrack) {
    let track = &joined.track;
    let first_dts = joined.samples.first().map_or(0, |sample| sample.dts);
    let end = movie_end(joined);
    let wide = Wide::for_time(end);
    put_full_box(out, b"tkhd", wide.version(), track.tkhd_flags, |out| {
        wide.put(out, 0);
        wide.put(out, 0);
        out.put_u32(number);
        out.put_u32(0);
        wide.put(out, end);
        out.put_slice(&track.tkhd_tail);
    });
    put_edits(out, joined, first_dts);
    put_box(out, b"mdia", |out| {
        let duration = joined.end.saturating_sub(first_dts).max(0) as u64;
        let wide = Wide::for_time(duration);
        put_full_box(out, b"mdhd", wide.version(), 0, |out| {
            wide.put(out, 0);
            wide.put(out, 0);
            out.put_u32(track.timescale);
            wide.put(out, duration);
            out.put_u16(track.language);
            out.put_u16(0);
        });
        out.put_slice(&track.hdlr);
        put_box(out, b"minf", |out| {
            out.put_slice(&track.media_header);
            put_box(out, b"dinf", |out| {
                put_full_box(out, b"dref", 0, 0, |out| {
                    out.put_u32(1);
                    put_full_box(out, b"url ", 0, 1, |_| {}); // in this file
                });
            });
            put_box(out, b"stbl", |out| put_tables(out, joined));
        });
    });
}

/// The edit list (8.6.6), where the media does not begin with second 0 of the
/// file: the first pictures are decoded before they are shown, or the track starts
/// later than the others, or its sound starts earlier.
fn put_edits(out: &mut Vec<u8>, joined: &JoinedTrack, first_dts: i64) {
    let first_pts = joined
        .samples
        .iter()
        .map(|sample| sample.pts)
        .min()
        .unwrap_or(0);
    let shown_from = first_pts.max(0);
    let media_time = shown_from.saturating_sub(first_dts).max(0) as u64;
    let wait = rescale(shown_from, joined.track.timescale, MOVIE_SCALE).max(0) as u64;
    if wait == 0 && media_time == 0 {
        return;
    }
    let shown = movie_end(joined).saturating_sub(wait);
    let wide = Wide::for_time(wait.max(shown).max(media_time));
    put_box(out, b"edts", |out| {
        put_full_box(out, b"elst", wide.version(), 0, |out| {
            out.put_u32(if wait > 0 { 2 } else { 1 });
            if wait > 0 {
                wide.put(out, wait);
                wide.put(out, u64::MAX); // -1: nothing is shown
                out.put_u32(0x1_0000);
            }
            wide.put(out, shown);
            wide.put(out, media_time);
            out.put_u32(0x1_0000);
        });
    });
}

fn put_tables(out: &mut Vec<u8>, joined: &JoinedTrack) {
    let samples = &joined.samples;
    put_full_box(out, b"stsd", 0, 0, |out| {
        out.put_u32(joined.track.entries.len() as u32);
        joined
            .track
            .entries
            .iter()
            .for_each(|entry| out.put_slice(entry));
    });
    // Decoding runs ahead of showing by as much as at the beginning, so the last sample ends
    // that much earlier on the decoder's clock: a constant rate stays constant to the end.
    let ahead = samples
        .first()
        .map_or(0, |s| s.pts.saturating_sub(s.dts).max(0));
    let last_end = joined.end.saturating_sub(ahead);
    let ends = samples
        .iter()
        .skip(1)
        .map(|sample| sample.dts)
        .chain([last_end]);
    let durations = samples.iter().zip(ends).map(|(sample, end)| {
        // A gap longer than 32 bits can tell is no recording's.
        end.saturating_sub(sample.dts).clamp(1, u32::MAX.into()) as u32
    });
    put_full_box(out, b"stts", 0, 0, |out| put_runs(out, durations));
    if samples.iter().any(|sample| sample.pts != sample.dts) {
        let shift = |sample: &Timed| sample.pts.saturating_sub(sample.dts);
        let signed = samples.iter().any(|sample| shift(sample) < 0);
        let shifts = samples
            .iter()
            .map(|sample| shift(sample).clamp(i32::MIN.into(), i32::MAX.into()) as i32 as u32);
        put_full_box(out, b"ctts", signed.into(), 0, |out| put_runs(out, shifts));
    }
    if samples.iter().any(|sample| !sample.sync) {
        let syncs = (1_u32..).zip(samples).filter(|(_, sample)| sample.sync);
        put_full_box(out, b"stss", 0, 0, |out| {
            out.put_u32(syncs.clone().count() as u32);
            syncs.for_each(|(number, _)| out.put_u32(number));
        });
    }
    put_full_box(out, b"stsc", 0, 0, |out| {
        put_chunk_runs(out, &joined.chunks);
    });
    put_full_box(out, b"stsz", 0, 0, |out| {
        out.put_u32(0);
        out.put_u32(samples.len() as u32);
        for sample in samples {
            out.put_u32(sample.bytes);
        }
    });
    let wide = joined
        .chunks
        .iter()
        .any(|chunk| chunk.offset > u32::MAX.into());
    put_full_box(out, if wide { b"co64" } else { b"stco" }, 0, 0, |out| {
        out.put_u32(joined.chunks.len() as u32);
        for chunk in &joined.chunks {
            if wide {
                out.put_u64(chunk.offset);
            } else {
                out.put_u32(chunk.offset as u32);
            }
        }
    });
}

/// A table of (count, value) with its number of rows before it.
fn put_runs(out: &mut Vec<u8>, values: impl Iterator<Item = u32>) {
    let at = out.len();
    out.put_u32(0);
    let (mut rows, mut open) = (0_u32, None);
    for value in values {
        match &mut open {
            Some((count, of)) if *of == value => *count += 1_u32,
            _ => {
                if let Some((count, of)) = open.replace((1, value)) {
                    out.put_u32(count);
                    out.put_u32(of);
                }
                rows += 1;
            }
        }
    }
    if let Some((count, of)) = open {
        out.put_u32(count);
        out.put_u32(of);
    }
    out[at..at + 4].copy_from_slice(&rows.to_be_bytes());
}

/// `stsc` (8.7.4): a row where samples a chunk or the sample entry change.
fn put_chunk_runs(out: &mut Vec<u8>, chunks: &[Chunk]) {
    let at = out.len();
    out.put_u32(0);
    let (mut rows, mut last) = (0_u32, None);
    for (number, chunk) in (1_u32..).zip(chunks) {
        let row = (chunk.samples, chunk.entry + 1);
        if last != Some(row) {
            last = Some(row);
            rows += 1;
            out.put_u32(number);
            out.put_u32(row.0);
            out.put_u32(row.1);
        }
    }
    out[at..at + 4].copy_from_slice(&rows.to_be_bytes());
}
