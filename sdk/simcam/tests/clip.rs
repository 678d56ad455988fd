//! Clips are real video whose strips survive encoding.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use simcam::{Clip, ClipParams, Codec, judge};

const FFMPEG: &str = "ffmpeg";

/// The clip as FFmpeg reads it from a pipe.
fn stream(clip: &Clip) -> Bytes {
    let mut out = BytesMut::new();
    let jpeg = clip.params().codec == Codec::Jpeg;
    for picture in clip.pictures() {
        let sets = if picture.key {
            clip.parameter_sets()
        } else {
            &[]
        };
        for unit in sets.iter().chain(&picture.units) {
            if !jpeg {
                out.put_slice(&[0, 0, 0, 1]);
            }
            out.put_slice(unit);
        }
    }
    out.freeze()
}

async fn every_strip_reads(params: ClipParams) {
    let clip = Clip::encode(Path::new(FFMPEG), &params).await.unwrap();
    let format = match params.codec {
        Codec::Jpeg => "mjpeg",
        Codec::H264 => "h264",
        Codec::H265 => "hevc",
    };
    let size = (params.width, params.height);
    let strips = judge::strips_of_bytes(Path::new(FFMPEG), format, stream(&clip), size);
    let wanted: Vec<_> = (0..params.frames()).map(Some).collect();
    assert_eq!(strips.await.unwrap(), wanted, "{params:?}");
}

#[tokio::test]
async fn strips_of_all_codecs_and_sizes() {
    for codec in [Codec::H264, Codec::H265, Codec::Jpeg] {
        for (width, height) in [(640, 360), (1280, 720)] {
            let params = ClipParams {
                width,
                height,
                codec,
                seconds: 2,
                ..ClipParams::default()
            };
            every_strip_reads(params).await;
        }
    }
}

#[tokio::test]
async fn strips_at_a_low_bitrate_with_noise_slices_and_b_frames() {
    let base = ClipParams {
        seconds: 3,
        ..ClipParams::default()
    };
    every_strip_reads(ClipParams {
        bitrate_kbps: Some(250),
        ..base.clone()
    })
    .await;
    every_strip_reads(ClipParams {
        slices: 4,
        bitrate_kbps: Some(1500),
        ..base.clone()
    })
    .await;
    every_strip_reads(ClipParams { bframes: 2, ..base }).await;
}

#[tokio::test]
async fn h265_with_noise_slices_and_b_frames() {
    let base = ClipParams {
        codec: Codec::H265,
        seconds: 2,
        gop: 10,
        ..ClipParams::default()
    };
    every_strip_reads(ClipParams {
        bitrate_kbps: Some(600),
        ..base.clone()
    })
    .await;
    let slices = ClipParams {
        slices: 4,
        ..base.clone()
    };
    every_strip_reads(slices).await;
    let bidirectional = ClipParams { bframes: 2, ..base };
    every_strip_reads(bidirectional.clone()).await;
    let clip = Clip::encode(Path::new(FFMPEG), &bidirectional)
        .await
        .unwrap();
    assert_eq!(clip.parameter_sets().len(), 3);
    let keys = clip.pictures().iter().enumerate().filter(|(_, p)| p.key);
    assert!(keys.map(|(i, _)| i).eq((0..50).step_by(10)));
    let mut shown: Vec<u32> = clip.pictures().iter().map(|p| p.index).collect();
    assert!(!shown.is_sorted(), "pictures are sent in another order");
    shown.sort_unstable();
    assert!(shown.into_iter().eq(0..50));
}

#[tokio::test]
async fn strips_survive_another_encoding() {
    let params = ClipParams {
        bitrate_kbps: Some(1500),
        seconds: 4,
        ..ClipParams::default()
    };
    let clip = Clip::encode(Path::new(FFMPEG), &params).await.unwrap();
    for crf in ["23", "32"] {
        let mut child = Command::new(FFMPEG)
            .args([
                "-v", "error", "-f", "h264", "-i", "pipe:0", "-c:v", "libx264",
            ])
            .args(["-preset", "veryfast", "-crf", crf, "-f", "h264", "pipe:1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let bytes = stream(&clip);
        let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &bytes));
        let again = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        let size = (params.width, params.height);
        let strips =
            judge::strips_of_bytes(Path::new(FFMPEG), "h264", again.stdout.into(), size).await;
        let wanted: Vec<_> = (0..params.frames()).map(Some).collect();
        assert_eq!(strips.unwrap(), wanted, "crf {crf}");
    }
}

#[tokio::test]
async fn a_bitrate_is_reached() {
    for (codec, kbps) in [(Codec::H264, 2000), (Codec::Jpeg, 6000)] {
        let bitrate_kbps = Some(kbps);
        let params = ClipParams {
            codec,
            bitrate_kbps,
            seconds: 6,
            ..ClipParams::default()
        };
        let clip = Clip::encode(Path::new(FFMPEG), &params).await.unwrap();
        let bytes: usize = clip.pictures().iter().map(simcam::Picture::len).sum();
        let got = bytes as u32 * 8 / 1000 / params.seconds;
        assert!(
            (kbps * 3 / 4..kbps * 5 / 4).contains(&got),
            "{codec:?}: {got} kbit/s"
        );
    }
}

#[tokio::test]
async fn twenty_seconds_are_made_quickly() {
    let start = Instant::now();
    let clip = Clip::encode(Path::new(FFMPEG), &ClipParams::default())
        .await
        .unwrap();
    assert_eq!(clip.pictures().len(), 500);
    // About 1 s on an idle machine; the bound leaves room for a busy one.
    assert!(
        start.elapsed() < Duration::from_secs(30),
        "{:?}",
        start.elapsed()
    );
}
