//! Where attempts come together: mostly one brings pictures, for a moment two do.
//!
//! An attempt is known by its lane. What comes on the running lane goes to the feed; what comes
//! on the waiting one is held until it takes the running one's place (see `splice`). What comes
//! on any other is of an attempt that was left, and dropped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::info;

use super::course::{Course, Picture};
use super::feed::Shared;
use super::hearing::Hearing;
use super::splice::{Splice, Verdict};
use super::status::{CameraState, NO_ANSWER_YET};
use super::trace::{Trace, Way};
use crate::clock::now_us;
use crate::media::VideoTrack;
use crate::media::sound::{Sound, SoundTrack};

/// A lane whose last picture is older is not live any more, unless it is slow by itself.
const LIVE: Duration = Duration::from_secs(2);

/// Number of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneId(u64);

/// See the module.
pub struct Junction {
    shared: Arc<Shared>,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    course: Course,
    running: Option<Lane>,
    /// The running attempt has ended.
    ended: bool,
    waiting: Option<(Lane, Splice<Picture>)>,
    lanes: u64,
    /// By which way the last change was made, until it was asked for.
    spliced: Option<Way>,
}

struct Lane {
    id: LaneId,
    trace: Trace,
    /// What its times lie behind those of the course, microseconds.
    shift_us: i64,
    /// When the first picture went to the feed, and the last one.
    live: Option<(Instant, Instant)>,
    sound: Option<Hearing>,
    /// What the host's clock shows minus the camera's wall clock, by the last picture,
    /// microseconds; none without a sender report.
    wall_offset_us: Option<i64>,
}

impl Lane {
    fn new(id: LaneId) -> Self {
        Self {
            id,
            trace: Trace::new(1),
            shift_us: 0,
            live: None,
            sound: None,
            wall_offset_us: None,
        }
    }
}

