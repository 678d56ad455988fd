//! `quality`: of a recording, and of its report.

use serde::Serialize;
use utoipa::ToSchema;

use super::rounded;
use super::words::words;
use crate::media::drift::ClockRun;
use crate::recording::{Quality, RecordingStatus};

words! {
    /// What ended a recording.
    EndedBy of crate::recording::EndedBy {
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
}

/// What came, was repeated, is missing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Quality)]
pub struct QualityView {
    /// Pictures that came from the camera.
    frames_received: u64,
    /// How often the last picture was shown again, once a second while the camera was away.
    frames_repeated: u64,
    /// Pictures that never came, by the camera's own rhythm: in gaps, where packets were lost,
    /// and where the host was too slow.
    frames_lost: u64,
    /// Pictures that came and are of no use: those that they refer to are missing.
    frames_left_out: u64,
    /// Pictures that the encoder doubled to keep its rate.
    frames_doubled: u64,
    /// Pictures that the encoder dropped to keep its rate.
    frames_dropped: u64,
    /// Network packets known to be missing.
    packets_lost: u64,
    /// Sum of the gaps.
    gap_seconds: f64,
    /// The gaps' share of the file's length, 0 to 1.
    gap_share: f64,
    /// Where two pictures of the camera are furthest apart; null before there are two.
    #[schema(required)]
    largest_distance: Option<DistanceView>,
    /// How the camera's clock ran against the host's, which the file keeps to; null before it
    /// could be compared, which takes some seconds.
    #[schema(required)]
    clock_drift: Option<DriftView>,
    /// How often the camera's clock jumped by a second or more, or stood still.
    clock_jumps: u64,
    /// How often the camera came back.
    reconnects: u64,
    /// How often FFmpeg was replaced.
    ffmpeg_restarts: u64,
    /// How often the host was restarted and went on.
    host_restarts: u64,
    /// From the call of the start to the first picture in the file.
    start_delay_seconds: f64,
    /// What ended it; null while it goes on, and where the host died.
    #[schema(required)]
    ended_by: Option<EndedBy>,
    /// SHA-256 of the whole file, hexadecimal; null until it is known, which takes a while, and
    /// then told by the recording's status and by its file.
    #[schema(required)]
    pub sha256: Option<String>,
}

/// By how much a camera's clock is off. Positive where it is fast.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Drift)]
struct DriftView {
    /// How far it went apart from the host's, milliseconds.
    ms: f64,
    /// Over which time, seconds.
    over_seconds: f64,
    /// The same as a rate, in millionths; null before 10 s were seen.
    #[schema(required)]
    parts_per_million: Option<f64>,
}

/// The distance of two pictures.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Distance)]
struct DistanceView {
    /// Milliseconds between them.
    ms: f64,
    /// Where the first of them is in the file, seconds.
    at_seconds: f64,
}

fn drift(clock: ClockRun) -> DriftView {
    let ppm = clock.parts_per_million();
    DriftView {
        ms: clock.drift_us as f64 / 1000.0,
        over_seconds: rounded(clock.over_us as f64 / 1e6),
        parts_per_million: ppm.map(|ppm| (ppm * 10.0).round() / 10.0),
    }
}

/// The `quality` of a recording at a moment on the monotonic clock, microseconds; none where
/// nobody counted.
pub fn quality(status: &RecordingStatus, now: i64) -> Option<QualityView> {
    let quality: &Quality = status.quality.as_ref()?;
    let (gaps, length) = (status.gap_seconds(), status.elapsed_seconds(now));
    let share = if length > 0.0 { gaps / length } else { 0.0 };
    Some(QualityView {
        frames_received: quality.frames_received,
        frames_repeated: quality.frames_repeated,
        frames_lost: quality.frames_lost,
        frames_left_out: quality.frames_left_out,
        frames_doubled: quality.frames_doubled,
        frames_dropped: quality.frames_dropped,
        packets_lost: quality.packets_lost,
        gap_seconds: rounded(gaps),
        gap_share: (share.min(1.0) * 1e6).round() / 1e6,
        largest_distance: quality.largest_distance.map(|distance| DistanceView {
            ms: distance.ms,
            at_seconds: distance.at_seconds,
        }),
        clock_drift: (quality.clock.over_us > 0).then(|| drift(quality.clock)),
        clock_jumps: quality.clock.jumps,
        reconnects: quality.reconnects,
        ffmpeg_restarts: quality.ffmpeg_restarts,
        host_restarts: quality.host_restarts,
        start_delay_seconds: rounded(quality.start_delay_seconds),
        ended_by: quality.ended_by.map(EndedBy::from),
        sha256: None,
    })
}
