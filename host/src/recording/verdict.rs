//! Whether a recording is whole, and what is to be said about it. Pure.

use super::quality::{EndedBy, Quality};
use super::status::{Mode, RecordingState, RecordingStatus};

/// Seconds that whatever dies may cost: the host's promise. A start that is later, or a file
/// that is shorter by more, is a fault.
const MAY_COST_SECONDS: f64 = 2.0;
/// One picture lost in so many is a fault: of a match of 90 minutes 5 seconds. Below that, nobody
/// who watches misses anything.
const ONE_LOST_OF: u64 = 1_000;
/// Pictures that joining parts of a file may leave out.
const JOINING_TAKES: u64 = 5;
/// One lost packet in so many pictures is a fault, whether or not a picture is missing by it: what
/// is shown is damaged up to the next keyframe, at this rate about once in 80 seconds.
const ONE_DAMAGED_OF: u64 = 2_000;

/// A camera's clock that is off by more, parts per million, is broken: quartz is off by 100 at
/// worst. It would be 2.7 s in 90 minutes; the file keeps to this host's clock.
const DRIFT_PPM: f64 = 500.0;
/// Over less, microseconds, a drift is not told: the network's jitter of some milliseconds would
/// be as much.
const DRIFT_OVER_US: i64 = 60_000_000;

/// What is to be said about a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// For programs; never changed, more may be added.
    pub code: &'static str,
    /// The recording is not whole because of it.
    pub fault: bool,
    /// For people.
    pub text: String,
}

/// A judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether nothing that matters is missing; none while it goes on, and where nobody counted.
    pub whole: Option<bool>,
    /// Why, what weighs most first.
    pub findings: Vec<Finding>,
}

