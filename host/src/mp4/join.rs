//! The parts of a recording on one timeline, track by track.

use std::borrow::Cow;

use super::boxes::Kind;
use super::fragment::{Run, Sample};
use super::init::{MAX_ENTRIES, Track};
use super::scan::Part;

/// A part that begins so much before the end of the one before has a forged marker,
/// too: a new child is given what follows the last keyframe, and no more. Some cameras send
/// none for minutes; what the recorder holds of them (48 MB) is over within the hour.
const MAX_OVERLAP_US: i64 = 3_600 * 1_000_000;
/// A part that begins more than this after the first one has a forged marker: a
/// recording takes a day at most.
const MAX_START_US: i64 = 48 * 3_600 * 1_000_000;

/// Two parts have the same picture if its times differ by less: Matroska rounds to
/// milliseconds, a marker does not.
const SAME_US: i64 = 5_000;
/// Pictures that may be decoded between one and the next one to be shown (H.264:
/// 16 of a decoded picture buffer), with room.
const MAX_REORDERED: usize = 64;

/// All parts together.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined {
    /// Second 0 of the file on the recording's clock, in microseconds.
    pub start_us: i64,
    /// Parts with samples.
    pub parts: u32,
    /// Tracks with samples.
    pub tracks: Vec<JoinedTrack>,
}

/// One track over all parts.
#[derive(Clone, Debug)]
pub(super) struct JoinedTrack {
    /// As the first part with this track describes it; with the sample entries of
    /// all parts.
    pub track: Track,
    /// Samples in decoding order.
    pub samples: Vec<Timed>,
    pub chunks: Vec<Chunk>,
    last_duration: i64,
    /// When the last sample's showing ends, in ticks from second 0 of the file.
    pub end: i64,
}

/// A sample on the timeline of the file, in ticks from second 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timed {
    /// Strictly increasing. The first ones may be negative.
    pub dts: i64,
    pub pts: i64,
    pub bytes: u32,
    pub sync: bool,
}

/// Samples that lie one behind the other in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub offset: u64,
    pub samples: u32,
    /// Number of the sample entry, from 0.
    pub entry: u32,
}

/// Joins the parts: each begins with its first picture, where its marker says.
pub(super) fn join(parts: &[Part]) -> Joined {
    let mut joined = Joined::default();
    let mut first_start_us = None;
    for part in parts.iter().filter(|part| !part.runs.is_empty()) {
        let zero = *first_start_us.get_or_insert(part.start_us.unwrap_or(0));
        // A marker that makes no sense must not cost the part's pictures.
        let start_us = part
            .start_us
            .map(|us| us.saturating_sub(zero))
            .filter(|&us| {
                let earliest = joined.end_us().saturating_sub(MAX_OVERLAP_US).max(0);
                (earliest..=MAX_START_US).contains(&us)
            })
            .unwrap_or_else(|| joined.end_us());
        joined.add(part, start_us);
        joined.parts += 1;
    }
    joined.start_us = first_start_us.unwrap_or(0);
    joined
}

impl Joined {
    /// The end of the longest track, in microseconds from second 0.
    pub fn end_us(&self) -> i64 {
        let ends = self
            .tracks
            .iter()
            .map(|t| rescale(t.end, t.track.timescale, 1_000_000));
        ends.max().unwrap_or(0)
    }

    /// The first track of pictures.
    pub fn video(&self) -> Option<&JoinedTrack> {
        self.tracks.iter().find(|t| t.track.is_video())
    }

    /// Lets the last picture stand until this time on the recording's clock.
    pub fn extend_to(&mut self, end_us: i64) {
        let after = end_us.saturating_sub(self.start_us);
        if let Some(video) = self.video() {
            self.extend_to_ticks(rescale(after, 1_000_000, video.track.timescale));
        }
    }

    /// As [`Joined::extend_to`], in the ticks of the pictures from second 0.
    pub fn extend_to_ticks(&mut self, end: i64) {
        if let Some(video) = self.tracks.iter_mut().find(|t| t.track.is_video()) {
            let most = rescale(2 * MAX_START_US, 1_000_000, video.track.timescale);
            video.end = video.end.max(end.min(most));
        }
    }

    fn add(&mut self, part: &Part, start_us: i64) {
        let (reference, scale) = reference(part);
        let mut seen: Vec<(Kind, usize)> = Vec::new();
        for (number, track) in part.init.tracks.iter().enumerate() {
            let nth = seen
                .iter()
                .filter(|(kind, _)| *kind == track.handler)
                .count();
            seen.push((track.handler, nth));
            let runs = part.runs.iter().filter(|run| run.track == number);
            let mut runs: Vec<Cow<'_, Run>> = runs.map(Cow::Borrowed).collect();
            let Some(first) = runs.first_mut() else {
                continue;
            };
            if track.is_sound() {
                begin_when_heard(first);
            }
            let joined = self.track_for(track, nth);
            let entries = joined.entries_for(track);
            let to = joined.track.timescale;
            let shift =
                rescale(start_us, 1_000_000, to).saturating_sub(rescale(reference, scale, to));
            let times = runs.iter().flat_map(|run| run.times());
            let first_shown = times.map(|(_, pts)| pts).min();
            let scaled = |ticks| rescale(ticks, track.timescale, to).saturating_add(shift);
            joined.make_room(first_shown.map_or(0, scaled));
            for run in &runs {
                joined.push(run, entries[run.entry], track.timescale, shift);
            }
            joined.note_end();
        }
    }

