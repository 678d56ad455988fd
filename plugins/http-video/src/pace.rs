//! Samples that come in bursts, handed on at the camera's own pace.
//!
//! A segment of HLS holds some seconds and arrives at once. The host takes arrivals for the
//! truth about time, so each sample must "arrive" when it is due: its decoding time plus an
//! offset that stays the same for as long as the stream goes on. A stall of the network is made
//! up for afterwards (what is late goes out at once); a stream that stays late gets a new offset.

use std::collections::VecDeque;

use padelvar_sdk::Microseconds;

use crate::clock::micros;
use crate::sample::{Sample, Stream};

/// What waits here at most, bytes: far below the 64 MiB of a session, above a segment of 10 s
/// at 16 Mbit/s. What is more goes out before its time.
const MAX_BYTES: usize = 24 * 1024 * 1024;
/// The same for the number of samples, whose own size counts, too.
const MAX_SAMPLES: usize = 16 * 1024;
/// A step of the decoding time that is none of a stream that goes on, 90 kHz.
const JUMP: u64 = 10 * 90_000;
/// The same where a stream begins: it may come segments before or behind the other one.
const FIRST_JUMP: u64 = 30 * 90_000;
/// A picture's time at 25 a second, 90 kHz: what is put in place of a jump.
const STEP: u64 = 3600;
/// Later than this is late, microseconds.
const LATE_US: Microseconds = 500_000;
/// Lateness that is waited for to be made up for.
const PATIENCE_US: Microseconds = 10_000_000;
/// What is due within this time goes along, so that sound does not cost a call of its own.
const ROUND_US: Microseconds = 5_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Pacer {
    queue: VecDeque<(Microseconds, Sample)>,
    bytes: usize,
    /// Host time of decoding time 0, may wrap.
    offset: Option<u64>,
    /// Added to the times as they come, may wrap.
    shift: u64,
    /// The greatest decoding times so far of pictures and of sound, after the shift.
    newest: [Option<u64>; 2],
    cut: bool,
    late_since: Option<Microseconds>,
}

impl Pacer {
    /// The next sample does not go on where the last one ended: its time is laid right behind.
    pub fn cut(&mut self) {
        self.cut = true;
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How far what waits reaches into the future, microseconds.
    pub fn span(&self, now: Microseconds) -> Microseconds {
        self.queue
            .back()
            .map_or(0, |(due, _)| due.saturating_sub(now))
    }

    /// The same of one of the two.
    pub fn span_of(&self, stream: Stream, now: Microseconds) -> Microseconds {
        let last = self.queue.iter().rev();
        let mut last = last.filter(|(_, sample)| sample.stream == stream);
        last.next().map_or(0, |(due, _)| due.saturating_sub(now))
    }

    /// Whether a sample came already.
    pub fn is_running(&self) -> bool {
        self.offset.is_some()
    }

    /// Whether the times of a sample are near those of the pictures so far.
    pub fn fits(&self, sample: &Sample) -> bool {
        let shifted = sample.dts.wrapping_add(self.shift);
        let newest = self.newest[Stream::Video as usize];
        newest.is_none_or(|newest| shifted.abs_diff(newest) <= FIRST_JUMP)
    }

    /// When there is something to release.
    pub fn next_due(&self) -> Option<Microseconds> {
        self.queue.front().map(|(due, _)| *due)
    }

    /// Takes a sample.
    pub fn push(&mut self, mut sample: Sample, now: Microseconds) {
        self.place(&mut sample);
        let at = micros(sample.dts);
        let offset = *self.offset.get_or_insert(now.wrapping_sub(at));
        // Before the clock's beginning is at its beginning.
        let mut due = (at.wrapping_add(offset) as i64).max(0) as u64;
        if due.saturating_add(LATE_US) < now {
            let since = *self.late_since.get_or_insert(now);
            let late = now - due;
            if late > PATIENCE_US || now.saturating_sub(since) > PATIENCE_US {
                self.offset = Some(offset.wrapping_add(late));
                self.late_since = None;
                due = now;
            }
        } else {
            self.late_since = None;
        }
        self.bytes += sample.data.len();
        let at = self.queue.partition_point(|(other, _)| *other <= due);
        // Within a stream nothing overtakes.
        let mine = |(_, other): &(u64, Sample)| other.stream == sample.stream;
        let after = self.queue.iter().rposition(mine).map_or(0, |last| last + 1);
        let at = at.max(after);
        if let Some((before, _)) = at.checked_sub(1).and_then(|before| self.queue.get(before)) {
            due = due.max(*before);
        }
        self.queue.insert(at, (due, sample));
    }

    /// The next sample that may go now, with the arrival that it is given.
    pub fn release(&mut self, now: Microseconds) -> Option<Sample> {
        let full = self.bytes > MAX_BYTES || self.queue.len() > MAX_SAMPLES;
        let due = |(due, _): &(u64, Sample)| full || *due <= now.saturating_add(ROUND_US);
        if !self.queue.front().is_some_and(due) {
            return None;
        }
        let (due, mut sample) = self.queue.pop_front()?;
        self.bytes -= sample.data.len();
        // Late ones arrive when their bytes did; the host follows the earliest arrivals.
        sample.arrived = due.max(sample.arrived).min(now);
        Some(sample)
    }

    /// Shifts a sample's times so that they go on from those before.
    fn place(&mut self, sample: &mut Sample) {
        let raw = sample.dts;
        let shifted = raw.wrapping_add(self.shift);
        let own = self.newest[sample.stream as usize];
        if let Some(newest) = self.newest.into_iter().flatten().max() {
            // Sound may run ahead of the pictures: those say where it goes on.
            let cut = self.cut && sample.stream == Stream::Video;
            let jump = own.map_or(FIRST_JUMP, |_| JUMP);
            if cut || shifted.abs_diff(own.unwrap_or(newest)) > jump {
                self.shift = newest.saturating_add(STEP).wrapping_sub(raw);
            }
            self.cut &= !cut;
        } else {
            self.cut = false;
        }
        sample.dts = raw.wrapping_add(self.shift);
        sample.pts = sample.pts.wrapping_add(self.shift);
        if sample.pts.abs_diff(sample.dts) > JUMP {
            sample.pts = sample.dts;
        }
        let newest = own.map_or(sample.dts, |newest| newest.max(sample.dts));
        self.newest[sample.stream as usize] = Some(newest);
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