/// Judges a recording, under way or over.
pub fn verdict(status: &RecordingStatus) -> Verdict {
    let mut findings = Findings::default();
    findings.of_state(status);
    findings.of_gaps(status);
    if let Some(quality) = &status.quality {
        findings.of_limits(status, quality);
        findings.of_pictures(status, quality);
        findings.of_restarts(status, quality);
    }
    let mut findings = findings.0;
    // Faults first, else in the order in which they were found.
    findings.sort_by_key(|finding| !finding.fault);
    let faulty = findings.iter().any(|finding| finding.fault);
    let known = status.quality.is_some() || faulty;
    let whole = (status.state.is_final() && known).then_some(!faulty);
    Verdict { whole, findings }
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn fault(&mut self, code: &'static str, text: impl Into<String>) {
        let text = text.into();
        let fault = true;
        self.0.push(Finding { code, fault, text });
    }

    fn note(&mut self, code: &'static str, text: impl Into<String>) {
        let text = text.into();
        let fault = false;
        self.0.push(Finding { code, fault, text });
    }

    fn of_state(&mut self, status: &RecordingStatus) {
        if !status.state.is_final() {
            self.note("still_recording", "the recording goes on");
        }
        if status.state == RecordingState::Failed {
            let error = status.error.as_deref();
            let text = error.unwrap_or("there is no file, or it is not whole");
            match status.started_at {
                Some(_) => self.fault("failed", text),
                None => self.fault("no_picture", text),
            }
        }
        if status.quality.is_none() {
            self.note(
                "not_observed",
                "nobody counted its pictures: only gaps and the file's length are known",
            );
        }
    }

    fn of_gaps(&mut self, status: &RecordingStatus) {
        if status.gaps.is_empty() {
            return;
        }
        let mut causes: Vec<&str> = status.gaps.iter().map(|gap| &*gap.cause).collect();
        causes.sort_unstable();
        causes.dedup();
        let (count, causes) = (status.gaps.len(), causes.join(", "));
        let seconds = status.gap_seconds();
        let times = if count == 1 { "gap" } else { "gaps" };
        self.fault(
            "gaps",
            format!("{count} {times} without pictures, {seconds:.1} s in all ({causes})"),
        );
    }

    /// Beginning and end.
    fn of_limits(&mut self, status: &RecordingStatus, quality: &Quality) {
        let late = quality.start_delay_seconds;
        if late > MAY_COST_SECONDS {
            let text = format!("the first picture came {late:.1} s after the start was called");
            self.fault("late_start", text);
        }
        let said = |text: &str| status.error.clone().unwrap_or_else(|| text.to_owned());
        match quality.ended_by {
            Some(EndedBy::DiskFull) => self.fault("disk_full", said("the disk was full")),
            Some(EndedBy::Disk) => {
                self.fault("disk_failed", said("the disk could not be written"));
            }
            Some(EndedBy::Ffmpeg) => {
                self.fault("ffmpeg_failed", said("FFmpeg did not write all of it"));
            }
            Some(EndedBy::Plan | EndedBy::Call) | None => {}
        }
        let expected = status.expected_seconds();
        if let (Some(expected), Some(there)) = (expected, status.duration_seconds)
            && there + MAY_COST_SECONDS < expected
        {
            let text = format!("the file has {there:.1} s of {expected:.1} s");
            self.fault("ended_early", text);
        }
    }

    fn of_pictures(&mut self, status: &RecordingStatus, quality: &Quality) {
        let received = quality.frames_received;
        let (lost, packets) = (quality.frames_lost, quality.packets_lost);
        if lost > 0 {
            let text = format!("{lost} pictures never came, beside {received} that did");
            if lost.saturating_mul(ONE_LOST_OF) > received {
                self.fault("frames_lost", text);
            } else {
                self.note("frames_lost", text);
            }
        }
        if packets > 0 {
            let text = format!("{packets} network packets were lost on the way from the camera");
            if packets.saturating_mul(ONE_DAMAGED_OF) > received {
                self.fault("packets_lost", text);
            } else {
                self.note("packets_lost", text);
            }
        }
        if quality.frames_left_out > 0 {
            let out = quality.frames_left_out;
            let text = format!("{out} pictures came, but those that they refer to were missing");
            if out.saturating_mul(ONE_LOST_OF) > received {
                self.fault("frames_left_out", text);
            } else {
                self.note("frames_left_out", text);
            }
        }
        // A copy has every picture that came; an encoder makes its own. What the host's death
        // took was received and is in a gap.
        let copied = status.mode == Some(Mode::Copy) && status.duration_seconds.is_some();
        if copied && quality.host_restarts == 0 && quality.ended_by.is_some() {
            let given = (received + quality.frames_repeated)
                .saturating_sub(quality.frames_left_out + JOINING_TAKES);
            let missing = given.saturating_sub(status.frames);
            if missing.saturating_mul(ONE_LOST_OF) > received {
                let text = format!("{missing} pictures came and are not in the file");
                self.fault("frames_not_written", text);
            }
        }
    }

    fn of_restarts(&mut self, status: &RecordingStatus, quality: &Quality) {
        let times = |count: u64| match count {
            1 => "once".to_owned(),
            _ => format!("{count} times"),
        };
        let host = quality.host_restarts;
        if host > 0 {
            let text = format!("the host was restarted {}", times(host));
            self.note("host_restarted", text);
        } else if status.state == RecordingState::Completed && quality.ended_by.is_none() {
            self.note("host_restarted", "the host ended while it was recording");
        }
        if quality.ffmpeg_restarts > 0 {
            let text = format!("FFmpeg was replaced {}", times(quality.ffmpeg_restarts));
            self.note("ffmpeg_restarted", text);
        }
        if quality.reconnects > 0 {
            let text = format!("the camera came back {}", times(quality.reconnects));
            self.note("camera_reconnected", text);
        }
        let ppm = quality.clock.parts_per_million();
        if let Some(ppm) = ppm.filter(|ppm| ppm.abs() > DRIFT_PPM)
            && quality.clock.over_us >= DRIFT_OVER_US
        {
            let way = if ppm > 0.0 { "fast" } else { "slow" };
            let (seconds, minutes) = (ppm.abs() * 0.0054, 90);
            let text =
                format!("the camera's clock is {way} by {seconds:.1} s in {minutes} minutes");
            self.note("clock_drift", text);
        }
        if quality.clock.jumps > 0 {
            let text = format!("the camera's clock jumped {}", times(quality.clock.jumps));
            self.note("clock_jumped", text);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::recording::status::Gap;

    /// Ten minutes without a fault, stopped before their planned end.
    fn clean() -> RecordingStatus {
        let mut status = RecordingStatus::starting(0, 5400.0);
        status.state = RecordingState::Completed;
        status.mode = Some(Mode::Copy);
        status.started_at = Some(Timestamp::UNIX_EPOCH);
        status.duration_seconds = Some(600.0);
        status.frames = 15_000;
        status.quality = Some(Box::new(Quality {
            expected_seconds: Some(600.0),
            ended_by: Some(EndedBy::Call),
            frames_received: 15_000,
            ..Quality::default()
        }));
        status
    }

    fn codes(verdict: &Verdict) -> Vec<&'static str> {
        verdict.findings.iter().map(|f| f.code).collect()
    }

    /// What is said of a clean recording to which something happens.
    fn with(change: impl FnOnce(&mut RecordingStatus, &mut Quality)) -> (Option<bool>, String) {
        let mut status = clean();
        let mut quality = status.quality.take().unwrap();
        change(&mut status, &mut quality);
        status.quality = Some(quality);
        let verdict = verdict(&status);
        (verdict.whole, codes(&verdict).join(" "))
    }

    fn is(whole: bool, codes: &str) -> (Option<bool>, String) {
        (Some(whole), codes.to_owned())
    }

    #[test]
    fn a_clean_recording_is_whole_and_nothing_is_said() {
        assert_eq!(with(|_, _| {}), is(true, ""));
    }

    #[test]
    fn one_fault_is_enough() {
        let gap = |seconds| Gap {
            start_seconds: 9.0,
            seconds,
            cause: "camera_lost".into(),
        };
        let gaps = with(|status, quality| {
            status.gaps = vec![gap(3.0), gap(0.5)];
            quality.reconnects = 2;
        });
        assert_eq!(gaps, is(false, "gaps camera_reconnected"));
        let late = with(|_, quality| quality.start_delay_seconds = 2.5);
        assert_eq!(late, is(false, "late_start"));
        let short = with(|status, _| status.duration_seconds = Some(597.0));
        assert_eq!(short, is(false, "ended_early"));
        let full = with(|_, quality| {
            quality.ended_by = Some(EndedBy::DiskFull);
            quality.expected_seconds = None;
        });
        assert_eq!(full, is(false, "disk_full ended_early"));
        let lost = with(|_, quality| {
            quality.frames_lost = 16;
            quality.packets_lost = 8;
        });
        assert_eq!(lost, is(false, "frames_lost packets_lost"));
        let gone = with(|status, _| status.frames = 14_900);
        assert_eq!(gone, is(false, "frames_not_written"));
        let failed = with(|status, _| status.state = RecordingState::Failed);
        assert_eq!(failed, is(false, "failed"));
    }

    #[test]
    fn what_costs_next_to_nothing_is_a_note() {
        let few = with(|_, quality| {
            quality.frames_lost = 15;
            quality.packets_lost = 7;
        });
        assert_eq!(few, is(true, "frames_lost packets_lost"));
        let restarted = with(|_, quality| quality.ffmpeg_restarts = 3);
        assert_eq!(restarted, is(true, "ffmpeg_restarted"));
        let on_time = with(|_, quality| quality.start_delay_seconds = 1.9);
        assert_eq!(on_time, is(true, ""));
    }

    #[test]
    fn a_camera_s_clock_is_no_fault_of_the_file() {
        let drift = |ppm: i64, seconds: i64| {
            with(move |_, quality| {
                quality.clock.drift_us = ppm * seconds;
                quality.clock.over_us = seconds * 1_000_000;
            })
        };
        assert_eq!(drift(-501, 60), is(true, "clock_drift"));
        assert_eq!(drift(499, 600), is(true, ""));
        assert_eq!(drift(9_000, 59), is(true, ""), "too short to say");
        let jumped = with(|_, quality| quality.clock.jumps = 1);
        assert_eq!(jumped, is(true, "clock_jumped"));
    }

    #[test]
    fn the_hosts_death_shows_in_what_is_missing() {
        let died = |seconds| {
            with(move |status, quality| {
                status.duration_seconds = Some(seconds);
                status.frames = 14_000;
                (quality.ended_by, quality.expected_seconds) = (None, None);
            })
        };
        assert_eq!(died(600.0), is(false, "ended_early host_restarted"));
        assert_eq!(died(5399.0), is(true, "host_restarted"));
        let resumed = with(|status, quality| {
            status.frames = 14_000;
            quality.host_restarts = 1;
        });
        assert_eq!(resumed, is(true, "host_restarted"));
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let mut under_way = clean();
        under_way.state = RecordingState::Recording;
        under_way.duration_seconds = None;
        let found = verdict(&under_way);
        assert_eq!(
            (found.whole, codes(&found)),
            (None, vec!["still_recording"])
        );
        let mut older = clean();
        older.quality = None;
        let found = verdict(&older);
        assert_eq!((found.whole, codes(&found)), (None, vec!["not_observed"]));
        older.gaps.push(Gap {
            start_seconds: 0.0,
            seconds: 3.0,
            cause: "ffmpeg".into(),
        });
        let found = verdict(&older);
        assert_eq!(found.whole, Some(false));
        let mut nothing = RecordingStatus::starting(0, 60.0);
        nothing.state = RecordingState::Failed;
        nothing.error = Some("the camera sent no picture".into());
        let found = verdict(&nothing);
        assert_eq!(
            (found.whole, codes(&found)),
            (Some(false), vec!["no_picture"])
        );
    }
}