    /// The `nth` track of this kind: the one that is there, or a new one.
    fn track_for(&mut self, track: &Track, nth: usize) -> &mut JoinedTrack {
        let mut same = (self.tracks.iter().enumerate())
            .filter(|(_, joined)| joined.track.handler == track.handler)
            .map(|(number, _)| number);
        let number = same.nth(nth).unwrap_or_else(|| {
            let mut track = track.clone();
            track.entries.clear();
            let (samples, chunks) = (Vec::new(), Vec::new());
            self.tracks.push(JoinedTrack {
                track,
                samples,
                chunks,
                last_duration: 0,
                end: 0,
            });
            self.tracks.len() - 1
        });
        &mut self.tracks[number]
    }
}

impl JoinedTrack {
    /// The numbers, in the joined track, of a part's sample entries.
    fn entries_for(&mut self, track: &Track) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(track.entries.len());
        for entry in &track.entries {
            let known = &mut self.track.entries;
            let number = known
                .iter()
                .position(|other| other == entry)
                .unwrap_or_else(|| {
                    if known.len() < MAX_ENTRIES {
                        known.push(entry.clone());
                    }
                    known.len() - 1
                });
            numbers.push(number as u32);
        }
        numbers
    }

    /// Takes the samples away that a part has too whose first one is shown at `pts`.
    /// What is left is a beginning in decoding order, so it decodes.
    fn make_room(&mut self, pts: i64) {
        let overlap = rescale(MAX_OVERLAP_US, 1_000_000, self.track.timescale);
        let pts = pts.saturating_sub(rescale(SAME_US, 1_000_000, self.track.timescale));
        let from = pts.saturating_sub(overlap);
        let from = self.samples.partition_point(|sample| sample.dts < from);
        let Some(common) = self.samples[from..].iter().position(|s| s.pts >= pts) else {
            return;
        };
        let mut away = (self.samples.len() - from - common) as u32;
        self.samples.truncate(from + common);
        while let Some(chunk) = self.chunks.last_mut().filter(|_| away > 0) {
            let now = away.min(chunk.samples);
            chunk.samples -= now;
            away -= now;
            if chunk.samples == 0 {
                self.chunks.pop();
            }
        }
    }

    /// The end is that of the sample shown last, which is among the last decoded.
    fn note_end(&mut self) {
        let last = self.samples.iter().rev().take(MAX_REORDERED);
        let shown = last.map(|sample| sample.pts.max(sample.dts)).max();
        self.end = shown.unwrap_or(0).saturating_add(self.last_duration.max(1));
    }

    fn push(&mut self, run: &Run, entry: u32, from_scale: u32, shift: i64) {
        let to_scale = self.track.timescale;
        let scaled = |ticks: i64| rescale(ticks, from_scale, to_scale).saturating_add(shift);
        let mut ticks = run.dts;
        for &Sample {
            duration,
            bytes,
            shift: to_pts,
            sync,
        } in &run.samples
        {
            let pts = scaled(ticks.saturating_add(to_pts.into()));
            // Fragments of one part that overlap are pushed behind each other.
            let after_last = self.samples.last().map(|last| last.dts.saturating_add(1));
            let decoded = scaled(ticks);
            let dts = after_last.map_or(decoded, |least| decoded.max(least));
            let shown = if dts > decoded { pts.max(dts) } else { pts };
            self.samples.push(Timed {
                dts,
                pts: shown,
                bytes,
                sync,
            });
            ticks = ticks.saturating_add(duration.into());
            self.last_duration = rescale(duration.into(), from_scale, to_scale);
        }
        let samples = run.samples.len() as u32;
        self.chunks.push(Chunk {
            offset: run.offset,
            samples,
            entry,
        });
    }
}

/// FFmpeg lets a track begin at the zero of its file, and stretches the first sample of sound that
/// begins later: it would be heard too early, and a player that goes by samples would hear all
/// of it so.
fn begin_when_heard(run: &mut Cow<'_, Run>) {
    let [first, second, ..] = run.samples.as_slice() else {
        return;
    };
    let (stretched, usual) = (first.duration, second.duration);
    if usual > 0 && stretched > usual {
        let run = run.to_mut();
        run.dts = run.dts.saturating_add((stretched - usual).into());
        run.samples[0].duration = usual;
    }
}

/// When the part's first picture is shown on FFmpeg's clock, and that clock's
/// timescale; without pictures, its earliest sample.
fn reference(part: &Part) -> (i64, u32) {
    let video = part.init.video();
    let times = |wanted: Option<usize>| {
        let runs = part
            .runs
            .iter()
            .filter(move |run| wanted.is_none_or(|t| t == run.track));
        runs.flat_map(|run| {
            let scale = part.init.tracks[run.track].timescale;
            run.times().map(move |(_, pts)| (pts, scale))
        })
    };
    video
        .and_then(|video| times(Some(video)).min())
        .or_else(|| times(None).min_by_key(|&(pts, scale)| rescale(pts, scale, 1_000_000)))
        .unwrap_or((0, 1))
}

/// Ticks of one scale in another one, to the nearest.
pub(super) fn rescale(ticks: i64, from: u32, to: u32) -> i64 {
    if from == to {
        return ticks;
    }
    let (ticks, from, to) = (i128::from(ticks), i128::from(from), i128::from(to));
    let nearest = (ticks * to + from / 2).div_euclid(from);
    i64::try_from(nearest).unwrap_or(if ticks > 0 { i64::MAX } else { i64::MIN })
}
