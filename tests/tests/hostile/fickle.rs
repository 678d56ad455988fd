//! A policy that answers as it likes, or late: each answer counts once, and for nobody else.

use std::time::Duration;

use padelvar_tests::{Config, Take, cameras, clock, machine};
use simcam::RtspConfig;
use tokio::time::Instant;

use crate::guests;
use crate::stage::Stage;

/// Questions of each kind.
const QUESTIONS: u32 = 40;

#[tokio::test]
async fn whims_and_late_answers_deny_and_disturb_nobody() {
    let _alone = machine::alone().await;
    let good = cameras::rtsp(RtspConfig {
        clip: cameras::h264(),
        ..RtspConfig::default()
    })
    .await;
    let stage = Stage::new();
    stage.plugin("whim", &guests::policy());
    let config = Config::of(&good).more("[policy]\nplugin = \"whim\"");
    let host = stage.start(&config).await;
    let id = host.api.create(1).await;
    let start_call = clock::now();
    host.api.start(&id).await;
    host.api.until_recording(&id, "recording").await;
    let path = format!("/api/video/session/{id}");

    // The guest takes the misdeed from the role.
    let fickle = host.api.user("do.fickle", "7", 1);
    let (mut yes, mut no) = (0, 0);
    for _ in 0..QUESTIONS {
        let answer = fickle.get(&path).await;
        match answer.status {
            200 => yes += 1,
            403 => {
                answer.refused(403, "as_it_likes");
                no += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert!(
        yes > 0 && no > 0,
        "every question is asked anew: {yes} {no}"
    );

    let late = host.api.user("do.late", "8", 1);
    for _ in 0..QUESTIONS / 4 {
        let asked = Instant::now();
        late.get(&path).await.refused(403, "policy_failed");
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(5), "denied after {took:?}");
    }

    let take = Take::stop(&host, id, start_call).await;
    let video = take.check().await;
    let recording = take.recording();
    assert_eq!(recording["gaps"], serde_json::json!([]), "{recording}");
    let offsets = clock::offsets(&take.file, &video, recording, &good).await;
    offsets.consecutive();
    host.end().await;
}
