//! Sound: only where a club wants it, in AAC, in step with the pictures.

use std::path::PathBuf;
use std::time::Duration;

use padelvar_tests::sync::{Heard, IN_STEP_MS};
use padelvar_tests::{Config, Host, Take, cameras, clock, judge, machine, together};
use serde_json::Value;
use simcam::{Fault, Handle, RtspConfig, Sound};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::sleep;

const LENGTH: Duration = Duration::from_secs(6);
/// How long a beep takes, and one packet of the sound with the longest ones.
const BEEP_SECONDS: f64 = 0.1 + 0.064;

async fn camera(sound: &str) -> Handle {
    let audio = Some(sound.parse::<Sound>().expect("a kind of sound"));
    cameras::rtsp(RtspConfig {
        audio,
        ..RtspConfig::default()
    })
    .await
}

/// How far each beep is from the flash that it belongs to, milliseconds; positive where it is
/// late.
async fn apart(take: &Take) -> Vec<f64> {
    let heard = Heard::of(&take.file).await.expect("it decodes");
    // One that was under way when the sound began has no beginning.
    let sound_from = judge::video(&take.file).await.sound_from;
    let apart = heard.apart(sound_from.unwrap_or_default() + BEEP_SECONDS);
    eprintln!("{}: sound is {:.1?} ms late", take.file.display(), apart.ms);
    apart.ms
}

async fn in_step(take: &Take, least: usize) {
    let apart = apart(take).await;
    assert!(apart.len() >= least, "{apart:?}");
    assert!(apart.iter().all(|ms| ms.abs() <= IN_STEP_MS), "{apart:?}");
}

#[tokio::test]
async fn every_kind_becomes_aac_in_step() {
    // Seven cameras and seven encoders are load enough.
    let _alone = machine::alone().await;
    let kinds = [
        "aac",
        "aac-16k",
        "aac-stereo",
        "pcma",
        "pcmu",
        "opus",
        "l16",
    ];
    let mut cameras = Vec::new();
    let mut config = Config::new();
    for kind in kinds {
        let camera = camera(kind).await;
        config = config.url(camera.url()).with_sound();
        cameras.push(camera);
    }
    let host = Host::start(&config).await;
    let takes = (1..).zip(&kinds).map(|(terrain, kind)| {
        let host = &host;
        async move { (kind, Take::record(host, terrain, LENGTH).await) }
    });
    for ((kind, take), camera) in together(takes).await.into_iter().zip(&cameras) {
        eprintln!("judging {kind}");
        let take = take.with("h264", true);
        take.check_copied(camera).await;
        in_step(&take, 4).await;
    }
    host.end().await;
}

#[tokio::test]
async fn where_nobody_wants_it_there_is_none() {
    let _shared = machine::shared().await;
    let camera = camera("aac").await;
    let host = Host::start(&Config::of(&camera)).await;
    let take = Take::record(&host, 1, Duration::from_secs(3)).await;
    take.check_copied(&camera).await;
    let (_folder, seen) = from_the_proxy(&host, 1).await;
    assert_eq!(judge::video(&seen).await.sound, None);
    for client in camera.sent() {
        let requests = client.requests.iter();
        let setups = requests.filter(|request| request.method == "SETUP");
        assert_eq!(setups.count(), 1, "it is not even asked for");
    }
    host.end().await;
}

/// What FFmpeg reads from a session's link to the proxy, as it is.
async fn from_the_proxy(host: &Host, terrain: u64) -> (TempDir, PathBuf) {
    let id = host.api.create(terrain).await;
    // Sound is announced to those who come when it was heard.
    sleep(Duration::from_secs(2)).await;
    let session = host.api.session(&id).await;
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("seen.mkv");
    let mut read = Command::new("ffmpeg");
    read.args(["-v", "error", "-i"]);
    read.arg(session["proxy_url"].as_str().expect("a link"));
    read.args(["-c", "copy", "-t", "6"]).arg(&file);
    let read = judge::run(&mut read).await;
    assert!(read.status.success(), "{read:?}");
    host.api.try_close(&id).await.ok(200);
    (folder, file)
}

