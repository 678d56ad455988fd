//! What a recording is worth: how many pictures came, were repeated, are missing. Pure.
//!
//! Kept as JSON in the catalogue: members are added, none is given another meaning, so that
//! what an earlier version wrote can be read.

use serde::{Deserialize, Serialize};

use super::progress::Progress;
use crate::media::Packet;
use crate::media::drift::ClockRun;

/// So many pictures tell how far they are apart.
const ENOUGH: i64 = 50;

/// Counts of one recording, from its first picture on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// From the call of the start to the first picture in the file, seconds.
    pub start_delay_seconds: f64,
    /// From the first picture to the planned end or the call of the stop, seconds; none while
    /// it goes on, and where something else ended it.
    pub expected_seconds: Option<f64>,
    /// What ended it; none while it goes on, and where the host died.
    pub ended_by: Option<EndedBy>,
    /// Pictures that came from the camera.
    pub frames_received: u64,
    /// How often the last picture was shown again because the camera was away.
    pub frames_repeated: u64,
    /// Pictures that came and are of no use: those before them are missing.
    pub frames_left_out: u64,
    /// Pictures that never came, by the camera's own rhythm: where packets were lost, in gaps,
    /// and where this host was too slow.
    pub frames_lost: u64,
    /// Network packets known to be missing.
    pub packets_lost: u64,
    /// Pictures that the encoder doubled to keep its rate.
    pub frames_doubled: u64,
    /// Pictures that the encoder dropped to keep its rate.
    pub frames_dropped: u64,
    /// How often the camera came back.
    pub reconnects: u64,
    /// How often FFmpeg was replaced.
    pub ffmpeg_restarts: u64,
    /// How often the host died, or was replaced, and went on.
    pub host_restarts: u64,
    /// Where two pictures of the camera are furthest apart.
    pub largest_distance: Option<Distance>,
    /// How the camera's clock ran.
    pub clock: ClockRun,
}

/// What ended a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// Its planned end.
    Plan,
    /// Somebody who stopped it or closed its session.
    Call,
    /// A disk without space.
    DiskFull,
    /// A disk that could not be written.
    Disk,
    /// FFmpeg, which ended again and again.
    Ffmpeg,
}

/// The distance of two pictures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// How far they are apart, milliseconds.
    pub ms: f64,
    /// Where the first of them is in the file, seconds.
    pub at_seconds: f64,
}

/// Counts while a recording goes on.
#[derive(Debug)]
pub struct Meter {
    quality: Quality,
    /// Second 0 of the file on the monotonic clock, microseconds.
    zero_us: i64,
    last_us: i64,
    /// The usual distance of pictures, microseconds.
    usual_us: i64,
    /// Pictures that were left out since the last one.
    left_out: u64,
    /// Something happened that costs pictures, since the last one.
    disturbed: bool,
    camera_away: bool,
    /// What children that have ended doubled and dropped.
    encoded_before: (u64, u64),
    /// How the camera's clock had run at the beginning: of the recording, and of its feed.
    clock_before: (ClockRun, Option<ClockRun>),
}

impl Meter {
    /// Begins with the first picture, that of `zero_us`; recording was asked for at
    /// `requested_us`. Both are microseconds on the monotonic clock.
    pub fn begin(zero_us: i64, requested_us: i64) -> Self {
        let quality = Quality {
            start_delay_seconds: (zero_us - requested_us).max(0) as f64 / 1e6,
            ..Quality::default()
        };
        let mut meter = Self::of(quality, zero_us, zero_us);
        meter.quality.frames_received = 1;
        meter
    }

