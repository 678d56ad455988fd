//! A good camera that is recorded while something else misbehaves, and must not notice.

use jiff::Timestamp;
use padelvar_tests::{Host, Take, cameras, clock};
use serde_json::{Value, json};
use simcam::{Handle, RtspConfig};

/// A camera whose pictures show when they were taken.
pub async fn camera() -> Handle {
    cameras::rtsp(RtspConfig {
        clip: cameras::h264(),
        ..RtspConfig::default()
    })
    .await
}

/// Its recording, on the first terrain.
pub struct Bystander<'a> {
    host: &'a Host,
    camera: &'a Handle,
    /// Its session.
    pub id: String,
    start_call: Timestamp,
}

impl<'a> Bystander<'a> {
    /// Begins it.
    pub async fn record(host: &'a Host, camera: &'a Handle) -> Self {
        let id = host.api.create(1).await;
        let start_call = clock::now();
        host.api.start(&id).await;
        host.api.until_recording(&id, "recording").await;
        Self {
            host,
            camera,
            id,
            start_call,
        }
    }

    /// Ends it: one whole file with every picture once. When exactly each came is another test's,
    /// since the machine is kept busy. What is told of the recording.
    pub async fn lost_nothing(self) -> Value {
        let take = Take::stop(self.host, self.id, self.start_call).await;
        let video = take.check().await;
        let recording = take.recording();
        assert_eq!(recording["gaps"], json!([]), "{recording}");
        let offsets = clock::offsets(&take.file, &video, recording, self.camera).await;
        offsets.consecutive();
        recording.clone()
    }
}
