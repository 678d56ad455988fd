//! `moof`: where the samples of a fragment lie and when they are shown (8.8).

use super::Error;
use super::boxes::{Boxes, Fields, need};
use super::init::{Defaults, Init};

/// Decode times beyond this make no sense: 2^53 ticks are 3,000 years at 90 kHz.
const MAX_TIME: u64 = 1 << 53;
/// `sample_is_non_sync_sample` of the sample flags (8.8.3.1).
const NON_SYNC: u32 = 0x0001_0000;

/// Samples of a fragment at most: FFmpeg closes one every second.
const MAX_SAMPLES: u32 = 100_000;

/// Samples that lie one behind the other and follow each other in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Number of the track in its [`Init`].
    pub track: usize,
    /// Number of the sample entry, from 0.
    pub entry: usize,
    /// Decode time of the first sample, in ticks.
    pub dts: i64,
    /// Where the first sample lies, counted from the beginning of the `moof`.
    pub offset: u64,
    pub samples: Vec<Sample>,
}

impl Run {
    /// When each sample is decoded and when it is shown, in ticks.
    pub fn times(&self) -> impl Iterator<Item = (i64, i64)> {
        let mut next = self.dts;
        self.samples.iter().map(move |sample| {
            let dts = next;
            next = next.saturating_add(sample.duration.into());
            (dts, dts.saturating_add(sample.shift.into()))
        })
    }
}

/// One sample of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub duration: u32,
    pub bytes: u32,
    /// From decoding to showing, in ticks.
    pub shift: i32,
    pub sync: bool,
}

/// Reads the content of a `moof`, whose samples lie in the `mdat` right behind it.
/// `payload` is the place of that `mdat`'s content, counted from the beginning of
/// the `moof`: every sample must lie there.
pub(super) fn parse(
    moof: &[u8],
    init: &Init,
    payload: std::ops::Range<u64>,
) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::new();
    // Bounds a `trun` that has a count of billions and no table.
    let mut samples_left = MAX_SAMPLES;
    for found in Boxes::new(moof) {
        let found = found?;
        if found.kind == *b"traf" {
            parse_track(found.content, init, &payload, &mut samples_left, &mut runs)?;
        }
    }
    Ok(runs)
}

fn parse_track(
    traf: &[u8],
    init: &Init,
    payload: &std::ops::Range<u64>,
    samples_left: &mut u32,
    runs: &mut Vec<Run>,
) -> Result<(), Error> {
    let mut tfhd = Fields::new(need(traf, b"tfhd", "tfhd")?.content, "tfhd");
    let (_, flags) = tfhd.version_and_flags()?;
    let id = tfhd.u32()?;
    let track = init
        .index_of(id)
        .ok_or(Error::malformed("track of a fragment"))?;
    // Absolute offsets are FFmpeg's, and wrong in a file with several parts.
    if flags & 0x01 != 0 || flags & 0x02_0000 == 0 {
        return Err(Error::malformed("fragment does not count from itself"));
    }
    let Defaults {
        mut entry,
        mut duration,
        mut bytes,
        flags: mut sample_flags,
    } = init.tracks[track].defaults;
    for (flag, value) in [
        (0x02, &mut entry),
        (0x08, &mut duration),
        (0x10, &mut bytes),
        (0x20, &mut sample_flags),
    ] {
        if flags & flag != 0 {
            *value = tfhd.u32()?;
        }
    }
    let defaults = Defaults {
        entry,
        duration,
        bytes,
        flags: sample_flags,
    };
    let entry = (entry as usize)
        .checked_sub(1)
        .filter(|&entry| entry < init.tracks[track].entries.len())
        .ok_or(Error::malformed("sample description of a fragment"))?;

    let mut tfdt = Fields::new(need(traf, b"tfdt", "tfdt")?.content, "tfdt");
    let (version, _) = tfdt.version_and_flags()?;
    let mut dts = tfdt.sized(version)?;
    let mut next_offset = payload.start;
    for found in Boxes::new(traf) {
        let found = found?;
        if found.kind != *b"trun" {
            continue;
        }
        if dts > MAX_TIME {
            return Err(Error::malformed("time of a fragment"));
        }
        let (offset, samples) = parse_run(found.content, defaults, samples_left)?;
        let offset = offset.unwrap_or(next_offset);
        let bytes: u64 = samples.iter().map(|s| u64::from(s.bytes)).sum();
        next_offset = offset.saturating_add(bytes);
        if offset < payload.start || next_offset > payload.end {
            return Err(Error::malformed("samples outside of their mdat"));
        }
        let duration: u64 = samples.iter().map(|s| u64::from(s.duration)).sum();
        if !samples.is_empty() {
            runs.push(Run {
                track,
                entry,
                dts: dts as i64,
                offset,
                samples,
            });
        }
        dts = dts.saturating_add(duration);
    }
    Ok(())
}

/// `trun` (8.8.8): where it begins, if it says so, and its samples.
fn parse_run(
    trun: &[u8],
    defaults: Defaults,
    samples_left: &mut u32,
) -> Result<(Option<u64>, Vec<Sample>), Error> {
    let mut fields = Fields::new(trun, "trun");
    let (_, flags) = fields.version_and_flags()?;
    let count = fields.u32()?;
    *samples_left = samples_left
        .checked_sub(count)
        .ok_or(Error::malformed("number of samples"))?;
    let offset = if flags & 0x01 == 0 {
        None
    } else {
        let offset = u64::try_from(fields.u32()? as i32);
        Some(offset.map_err(|_| Error::malformed("offset of samples"))?)
    };
    let first_flags = if flags & 0x04 == 0 {
        None
    } else {
        Some(fields.u32()?)
    };
    let mut samples = Vec::with_capacity((count as usize).min(fields.left() / 4));
    for n in 0..count {
        let mut or = |flag, default| {
            if flags & flag == 0 {
                Ok(default)
            } else {
                fields.u32()
            }
        };
        let duration = or(0x100, defaults.duration)?;
        let bytes = or(0x200, defaults.bytes)?;
        let own_flags = or(0x400, defaults.flags)?;
        // Signed in version 1; in version 0 nothing sensible is over 2^31.
        let shift = or(0x800, 0)? as i32;
        if bytes == 0 {
            return Err(Error::malformed("sample without bytes"));
        }
        let flags = first_flags.filter(|_| n == 0).unwrap_or(own_flags);
        samples.push(Sample {
            duration,
            bytes,
            shift,
            sync: flags & NON_SYNC == 0,
        });
    }
    Ok((offset, samples))
}
