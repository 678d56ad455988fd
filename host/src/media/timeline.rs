//! From a camera's timestamps to the host's monotonic clock.
//!
//! The camera's clock says how far apart two pictures are, the arrival says where
//! they lie on the host's clock. Arrivals come late by what the network did, never
//! early; so the mapping follows the *earliest* arrivals of the last seconds:
//!
//! `host time = camera time + offset`, where the offset is led towards the minimum
//! of `arrival - camera time`, so slowly that jitter does not show and quickly
//! enough for a camera clock that is wrong by one per cent.

use std::collections::VecDeque;

use super::drift::ClockRun;

/// Arrivals that count for the minimum, in microseconds. A camera clock that is
/// 1 % slow makes the minimum lag by 1 % of this.
const WINDOW_US: i64 = 3_000_000;
/// Samples of the window at most: a flood of packets must not grow it.
const WINDOW_SAMPLES: usize = 512;
/// After an anchor the offset follows the minimum at once for this long: a camera
/// may begin with a burst of pictures that it had kept.
const SETTLE_US: i64 = 1_000_000;
/// A difference between camera time and arrival that is no jitter any more.
const JUMP_US: i64 = 1_000_000;
/// The offset rises by at most this part of the elapsed time (2 %).
const RISE_DIVISOR: i64 = 50;
/// The offset falls by at most this part of the elapsed time (10 %).
const FALL_DIVISOR: i64 = 10;
/// A difference between the clocks, in microseconds, that is left alone: half a picture's time
/// at 25 pictures a second.
const APART_US: u64 = 20_000;
/// Clocks that are this close, in microseconds, need not be brought closer.
const TOGETHER_US: u64 = 1_000;
/// The least step between two outputs: Matroska counts milliseconds.
const STEP_US: i64 = 1_000;
/// The longest delay of the network that is waited for to be caught up.
const STALL_US: i64 = 10_000_000;
/// Catching up after a stall goes on while the delay shrinks by [`PROGRESS_US`]
/// within this time.
const PATIENCE_US: i64 = 1_000_000;
/// See [`PATIENCE_US`].
const PROGRESS_US: i64 = 100_000;
/// So many jumps within [`JUMPS_WITHIN_US`] and the camera's clock is not believed
/// for [`DISTRUST_US`]: it stands still, or runs at another rate than it says.
const JUMPS: u32 = 3;
/// See [`JUMPS`].
const JUMPS_WITHIN_US: i64 = 10_000_000;
/// See [`JUMPS`].
const DISTRUST_US: i64 = 30_000_000;
/// A picture that is shown so much before one that was decoded earlier is reordered; further
/// back, the camera's clock jumped.
const REORDERED_US: i64 = 1_000_000;
/// Outputs among which a reordered one finds its place (H.264: 16 of a decoded picture buffer).
const NEIGHBOURS: usize = 20;

/// Maps the timestamps of one track to the host's clock.
///
/// Outputs are strictly increasing, by a millisecond at least. With
/// [`Timeline::reordered`] they are presentation times in decoding order: a picture
/// that is decoded later may be shown up to a second earlier (B-frames). Between two
/// anchors their order is that of the camera's timestamps.
#[derive(Clone, Debug)]
pub struct Timeline {
    clock_rate: i64,
    reordered: bool,
    anchor: Option<Anchor>,
    /// The greatest output so far.
    newest_us: Option<i64>,
    jumps: u32,
    first_jump_us: i64,
    distrusted_until_us: i64,
    /// Of the anchors before this one; all anchors and jumps so far.
    before: ClockRun,
}

/// The running mapping, from one anchor to the next.
#[derive(Clone, Debug)]
struct Anchor {
    /// Host time of the anchor.
    at_us: i64,
    /// Outputs are later than this, reordered ones too.
    floor_us: Option<i64>,
    /// The last timestamp as the camera wrote it.
    raw: u64,
    /// Ticks since the anchor, unwrapped.
    ticks: i64,
    /// Camera time since the anchor of this packet, in microseconds.
    camera_us: i64,
    /// That of the last packet that led: it was not one shown before an earlier one.
    led_us: i64,
    arrived_us: i64,
    offset_us: i64,
    /// (arrival, arrival - camera time), both rising from front to back: the front
    /// is the minimum of the window.
    window: VecDeque<(i64, i64)>,
    /// Since when the network is catching up, and the delay at that time.
    stall: Option<(i64, i64)>,
    /// Timestamps in a row that did not advance.
    still: u32,
    /// The offset is being led to the minimum.
    following: bool,
    /// The minimum, and when it arrived, of the first whole window.
    base: Option<(i64, i64)>,
    /// (camera time, output) of the last packets, rising from front to back.
    placed: VecDeque<(i64, i64)>,
}