    /// Goes on with what an earlier run of the host had counted; the newest picture in the file
    /// is that of `last_us`.
    pub fn resume(earlier: Quality, zero_us: i64, last_us: i64) -> Self {
        let mut meter = Self::of(earlier, zero_us, last_us);
        meter.quality.host_restarts += 1;
        (meter.quality.ended_by, meter.quality.expected_seconds) = (None, None);
        meter.disturbed = true;
        let pictures = i64::try_from(meter.quality.frames_received).unwrap_or(i64::MAX);
        if pictures >= ENOUGH {
            meter.usual_us = last_us.saturating_sub(zero_us).max(0) / pictures;
        }
        meter
    }

    fn of(quality: Quality, zero_us: i64, last_us: i64) -> Self {
        Self {
            encoded_before: (quality.frames_doubled, quality.frames_dropped),
            clock_before: (quality.clock, None),
            quality,
            zero_us,
            last_us,
            usual_us: 40_000,
            left_out: 0,
            disturbed: false,
            camera_away: false,
        }
    }

    /// The counts so far.
    pub fn quality(&self) -> &Quality {
        &self.quality
    }

    /// A picture came that goes into the file; `gap` where there is one before it.
    pub fn picture(&mut self, packet: &Packet, gap: bool) {
        self.received(packet);
        let distance_us = packet.pts_us.saturating_sub(self.last_us);
        self.apart(distance_us);
        if self.disturbed || gap {
            self.missing(distance_us);
        } else {
            // Pictures that are shown in another order than they come: the mean is right.
            self.usual_us = (self.usual_us * 15).saturating_add(distance_us.max(0)) / 16;
        }
        self.last_us = self.last_us.max(packet.pts_us);
        self.left_out = 0;
        self.disturbed = false;
    }

    /// A picture came that does not go into the file.
    pub fn left_out(&mut self, packet: &Packet) {
        self.received(packet);
        self.quality.frames_left_out += 1;
        self.left_out += 1;
        self.disturbed = true;
    }

    /// The last picture was shown again, the camera being away.
    pub fn repeated(&mut self) {
        self.quality.frames_repeated += 1;
    }

    /// The camera is gone.
    pub fn camera_lost(&mut self) {
        self.camera_away = true;
        self.disturbed = true;
    }

    /// This host was too slow: pictures are missing up to the next one.
    pub fn overflow(&mut self) {
        self.disturbed = true;
    }

    /// Another FFmpeg goes on.
    pub fn ffmpeg_replaced(&mut self) {
        self.quality.ffmpeg_restarts += 1;
    }

    /// How the camera's clock ran so far by its feed, which began before this recording. The
    /// first time tells where to count from.
    pub fn clock(&mut self, of_feed: ClockRun) {
        let (before, base) = &mut self.clock_before;
        let base = *base.get_or_insert(of_feed);
        self.quality.clock = before.and(of_feed.since(base));
    }

    /// What the running FFmpeg reports.
    pub fn ffmpeg_reports(&mut self, report: Progress) {
        let (doubled, dropped) = self.encoded_before;
        self.quality.frames_doubled = doubled.saturating_add(report.doubled);
        self.quality.frames_dropped = dropped.saturating_add(report.dropped);
    }

    /// The last report of an FFmpeg that has ended.
    pub fn ffmpeg_ended(&mut self, report: Progress) {
        self.ffmpeg_reports(report);
        self.encoded_before = (self.quality.frames_doubled, self.quality.frames_dropped);
    }

    /// It is over; `gap` where there is one that lasts until the end.
    pub fn ended(&mut self, end_us: i64, gap: bool, by: EndedBy) {
        if matches!(by, EndedBy::Plan | EndedBy::Call) {
            let length_us = end_us.saturating_sub(self.zero_us).max(0);
            self.quality.expected_seconds = Some(length_us as f64 / 1e6);
        }
        self.quality.ended_by = Some(by);
        if gap {
            let distance_us = end_us.saturating_sub(self.last_us);
            self.apart(distance_us);
            self.missing(distance_us);
        }
    }