#[tokio::test]
async fn clients_of_the_proxy_hear_it_in_step() {
    let _shared = machine::shared().await;
    let kinds = [("aac", "aac"), ("pcma", "pcm_alaw"), ("opus", "opus")];
    let mut cameras = Vec::new();
    let mut config = Config::new();
    for (kind, _) in kinds {
        let camera = camera(kind).await;
        config = config.url(camera.url()).with_sound();
        cameras.push(camera);
    }
    let host = Host::start(&config).await;
    let seen = (1..=3).map(|terrain| from_the_proxy(&host, terrain));
    for ((kind, codec), (_folder, file)) in kinds.into_iter().zip(together(seen).await) {
        let video = judge::video(&file).await;
        assert_eq!(video.sound.as_deref(), Some(codec), "{kind}");
        let heard = Heard::of(&file).await.expect("it decodes");
        let apart = heard.apart(video.sound_from.unwrap_or_default() + BEEP_SECONDS);
        eprintln!("{kind}: sound is {:.1?} ms late", apart.ms);
        assert!(apart.ms.len() >= 4, "{kind}: {apart:?}");
        assert!(
            apart.ms.iter().all(|ms| ms.abs() <= IN_STEP_MS),
            "{kind}: {apart:?}"
        );
    }
    host.end().await;
}

#[tokio::test]
async fn after_an_outage_it_is_in_step_again() {
    let _shared = machine::shared().await;
    let cameras = [camera("pcma").await, camera("aac").await];
    let config = Config::new()
        .url(cameras[0].url())
        .with_sound()
        .url(cameras[1].url())
        .with_sound();
    let host = Host::start(&config).await;
    let takes = (1..).zip(&cameras).map(|(terrain, camera)| {
        let host = &host;
        async move {
            let id = host.api.create(terrain).await;
            let called = clock::now();
            host.api.start(&id).await;
            sleep(Duration::from_secs(4)).await;
            camera.inject(Fault::Outage(Duration::from_secs(3)));
            let again = |session: &Value| {
                let camera = &session["camera"];
                camera["state"] == "live" && camera["reconnects"].as_u64() >= Some(1)
            };
            host.api.until(|| host.api.session(&id), again).await;
            sleep(Duration::from_secs(5)).await;
            Take::stop(host, id, called).await.with("h264", true)
        }
    });
    for take in together(takes).await {
        take.check_uneven().await;
        in_step(&take, 6).await;
    }
    host.end().await;
}

#[tokio::test]
async fn a_camera_that_falls_silent_is_recorded_all_the_same() {
    let _shared = machine::shared().await;
    let kinds = ["pcma", "aac", "opus"];
    let mut cameras = Vec::new();
    let mut config = Config::new();
    for kind in kinds {
        let camera = camera(kind).await;
        config = config.url(camera.url()).with_sound();
        cameras.push(camera);
    }
    let host = Host::start(&config).await;
    let takes = (1..).zip(&cameras).map(|(terrain, camera)| {
        let host = &host;
        async move {
            // It was heard, and is silent when the recording begins and for long after.
            let id = host.api.create(terrain).await;
            sleep(Duration::from_secs(2)).await;
            camera.inject(Fault::Mute(Duration::from_secs(10)));
            sleep(Duration::from_secs(2)).await;
            let called = clock::now();
            host.api.start(&id).await;
            sleep(Duration::from_secs(14)).await;
            // And once more in the middle.
            camera.inject(Fault::Mute(Duration::from_secs(3)));
            sleep(Duration::from_secs(6)).await;
            Take::stop(host, id, called).await.with("h264", true)
        }
    });
    for (take, camera) in together(takes).await.iter().zip(&cameras) {
        take.check_copied(camera).await;
        // Of a beep in which the camera is heard again the beginning is missing: it is late, by
        // less than it is long. There are two such moments.
        let apart = apart(take).await;
        let (whole, cut): (Vec<f64>, Vec<f64>) =
            apart.iter().partition(|ms| ms.abs() <= IN_STEP_MS);
        assert!(whole.len() >= 5 && cut.len() <= 2, "{apart:?}");
        assert!(
            cut.iter()
                .all(|ms| (0.0..BEEP_SECONDS * 1000.0).contains(ms)),
            "{apart:?}"
        );
        let recording = take.recording();
        let report = host.api.report(&take.id).await;
        assert_eq!(report["quality"]["ffmpeg_restarts"], 0, "{recording}");
    }
    host.end().await;
}