impl Timeline {
    /// A timeline for timestamps of `clock_rate` ticks a second (0 is taken as 1).
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate: i64::from(clock_rate.max(1)),
            reordered: false,
            anchor: None,
            newest_us: None,
            jumps: 0,
            first_jump_us: 0,
            distrusted_until_us: i64::MIN,
            before: ClockRun::default(),
        }
    }

    /// Declares that packets come in decoding order and pictures may be shown in
    /// another one.
    #[must_use]
    pub fn reordered(mut self, reordered: bool) -> Self {
        self.reordered = reordered;
        self
    }

    /// All outputs are later than this: what another timeline gave before.
    #[must_use]
    pub fn after(mut self, newest_us: i64) -> Self {
        self.newest_us = Some(newest_us);
        self
    }

    /// From here on as with [`Timeline::reordered`]. To be called before the first picture is
    /// stamped that is shown before one decoded earlier.
    pub fn set_reordered(&mut self) {
        self.reordered = true;
    }

    /// Whether pictures may be shown in another order than they are decoded in.
    pub fn is_reordered(&self) -> bool {
        self.reordered
    }

    /// After a reconnect: the next packet stands at its arrival, after all outputs
    /// so far, whatever its timestamp is.
    pub fn reanchor(&mut self) {
        self.leave_anchor();
    }

    /// How the camera's clock ran so far.
    pub fn clock(&self) -> ClockRun {
        let now = self.anchor.as_ref().map(Anchor::run);
        self.before.and(now.unwrap_or_default())
    }

    /// Host time, in microseconds, of the packet with this `timestamp` (ticks)
    /// that arrived at `arrived_us`.
    ///
    /// Timestamps up to 2^32-1 are taken as a counter of 32 bits that wraps, greater
    /// ones as they are. Without one the arrival counts. `arrived_us` is believed:
    /// a caller that has it from elsewhere limits it to its own clock.
    pub fn stamp(&mut self, timestamp: Option<u64>, arrived_us: i64) -> i64 {
        let mapped = match timestamp {
            Some(raw) if arrived_us >= self.distrusted_until_us => self.map(raw, arrived_us),
            Some(_) => {
                self.leave_anchor();
                arrived_us
            }
            None => arrived_us,
        };
        let behind = |floor: Option<i64>, us: i64| {
            floor.map_or(us, |floor| us.max(floor.saturating_add(STEP_US)))
        };
        let out = match &mut self.anchor {
            Some(anchor) if timestamp.is_some() => {
                let (before, after) = anchor.neighbours();
                let out = match after.filter(|_| self.reordered) {
                    Some(after) => mapped.min(after.saturating_sub(STEP_US)),
                    None => mapped,
                };
                let floor = if self.reordered {
                    anchor.floor_us.max(before)
                } else {
                    self.newest_us
                };
                let out = behind(floor, out);
                anchor.place(out);
                out
            }
            _ => behind(self.newest_us, mapped),
        };
        self.newest_us = Some(self.newest_us.map_or(out, |newest| newest.max(out)));
        out
    }

    fn map(&mut self, raw: u64, arrived_us: i64) -> i64 {
        let (rate, reordered) = (self.clock_rate, self.reordered);
        if let Some(anchor) = &mut self.anchor {
            if let Some(mapped) = anchor.advance(raw, arrived_us, rate, reordered) {
                return mapped;
            }
            self.note_jump(arrived_us);
            self.leave_anchor();
        }
        self.anchor = Some(Anchor::new(raw, arrived_us, self.newest_us));
        self.before.anchors += 1;
        arrived_us
    }

    fn leave_anchor(&mut self) {
        if let Some(anchor) = self.anchor.take() {
            self.before = self.before.and(anchor.run());
        }
    }

    fn note_jump(&mut self, arrived_us: i64) {
        if self.jumps == 0 || arrived_us.saturating_sub(self.first_jump_us) > JUMPS_WITHIN_US {
            self.jumps = 0;
            self.first_jump_us = arrived_us;
        }
        self.jumps += 1;
        self.before.jumps += 1;
        if self.jumps >= JUMPS {
            self.jumps = 0;
            self.distrusted_until_us = arrived_us.saturating_add(DISTRUST_US);
        }
    }
}

impl Anchor {
    fn new(raw: u64, arrived_us: i64, floor_us: Option<i64>) -> Self {
        Self {
            at_us: arrived_us,
            floor_us,
            raw,
            ticks: 0,
            camera_us: 0,
            led_us: 0,
            arrived_us,
            offset_us: arrived_us,
            window: VecDeque::from([(arrived_us, arrived_us)]),
            stall: None,
            still: 0,
            following: false,
            base: None,
            placed: VecDeque::new(),
        }
    }