    fn received(&mut self, packet: &Packet) {
        let lost = u64::from(packet.lost_before);
        self.quality.frames_received += 1;
        self.quality.packets_lost = self.quality.packets_lost.saturating_add(lost);
        self.disturbed |= lost > 0;
        if std::mem::take(&mut self.camera_away) {
            self.quality.reconnects += 1;
        }
    }

    fn apart(&mut self, distance_us: i64) {
        let ms = (distance_us as f64 / 1000.0).round();
        let known = self.quality.largest_distance;
        if distance_us > 0 && known.is_none_or(|known| known.ms < ms) {
            let at_us = self.last_us.saturating_sub(self.zero_us);
            let at_seconds = (at_us as f64 / 1000.0).round() / 1000.0;
            self.quality.largest_distance = Some(Distance { ms, at_seconds });
        }
    }

    /// Counts what the camera would have shown in a hole of this length.
    fn missing(&mut self, distance_us: i64) {
        let usual_us = self.usual_us.max(1_000);
        let steps = distance_us.saturating_add(usual_us / 2) / usual_us;
        let expected = u64::try_from(steps.saturating_sub(1)).unwrap_or(0);
        let lost = expected.saturating_sub(self.left_out);
        self.quality.frames_lost = self.quality.frames_lost.saturating_add(lost);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn picture(ms: i64, lost_before: u32) -> Packet {
        Packet {
            pts_us: ms * 1000,
            keyframe: true,
            lost_before,
            data: Bytes::new(),
        }
    }

    /// So many pictures at 25 a second, the first one being that of second 0.
    fn counted(pictures: i64) -> Meter {
        let mut meter = Meter::begin(0, 200_000);
        for n in 1..pictures {
            meter.picture(&picture(n * 40, 0), false);
        }
        meter
    }

    #[test]
    fn a_clean_recording_lost_nothing() {
        let mut meter = counted(250);
        meter.ended(10_000_000, false, EndedBy::Plan);
        let expected = Quality {
            expected_seconds: Some(10.0),
            ended_by: Some(EndedBy::Plan),
            frames_received: 250,
            largest_distance: Some(Distance {
                ms: 40.0,
                at_seconds: 0.0,
            }),
            ..Quality::default()
        };
        assert_eq!(*meter.quality(), expected);
    }

    #[test]
    fn a_start_before_the_first_picture_is_a_delay_and_one_after_it_is_none() {
        let delay = |zero, asked| Meter::begin(zero, asked).quality().start_delay_seconds;
        assert!((delay(3_500_000, 1_000_000) - 2.5).abs() < 1e-9);
        assert!(delay(1_000_000, 1_100_000).abs() < 1e-9);
    }

    #[test]
    fn an_outage_costs_what_the_camera_would_have_shown() {
        let mut meter = counted(26);
        meter.camera_lost();
        for _ in 0..3 {
            meter.repeated();
        }
        meter.picture(&picture(5000, 0), true);
        meter.picture(&picture(5040, 0), false);
        let quality = meter.quality();
        assert_eq!(
            (
                quality.frames_received,
                quality.frames_lost,
                quality.frames_repeated,
                quality.reconnects
            ),
            (28, 99, 3, 1)
        );
        let distance = Distance {
            ms: 4000.0,
            at_seconds: 1.0,
        };
        assert_eq!(quality.largest_distance, Some(distance));
        meter.ended(7_040_000, true, EndedBy::Call);
        assert_eq!(meter.quality().frames_lost, 99 + 49);
    }

    #[test]
    fn lost_packets_cost_pictures_where_there_is_a_hole() {
        let mut meter = counted(26);
        meter.picture(&picture(1040, 3), false);
        meter.picture(&picture(1160, 1), false);
        meter.picture(&picture(1400, 0), false);
        let quality = meter.quality();
        assert_eq!((quality.packets_lost, quality.frames_lost), (4, 2));
        // A camera that is late for no reason that is known has lost nothing.
        assert_eq!(quality.largest_distance.map(|d| d.ms), Some(240.0));
    }

    #[test]
    fn pictures_that_are_left_out_came_all_the_same() {
        let mut meter = counted(26);
        meter.ffmpeg_replaced();
        for n in 26..30 {
            meter.left_out(&picture(n * 40, 0));
        }
        meter.picture(&picture(1200, 0), false);
        let quality = meter.quality();
        assert_eq!(quality.frames_received, 31);
        assert_eq!((quality.frames_left_out, quality.frames_lost), (4, 0));
        let mut slow = counted(26);
        slow.overflow();
        slow.picture(&picture(1200, 0), false);
        assert_eq!(slow.quality().frames_lost, 4);
    }

    #[test]
    fn what_encoders_report_is_added_up() {
        let mut meter = counted(2);
        let report = |doubled, dropped| Progress {
            doubled,
            dropped,
            ..Progress::default()
        };
        meter.ffmpeg_reports(report(1, 0));
        meter.ffmpeg_reports(report(3, 1));
        meter.ffmpeg_ended(report(4, 1));
        meter.ffmpeg_reports(report(2, 2));
        let quality = meter.quality();
        assert_eq!((quality.frames_doubled, quality.frames_dropped), (6, 3));
    }

    #[test]
    fn the_camera_s_clock_is_followed_from_the_beginning() {
        let mut meter = counted(2);
        let run = |drift_us, over_us| ClockRun {
            drift_us,
            over_us,
            ..ClockRun::default()
        };
        meter.clock(run(500, 10_000_000));
        assert_eq!(meter.quality().clock, run(0, 0));
        meter.clock(run(1_500, 30_000_000));
        assert_eq!(meter.quality().clock, run(1_000, 20_000_000));
        // Another run of the host has another feed.
        let mut meter = Meter::resume(meter.quality().clone(), 0, 80_000);
        meter.clock(run(7, 7));
        meter.clock(run(1_007, 20_000_007));
        assert_eq!(meter.quality().clock, run(2_000, 40_000_000));
    }

    #[test]
    fn a_resumed_recording_goes_on_counting() {
        let mut before = counted(26);
        before.ffmpeg_ended(Progress {
            doubled: 2,
            ..Progress::default()
        });
        before.ended(1_000_000, false, EndedBy::Call);
        let text = serde_json::to_string(before.quality()).unwrap();
        let earlier: Quality = serde_json::from_str(&text).unwrap();
        assert_eq!(earlier, *before.quality());
        let mut meter = Meter::resume(earlier, 0, 1_000_000);
        meter.picture(&picture(3000, 0), true);
        meter.ffmpeg_ended(Progress {
            doubled: 1,
            ..Progress::default()
        });
        let quality = meter.quality();
        assert_eq!((quality.frames_received, quality.host_restarts), (27, 1));
        assert_eq!((quality.frames_lost, quality.frames_doubled), (49, 3));
        assert_eq!((quality.ended_by, quality.expected_seconds), (None, None));
    }

    #[test]
    fn what_a_full_disk_ends_was_to_be_longer() {
        let mut meter = counted(26);
        meter.ended(1_040_000, false, EndedBy::DiskFull);
        let quality = meter.quality();
        assert_eq!(quality.ended_by, Some(EndedBy::DiskFull));
        assert_eq!(quality.expected_seconds, None, "the plan counts");
    }

    #[test]
    fn nonsense_does_no_harm() {
        let mut meter = counted(2);
        for _ in 0..3 {
            meter.picture(&picture(i64::MIN / 1000, u32::MAX), true);
            meter.picture(&picture(i64::MAX / 1000, u32::MAX), true);
        }
        meter.ended(i64::MIN, true, EndedBy::Plan);
        assert_eq!(meter.quality().expected_seconds, Some(0.0));
        let older: Quality = serde_json::from_str("{\"frames_received\":7,\"new\":[]}").unwrap();
        assert_eq!(older.frames_received, 7);
    }
}
