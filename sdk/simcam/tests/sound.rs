//! Sound and picture of the RTSP camera fit each other, as FFmpeg records them.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::path::Path;
use std::time::Duration;

use common::{Client, Folder, ffmpeg, frames_follow, small};
use simcam::{RtspCamera, RtspConfig, Sound, Transports, judge};

const FFMPEG: &str = "ffmpeg";

/// How far beep and flash may be apart: a millisecond of the file's clock on both sides, the
/// decoder's rise, and one packet.
const APART: Duration = Duration::from_millis(30);

/// FFmpeg copies some seconds; the beeps are where the picture flashes.
async fn in_sync(sound: &str, transport: &str, container: &str) {
    let name = format!("sound-{sound}-{transport}");
    let folder = Folder::new(&name);
    let file = folder.file(container);
    let camera = RtspCamera::start(RtspConfig {
        clip: small(),
        audio: Some(sound.parse().unwrap()),
        transports: Transports::ALL,
        ..RtspConfig::default()
    })
    .await
    .unwrap();
    let out = file.to_str().unwrap();
    let input = ["-rtsp_transport", transport, "-i", camera.url(), "-t", "4"];
    let done = ffmpeg(&[&input, &["-c", "copy", out][..]].concat()).await;
    assert!(done.status.success(), "{name}");
    frames_follow(&camera, &file, 70).await;
    let flashes = judge::flashes(Path::new(FFMPEG), &file).await.unwrap();
    let beeps = judge::beeps(Path::new(FFMPEG), &file).await.unwrap();
    let mut pairs = 0;
    for flash in &flashes {
        let near = beeps
            .iter()
            .map(|beep| beep.abs_diff(*flash))
            .min()
            .unwrap();
        // At the ends one of the two may be missing.
        if near < Duration::from_millis(500) {
            assert!(near <= APART, "{name}: {flashes:?} {beeps:?}");
            pairs += 1;
        }
    }
    assert!(pairs >= 2, "{name}: {flashes:?} {beeps:?}");
    camera.stop().await;
}

#[tokio::test]
async fn aac_beeps_with_the_flashes() {
    tokio::join!(
        in_sync("aac", "tcp", "copy.mkv"),
        in_sync("aac-16k", "udp", "copy.mkv"),
        in_sync("aac-stereo", "tcp", "copy.mp4"),
    );
}

#[tokio::test]
async fn other_sounds_beep_with_the_flashes() {
    tokio::join!(
        in_sync("pcma", "tcp", "copy.mkv"),
        in_sync("pcmu", "udp", "copy.mkv"),
        in_sync("opus", "tcp", "copy.mkv"),
    );
    // Matroska has no L16, but QuickTime does.
    in_sync("l16", "tcp", "copy.mov").await;
}

#[tokio::test]
async fn two_tracks_of_one_session() {
    let camera = RtspCamera::start(RtspConfig {
        clip: small(),
        audio: Some(Sound::Pcma),
        sender_reports: Duration::from_millis(200),
        ..RtspConfig::default()
    })
    .await
    .unwrap();
    let mut client = Client::connect(&camera).await;
    let described = client.ask("DESCRIBE", camera.url(), "").await;
    let sdp = String::from_utf8(described.body).unwrap();
    assert!(sdp.contains("m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:trackID=2"));
    client.setup().await;
    let track = format!("{}/trackID=2", camera.url());
    let taken = "Transport: RTP/AVP/TCP;interleaved=1-2\r\n";
    assert_eq!(client.ask("SETUP", &track, taken).await.status, 461);
    let free = "Transport: RTP/AVP/TCP;interleaved=2-3\r\n";
    assert_eq!(client.ask("SETUP", &track, free).await.status, 200);
    assert_eq!(client.ask("SETUP", &track, free).await.status, 455);
    let played = client.ask("PLAY", camera.url(), "").await;
    let info = played.header("RTP-Info").unwrap();
    assert_eq!(info.split(',').count(), 2, "{info}");
    // Reports of both streams tell the same clock.
    let (mut video, mut sound) = (Vec::new(), Vec::new());
    while video.len() < 2 || sound.len() < 2 {
        let (channel, packet) = client.frame().await;
        let word = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().unwrap());
        let report = || {
            let ntp = f64::from(word(8)) + f64::from(word(12)) / 4_294_967_296.0;
            (ntp, word(16))
        };
        match channel {
            1 => video.push(report()),
            3 => sound.push(report()),
            2 => assert_eq!(packet.len(), 12 + 160),
            _ => {}
        }
    }
    for (reports, rate) in [(video, 90_000.0), (sound, 8_000.0)] {
        let passed = f64::from(reports[1].1.wrapping_sub(reports[0].1)) / rate;
        assert!((passed - (reports[1].0 - reports[0].0)).abs() < 0.002);
    }
    camera.stop().await;
}

#[tokio::test]
async fn two_kinds_of_sound_are_refused() {
    let config = RtspConfig {
        clip: small(),
        audio: Some(Sound::Pcmu),
        sound: true,
        ..RtspConfig::default()
    };
    assert!(RtspCamera::start(config).await.is_err());
}