    /// The host time, or nothing if the camera's time jumped.
    fn advance(&mut self, raw: u64, arrived_us: i64, rate: i64, reordered: bool) -> Option<i64> {
        self.ticks = self.ticks.saturating_add(ticks_between(self.raw, raw));
        self.raw = raw;
        let camera_us = micros(self.ticks, rate);
        let camera_step = camera_us.saturating_sub(self.led_us);
        let arrival_step = arrived_us.saturating_sub(self.arrived_us).max(0);
        self.camera_us = camera_us;
        if reordered && (-REORDERED_US..0).contains(&camera_step) {
            // What it was held back for says nothing of the clocks.
            return Some(camera_us.saturating_add(self.offset_us));
        }
        self.led_us = camera_us;
        self.arrived_us = self.arrived_us.max(arrived_us);

        self.still = if camera_step > 0 { 0 } else { self.still + 1 };
        if self.still > 1 && !reordered && arrival_step > STEP_US {
            return None;
        }
        let delay = arrived_us.saturating_sub(camera_us);
        let settling = arrived_us.saturating_sub(self.at_us) < SETTLE_US;
        let late = delay.saturating_sub(self.offset_us);
        if late < -JUMP_US && !settling {
            return None;
        }
        if late > JUMP_US {
            if !self.catching_up(late, camera_step, arrival_step, arrived_us) {
                return None;
            }
        } else {
            self.stall = None;
            self.remember(arrived_us, delay);
            self.slew(settling, camera_step.min(arrival_step).max(0));
        }
        Some(camera_us.saturating_add(self.offset_us))
    }

    /// Whether a late packet is one that a stalled network held back: the silence
    /// before it explains its delay, and what follows it makes up for it. A camera
    /// whose clock went back shows neither.
    fn catching_up(&mut self, late: i64, camera: i64, arrival: i64, arrived_us: i64) -> bool {
        match &mut self.stall {
            None => {
                let explained = (0..JUMP_US).contains(&camera)
                    && late <= STALL_US
                    && arrival.saturating_add(JUMP_US) >= late;
                self.stall = Some((arrived_us, late));
                explained
            }
            Some((since, delay)) if late <= *delay - PROGRESS_US => {
                (*since, *delay) = (arrived_us, late);
                true
            }
            Some((since, delay)) => {
                arrived_us.saturating_sub(*since) <= PATIENCE_US
                    && late <= delay.saturating_add(PROGRESS_US)
            }
        }
    }

    /// The outputs between which the current packet belongs.
    fn neighbours(&self) -> (Option<i64>, Option<i64>) {
        let at = self
            .placed
            .partition_point(|&(camera, _)| camera <= self.camera_us);
        let before = at.checked_sub(1).and_then(|before| self.placed.get(before));
        let out = |&(_, out): &(i64, i64)| out;
        (before.map(out), self.placed.get(at).map(out))
    }

    /// Remembers the current packet's output.
    fn place(&mut self, out: i64) {
        let at = self
            .placed
            .partition_point(|&(camera, _)| camera <= self.camera_us);
        self.placed.insert(at, (self.camera_us, out));
        if self.placed.len() > NEIGHBOURS {
            self.placed.pop_front();
        }
    }

    fn remember(&mut self, arrived_us: i64, delay: i64) {
        while self.window.back().is_some_and(|&(_, d)| d >= delay) {
            self.window.pop_back();
        }
        self.window.push_back((arrived_us, delay));
        let oldest = arrived_us.saturating_sub(WINDOW_US);
        while self.window.len() > WINDOW_SAMPLES
            || self.window.front().is_some_and(|&(at, _)| at < oldest)
        {
            self.window.pop_front();
        }
        if self.base.is_none() && arrived_us.saturating_sub(self.at_us) >= WINDOW_US {
            self.base = self.window.front().copied();
        }
    }

    /// How the camera's clock ran: the least delay shrinks where it is fast.
    fn run(&self) -> ClockRun {
        match (self.base, self.window.front()) {
            (Some((from_us, delay)), Some(&(until_us, now))) => ClockRun {
                drift_us: delay.saturating_sub(now),
                over_us: until_us.saturating_sub(from_us).max(0),
                ..ClockRun::default()
            },
            _ => ClockRun::default(),
        }
    }

    /// Leads the offset towards the minimum of the window.
    fn slew(&mut self, settling: bool, elapsed_us: i64) {
        let Some(&(_, least)) = self.window.front() else {
            return;
        };
        let wanted = least.saturating_sub(self.offset_us);
        // An even rate stays even to the microsecond until the clocks are apart by more than
        // jitter makes of it; then they are brought together in one go.
        if wanted.unsigned_abs() > APART_US {
            self.following = true;
        } else if wanted.unsigned_abs() <= TOGETHER_US {
            self.following = false;
        }
        if !self.following {
            return;
        }
        let fall = if settling {
            i64::MIN
        } else {
            -(elapsed_us / FALL_DIVISOR)
        };
        let step = wanted.clamp(fall, elapsed_us / RISE_DIVISOR);
        self.offset_us = self.offset_us.saturating_add(step);
    }
}

/// Ticks from one timestamp to the next; counters of 32 bits wrap.
fn ticks_between(from: u64, to: u64) -> i64 {
    match (u32::try_from(from), u32::try_from(to)) {
        (Ok(from), Ok(to)) => i64::from(to.wrapping_sub(from) as i32),
        _ => i64::try_from(i128::from(to) - i128::from(from)).unwrap_or(if to > from {
            i64::MAX
        } else {
            i64::MIN
        }),
    }
}

fn micros(ticks: i64, rate: i64) -> i64 {
    let us = i128::from(ticks) * 1_000_000 / i128::from(rate);
    i64::try_from(us).unwrap_or(if us > 0 { i64::MAX } else { i64::MIN })
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
