//! What the tests share: streams made by FFmpeg, and what must hold of all that comes out.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::Path;
use std::process::Command as Process;

use padelvar_sdk::testing::{Harness, camera};
use padelvar_sdk::{Camera, Command, Packet, Track};

/// Runs FFmpeg in `folder`: a test picture and a tone of `seconds`, with these arguments.
pub fn ffmpeg(folder: &Path, seconds: u32, arguments: &[&str]) {
    let picture = format!("testsrc2=size=160x120:rate=25:duration={seconds}");
    let tone = format!("sine=frequency=440:sample_rate=44100:duration={seconds}");
    let output = Process::new("ffmpeg")
        .current_dir(folder)
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", &picture])
        .args(["-f", "lavfi", "-i", &tone])
        .args(arguments)
        .output()
        .expect("FFmpeg is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A folder of its own for a test, empty.
pub fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("http-video-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder of tests can be written to");
    folder
}

/// H.264 with B-frames and a keyframe a second, and AAC.
pub const H264: &[&str] = &[
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-bf",
    "2",
    "-g",
    "25",
    "-pix_fmt",
    "yuv420p",
    "-c:a",
    "aac",
];

/// One file of `seconds` in a format.
pub fn file(name: &str, seconds: u32, codec: &[&str], format: &str) -> Vec<u8> {
    let folder = folder(name);
    ffmpeg(&folder, seconds, &[codec, &["-f", format, "out"]].concat());
    std::fs::read(folder.join("out")).expect("FFmpeg has written it")
}

/// A camera with or without sound.
pub fn with_audio(url: &str, audio: bool) -> Camera {
    let mut camera = camera(url);
    camera.audio = audio;
    camera
}

/// A session that has asked its first question, and the number of that.
pub fn started(camera: Camera) -> (Harness, u32) {
    let mut harness = Harness::new(camera, http_video::run);
    harness.start();
    let id = harness.requests()[0].id;
    (harness, id)
}

/// What holds for whatever an adapter says.
pub fn check(commands: &[Command]) {
    let mut known: Vec<Track> = Vec::new();
    for command in commands {
        match command {
            Command::Log(line) => assert!(line.message.len() < 4096),
            Command::Tracks(tracks) => {
                assert!(!tracks[0].config.is_empty() && tracks[0].channels == 0);
                assert!(tracks.iter().all(|track| track.clock_rate > 0));
                units(&tracks[0].config);
                known.clone_from(tracks);
            }
            Command::Packets(packets) => {
                for packet in packets {
                    let track = known.iter().find(|track| track.id == packet.track);
                    check_packet(packet, track.expect("of a track that was told"));
                }
            }
            _ => {}
        }
    }
}

fn check_packet(packet: &Packet, track: &Track) {
    assert!(!packet.data.is_empty());
    assert!(packet.timestamp > Some(u64::from(u32::MAX)), "unwrapped");
    let kinds: Vec<u8> = match track.codec.as_str() {
        "h264" => units(&packet.data)
            .iter()
            .map(|unit| unit[0] & 0x1f)
            .collect(),
        "h265" => units(&packet.data)
            .iter()
            .map(|unit| unit[0] >> 1 & 0x3f)
            .collect(),
        _ => return,
    };
    let (slices, first) = if track.codec == "h264" {
        (1..=5, 7)
    } else {
        (0..=21, 32)
    };
    assert!(
        kinds.iter().any(|kind| slices.contains(kind)),
        "a picture has slices"
    );
    if packet.keyframe {
        assert_eq!(kinds[0], first);
    }
}

/// The NAL units, which must be whole, not empty, and together the whole data.
pub fn units(data: &[u8]) -> Vec<&[u8]> {
    assert!(data.len() <= 8 * 1024 * 1024);
    let mut units = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (prefix, after) = rest.split_first_chunk::<4>().expect("a length");
        let (unit, after) = after.split_at(u32::from_be_bytes(*prefix) as usize);
        assert!(!unit.is_empty() && unit.last() != Some(&0));
        units.push(unit);
        rest = after;
    }
    units
}
