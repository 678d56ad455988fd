//! At most two FFmpeg processes a feed, however many watch, and none for nobody.

use std::time::Duration;

use padelvar_tests::jpeg::Parts;
use padelvar_tests::processes::{self, Process};
use padelvar_tests::{Config, Host, cameras, machine, together};
use reqwest::Method;
use simcam::RtspConfig;
use tokio::time::sleep;

const VIEWERS: usize = 12;
/// A child is gone by then, on a machine that is busy.
const SOON: Duration = Duration::from_secs(10);

fn ffmpegs(host: &Host) -> Vec<Process> {
    let below = processes::below(host.pid()).into_iter();
    below.filter(|p| p.command.contains("ffmpeg")).collect()
}

#[tokio::test]
async fn recorder_and_preview_and_no_more() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let api = &host.api;
    let id = api.create(1).await;
    assert!(
        ffmpegs(&host).is_empty(),
        "nobody watches: {:?}",
        ffmpegs(&host)
    );

    let stream = format!("/api/preview/{id}/stream.mjpeg");
    let mut viewers = Vec::new();
    for _ in 0..VIEWERS {
        viewers.push(Parts::of(api.open(Method::GET, &stream, &[]).await));
    }
    together(viewers.iter_mut().map(Parts::next)).await;
    let preview = ffmpegs(&host);
    assert_eq!(preview.len(), 1, "{preview:?}");
    api.start(&id).await;
    api.until_recording(&id, "recording").await;
    for _ in 0..10 {
        together(viewers.iter_mut().map(Parts::next)).await;
        // Snapshots beside them start nothing of their own that stays.
        let snapshot = api.get(&format!("/api/preview/{id}/snapshot.jpg")).await;
        assert_eq!(snapshot.status, 200, "{}", snapshot.text());
        let children = ffmpegs(&host);
        assert!(children.len() <= 2, "{children:?}");
    }
    assert_eq!(ffmpegs(&host).len(), 2, "{:?}", ffmpegs(&host));

    // Who stops reading, without hanging up, delays nobody.
    let stalled = api.open(Method::GET, &stream, &[]).await;
    sleep(Duration::from_secs(2)).await;
    together(viewers.iter_mut().map(Parts::next)).await;
    drop(stalled);
    drop(viewers);
    let left = processes::left_of(&preview, SOON).await;
    assert!(left.is_empty(), "nobody watches: {left:?}");
    let recorder = ffmpegs(&host);
    assert_eq!(recorder.len(), 1, "{recorder:?}");
    // Who comes back is served again.
    let mut back = Parts::of(api.open(Method::GET, &stream, &[]).await);
    back.next().await;
    assert_eq!(ffmpegs(&host).len(), 2, "{:?}", ffmpegs(&host));
    let both = ffmpegs(&host);
    let stopped = api.stop(&id).await;
    assert_eq!(
        stopped["recording"]["gaps"],
        serde_json::json!([]),
        "{stopped}"
    );
    let left = processes::left_of(&both, SOON).await;
    assert!(left.is_empty(), "the session is closed: {left:?}");
    host.end().await;
}
