//! One recording from `create` to the final file, and what must be true of it.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use simcam::Handle;
use tokio::time::sleep;

use crate::clock::{self, Offsets};
use crate::judge::{self, Video};
use crate::{Host, files};

/// How far a file's length may be from the time between `started_at` and stop, in seconds.
const LENGTH: f64 = 0.3;

/// How much of a camera's pictures may be on their way when stop is called, in seconds, on a
/// machine that is busy.
const NOT_ARRIVED: f64 = 0.2;

/// A recording of a camera that was live when it was started.
#[derive(Clone, Debug)]
pub struct Take {
    /// The session.
    pub id: String,
    /// When `start` was called.
    pub start_call: Timestamp,
    /// When `stop` was called.
    pub stop_call: Timestamp,
    /// The answer to `stop`.
    pub stopped: Value,
    /// The file.
    pub file: PathBuf,
    /// What must be in it: the API's name of its pictures' codec, and whether there is sound.
    pub kind: (&'static str, bool),
}

impl Take {
    /// Records a terrain for so long.
    pub async fn record(host: &Host, terrain: u32, length: Duration) -> Self {
        let id = host.api.create(terrain).await;
        let start_call = clock::now();
        host.api.start(&id).await;
        sleep(length).await;
        Self::stop(host, id, start_call).await
    }

    /// Stops a recording that was started at that time.
    pub async fn stop(host: &Host, id: String, start_call: Timestamp) -> Self {
        let stop_call = clock::now();
        let stopped = host.api.stop(&id).await;
        let file = host.video(&id);
        let path = stopped["video_path"].as_str().unwrap_or_default();
        let path = host.path(path);
        assert_eq!(
            path.canonicalize().expect("video_path is there"),
            file.canonicalize()
                .expect("the file is where the contract says"),
        );
        Self {
            id,
            start_call,
            stop_call,
            stopped,
            file,
            kind: ("h264", false),
        }
    }

    /// With other pictures than H.264, or with sound.
    #[must_use]
    pub fn with(mut self, codec: &'static str, sound: bool) -> Self {
        self.kind = (codec, sound);
        self
    }

    /// The recording as `stop` answered it.
    pub fn recording(&self) -> &Value {
        &self.stopped["recording"]
    }

    /// When the file begins.
    pub fn started_at(&self) -> Timestamp {
        clock::time(&self.recording()["started_at"])
    }

    /// Asserts what is true of every good recording, and returns what ffprobe says.
    pub async fn check(&self) -> Video {
        judge::decodes(&self.file).await;
        self.check_uneven().await
    }

    /// As [`check`](Self::check) for a camera with faults, whose pictures need not be even.
    pub async fn check_uneven(&self) -> Video {
        judge::plays(&self.file).await;
        self.check_lossy().await
    }

    /// As [`check_uneven`](Self::check_uneven) where pictures got lost on the way: what refers to
    /// them need not decode.
    pub async fn check_lossy(&self) -> Video {
        let video = judge::whole_file(&self.file).await;
        assert!(
            self.started_at() <= self.start_call,
            "started at {}, asked for at {}: something is missing",
            self.started_at(),
            self.start_call
        );
        let expected = clock::seconds(self.started_at(), self.stop_call);
        assert!(
            (video.duration - expected).abs() <= LENGTH,
            "{} s instead of {expected}",
            video.duration
        );
        let (body, size) = (&self.stopped, std::fs::metadata(&self.file));
        let size = size.expect("the file is there").len();
        let file = &body["file"];
        assert_eq!(file["id"], self.id.as_str(), "{body}");
        assert_eq!(file["size_bytes"], size, "{body}");
        let (codec, sound) = self.kind;
        assert_eq!(file["codec"], codec, "{body}");
        let in_file = if video.codec == "hevc" {
            "h265"
        } else {
            &video.codec
        };
        assert_eq!(in_file, codec);
        assert_eq!(video.sound.as_deref(), sound.then_some("aac"));
        let told = file["duration_seconds"].as_f64().unwrap_or_default();
        assert!(
            (told - video.duration).abs() < 0.05,
            "{body}: {}",
            video.duration
        );
        assert_eq!(body["recording"]["frames"], video.packets.len(), "{body}");
        let part = self.file.with_extension("mp4.part");
        assert!(!files::entries(part.parent().expect("it has one")).contains(&part));
        video
    }

    /// As [`check`](Self::check) for a simulated camera in copy mode: no picture is missing or
    /// doubled, no gap, and every picture is at its time, one picture's time of tolerance.
    pub async fn check_copied(&self, camera: &Handle) -> Offsets {
        let video = self.check().await;
        let recording = self.recording();
        assert_eq!(recording["mode"], "copy", "{recording}");
        assert_eq!(recording["gaps"], serde_json::json!([]), "{recording}");
        let offsets = clock::offsets(&self.file, &video, recording, camera).await;
        offsets.consecutive();
        offsets.within(frame_ms(camera));
        offsets
    }

    /// As [`check`](Self::check) for a simulated camera whose JPEGs are encoded: constant rate,
    /// and every picture is at its time, one picture's time of tolerance beside the half that
    /// the constant rate shifts it.
    pub async fn check_encoded(&self, camera: &Handle) -> Offsets {
        let video = self.check().await;
        let recording = self.recording();
        assert_eq!(recording["mode"], "encode", "{recording}");
        judge::constant_rate(&video, 25);
        let offsets = clock::offsets(&self.file, &video, recording, camera).await;
        // Half a picture's time is what laying arrivals on an even grid may shift.
        let end = video.duration - NOT_ARRIVED;
        offsets.between(0.0, end).within(frame_ms(camera) * 1.5);
        // Pictures that were still on their way at the end are replaced by the last one.
        let last = offsets.between(end, video.duration);
        last.within(frame_ms(camera) + NOT_ARRIVED * 1000.0);
        offsets
    }
}

/// One picture's time.
fn frame_ms(camera: &Handle) -> f64 {
    1000.0 / f64::from(camera.clip().params().fps)
}