impl Junction {
    /// No attempt yet.
    pub fn new(shared: Arc<Shared>) -> Self {
        let state = State {
            course: Course::new(Arc::clone(&shared)),
            running: None,
            ended: false,
            waiting: None,
            lanes: 0,
            spliced: None,
        };
        Self {
            shared,
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// What the attempts bring pictures to.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// A lane for an attempt that brings pictures at once; what was before is forgotten.
    pub fn run(&self) -> LaneId {
        let mut state = self.state();
        let id = state.next();
        state.running = Some(Lane::new(id));
        state.waiting = None;
        state.ended = false;
        id
    }

    /// A lane for an attempt that is to take the running one's place.
    pub fn wait(&self) -> LaneId {
        let mut state = self.state();
        let id = state.next();
        self.give_up_in(&mut state);
        let lane = Lane::new(id);
        let mut splice = Splice::new();
        if state.ended {
            // Nothing came on either side that could be decided.
            splice.old_ended((&lane.trace, &lane.trace), now_us());
        }
        state.waiting = Some((lane, splice));
        id
    }

    /// The waiting attempt is not wanted any more.
    pub fn give_up(&self) {
        self.give_up_in(&mut self.state());
    }

    /// Nothing more comes on this lane. What waits need not wait for it any more.
    pub fn ended(&self, id: LaneId) {
        let mut state = self.state();
        if state.running.as_ref().is_none_or(|lane| lane.id != id) {
            return;
        }
        state.ended = true;
        self.look(&mut state, |splice, traces| {
            splice.old_ended(traces, now_us())
        });
    }

    /// The readers were told that the camera is gone.
    pub fn lost(&self) {
        self.shared.lost();
        self.shared.status.send_if_modified(|status| {
            let was_live = status.state == CameraState::Live;
            if was_live {
                status.state = CameraState::Lost;
            }
            was_live
        });
        self.begin_afresh();
    }

    /// The waiting attempt begins with a keyframe, whatever the readers had before.
    pub fn begin_afresh(&self) {
        if let Some((_, splice)) = &mut self.state().waiting {
            splice.begin_afresh();
        }
    }

    /// The waiting attempt brings no keyframe: the change may be made between any two pictures.
    pub fn splice_anywhere(&self) {
        if let Some((_, splice)) = &mut self.state().waiting {
            splice.begin_anywhere();
        }
    }

    /// Whether an attempt waits.
    pub fn has_waiting(&self) -> bool {
        self.state().waiting.is_some()
    }

    /// To be called now and then while an attempt waits.
    pub fn tick(&self) {
        let mut state = self.state();
        self.look(&mut state, |splice, traces| splice.look(traces, now_us()));
    }

    /// Resolves when the waiting attempt has become the running one. Safe to drop and call again.
    pub async fn spliced(&self) -> Way {
        loop {
            if let Some(way) = self.state().spliced.take() {
                return way;
            }
            self.changed.notified().await;
        }
    }

    /// How long pictures came on this lane; none where none went to the feed.
    pub fn live_for(&self, id: LaneId) -> Option<Duration> {
        let state = self.state();
        let (since, last) = state.running.as_ref().filter(|lane| lane.id == id)?.live?;
        Some(last.duration_since(since))
    }

    /// Whether pictures come on the running lane, as far as its pace tells.
    pub fn is_live(&self) -> bool {
        let state = self.state();
        let running = state.running.as_ref().filter(|_| !state.ended);
        running.is_some_and(|lane| {
            let pace = Duration::from_micros(lane.trace.pace_us().clamp(0, 60_000_000) as u64);
            lane.live
                .is_some_and(|(_, last)| last.elapsed() < LIVE + pace * 2)
        })
    }

    /// What comes on this lane from here on. `anew`: its times have nothing to do with those
    /// before.
    pub fn track(&self, id: LaneId, track: &Arc<VideoTrack>, anew: Option<u32>) {
        let mut state = self.state();
        let state = &mut *state;
        if let Some(lane) = state.running.as_mut().filter(|lane| lane.id == id) {
            match anew {
                Some(clock_rate) => {
                    lane.trace = Trace::new(clock_rate);
                    lane.shift_us = 0;
                    state.course.begin(Arc::clone(track));
                }
                None => state.course.track(Arc::clone(track)),
            }
        } else if let (Some((lane, splice)), Some(clock_rate)) = (&mut state.waiting, anew)
            && lane.id == id
        {
            lane.trace = Trace::new(clock_rate);
            splice.forget_new();
        }
    }

    /// A picture came on this lane.
    pub fn picture(&self, id: LaneId, timestamp: Option<u64>, arrived_us: i64, part: Part) {
        let mut guard = self.state();
        let state = &mut *guard;
        let running = state.running.as_mut().filter(|lane| lane.id == id);
        if let Some(lane) = running {
            let picture = part.stamped(&mut lane.trace, timestamp, arrived_us);
            if state.waiting.is_none() {
                return self.publish(state, picture);
            }
            let seen = picture.seen;
            self.look(state, |splice, traces| {
                splice.old(traces, seen, picture, now_us())
            });
        } else if let Some((lane, _)) = state.waiting.as_mut().filter(|(lane, _)| lane.id == id) {
            let picture = part.stamped(&mut lane.trace, timestamp, arrived_us);
            let (seen, keyframe) = (picture.seen, picture.keyframe);
            self.look(state, |splice, traces| {
                splice.new_picture(traces, seen, keyframe, picture, now_us())
            });
        }
    }

    /// The sound that comes on this lane from here on, if any; its ticks a second.
    pub fn sound_track(&self, id: LaneId, track: Option<(SoundTrack, u32)>) {
        let mut state = self.state();
        let Some(lane) = state.lane(id) else {
            return;
        };
        // Told again, with the pictures: its clock goes on.
        let known = lane.sound.as_ref().map(|hearing| &**hearing.track());
        if known != track.as_ref().map(|(track, _)| track) {
            lane.sound = track.map(|(track, clock_rate)| Hearing::new(track, clock_rate));
        }
    }

    /// A piece of sound came on this lane. Without pictures it is of no use.
    pub fn sound(&self, id: LaneId, timestamp: Option<u64>, arrived_us: i64, data: bytes::Bytes) {
        let mut state = self.state();
        let Some(lane) = state.running.as_mut().filter(|lane| lane.id == id) else {
            return;
        };
        let (live, wall_offset_us) = (lane.live.is_some(), lane.wall_offset_us);
        let Some(hearing) = lane.sound.as_mut() else {
            return;
        };
        let pts_us = hearing.place(timestamp, arrived_us, &data, wall_offset_us);
        if let (true, Some(pts_us)) = (live, pts_us) {
            let track = hearing.track();
            self.shared.publish_sound(track, Sound { pts_us, data });
        }
    }

    /// The camera's wall clock at a timestamp of this lane's sound.
    pub fn sound_report(&self, id: LaneId, timestamp: u64, ntp: u64) {
        let mut state = self.state();
        if let Some(hearing) = state.lane(id).and_then(|lane| lane.sound.as_mut()) {
            hearing.report(timestamp, ntp);
        }
    }

    /// The camera's wall clock at a timestamp of this lane.
    pub fn report(&self, id: LaneId, timestamp: u64, ntp: u64) {
        let mut state = self.state();
        if let Some(lane) = state.lane(id) {
            lane.trace.report(timestamp, ntp);
        }
    }

    /// Asks the splice, where there is one, and does what it says.
    fn look(
        &self,
        state: &mut State,
        ask: impl FnOnce(&mut Splice<Picture>, (&Trace, &Trace)) -> Verdict<Picture>,
    ) {
        let (Some(old), Some((new, splice))) = (&state.running, &mut state.waiting) else {
            return;
        };
        let verdict = ask(splice, (&old.trace, &new.trace));
        for picture in verdict.old {
            self.publish(state, picture);
        }
        let Some(over) = verdict.over else {
            return;
        };
        if let (Some((mut new, _)), Some(old)) = (state.waiting.take(), &state.running) {
            new.shift_us = old.shift_us.saturating_add(over.alignment.shift_us);
            state.running = Some(new);
            state.ended = false;
            state.spliced = Some(over.alignment.way);
            self.changed.notify_one();
        }
        if !over.new.first().is_some_and(|picture| picture.keyframe) {
            // In the midst of a group: its pictures follow on those that were shown.
            self.came_live(state);
        }
        for picture in over.new {
            self.publish(state, picture);
        }
    }

    fn give_up_in(&self, state: &mut State) {
        if let Some((_, splice)) = state.waiting.take() {
            for picture in splice.give_up() {
                self.publish(state, picture);
            }
        }
        state.spliced = None;
    }

    /// Gives a picture of the running lane to the feed.
    fn publish(&self, state: &mut State, picture: Picture) {
        let Some(lane) = &mut state.running else {
            return;
        };
        let can_be_shown = lane.live.is_some() || picture.keyframe;
        let wall_us = lane.trace.wall_us(&picture.seen);
        let pts_us = state.course.picture(picture, lane.shift_us, can_be_shown);
        lane.wall_offset_us = wall_us.map(|wall_us| pts_us.saturating_sub(wall_us));
        match &mut lane.live {
            Some((_, last)) => *last = Instant::now(),
            None if can_be_shown => self.came_live(state),
            None => {}
        }
    }

    /// The running lane's pictures go to the feed from here on.
    fn came_live(&self, state: &mut State) {
        if let Some(lane) = &mut state.running {
            let now = Instant::now();
            lane.live = Some((now, now));
        }
        let track = state.course.shown();
        self.shared.status.send_modify(|status| {
            if let (Some(track), true) = (track, status.state != CameraState::Live) {
                let VideoTrack {
                    codec,
                    width,
                    height,
                    ..
                } = **track;
                info!(%codec, width, height, "camera live");
            }
            if status.state == CameraState::Lost {
                status.reconnects += 1;
                self.shared.counts.reconnected();
            }
            status.state = CameraState::Live;
            status.failures = 0;
            if status.last_error.as_deref() == Some(NO_ANSWER_YET) {
                status.last_error = None;
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self) -> LaneId {
        self.lanes += 1;
        LaneId(self.lanes)
    }

    fn lane(&mut self, id: LaneId) -> Option<&mut Lane> {
        let waiting = self.waiting.as_mut().map(|(lane, _)| lane);
        let mut lanes = self.running.as_mut().into_iter().chain(waiting);
        lanes.find(|lane| lane.id == id)
    }
}

/// A picture whose time is not known yet.
pub struct Part {
    /// What it is.
    pub track: Arc<VideoTrack>,
    /// Decoding can start here.
    pub keyframe: bool,
    /// Network packets known to be missing just before it.
    pub lost_before: u32,
    /// Its bytes.
    pub data: bytes::Bytes,
}

impl Part {
    fn stamped(self, trace: &mut Trace, timestamp: Option<u64>, arrived_us: i64) -> Picture {
        let seen = trace.picture(timestamp, arrived_us, &self.data);
        Picture {
            track: self.track,
            seen,
            keyframe: self.keyframe,
            lost_before: self.lost_before,
            data: self.data,
        }
    }
}

#[cfg(test)]
#[path = "junction_tests.rs"]
mod tests;
