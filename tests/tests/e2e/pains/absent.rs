//! Pain 2: a camera that is off when its session is made, and when its recording is started.

use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::{Config, Host, clock, judge, machine};
use serde_json::{Value, json};
use simcam::{Fault, RtspConfig};
use tokio::time::sleep;

#[tokio::test]
async fn pain_02_a_camera_that_is_off_at_create_and_at_start_is_waited_for() {
    let _shared = machine::shared().await;
    let cameras = [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    ];
    let host = Host::start(&Config::of(&cameras[0]).url(cameras[1].url())).await;
    for camera in &cameras {
        camera.inject(Fault::Outage(Duration::from_secs(4)));
    }
    let (mut sessions, called) = (Vec::new(), clock::now());
    for terrain in [1, 2] {
        let body = host.api.try_create(terrain).await.ok(201);
        assert_eq!(body["session"]["camera"]["state"], "connecting", "{body}");
        let id = body["session"]["session_id"].as_str().expect("an id");
        let recording = host.api.start(id).await;
        assert_eq!(recording["status"], "starting", "{recording}");
        assert_eq!(recording["started_at"], Value::Null, "{recording}");
        assert_eq!(recording["elapsed_seconds"], 0.0, "{recording}");
        sessions.push(id.to_owned());
    }
    for id in &sessions {
        let recording = host.api.until_recording(id, "recording").await;
        let waited = clock::seconds(called, clock::time(&recording["started_at"]));
        // It comes back after 4 s; the tries are never more than 10 s apart.
        assert!((2.0..30.0).contains(&waited), "{recording}: {waited}");
        let planned = recording["remaining_seconds"].as_f64().unwrap_or_default();
        assert!(
            planned < 300.0 - waited + 1.0,
            "the plan counts from the call: {recording}"
        );
    }
    sleep(Duration::from_secs(4)).await;
    for (id, camera) in sessions.iter().zip(&cameras) {
        let stop_call = clock::now();
        let stopped = host.api.stop(id).await;
        let recording = &stopped["recording"];
        assert_eq!(recording["gaps"], json!([]), "{recording}");
        let video = judge::final_file(&host.video(id)).await;
        let expected = clock::seconds(clock::time(&recording["started_at"]), stop_call);
        assert!(
            (video.duration - expected).abs() <= 0.3,
            "{} of {expected}",
            video.duration
        );
        let offsets = clock::offsets(&host.video(id), &video, recording, camera).await;
        if recording["mode"] == "copy" {
            offsets.consecutive();
            offsets.within(40.0);
        } else {
            offsets.between(0.0, video.duration - 0.2).within(60.0);
        }
    }
    host.end().await;
}
