//! FFmpeg and ffprobe judge the files.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::boxes;

/// Bound of a program that looks at a file of some seconds.
const PATIENCE: Duration = Duration::from_mins(2);
/// Bound of one that looks at a file of hours.
const LONG_PATIENCE: Duration = Duration::from_mins(30);

/// A packet of the video, times in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packet {
    /// When it is shown.
    pub pts: f64,
    /// When it is decoded.
    pub dts: f64,
    /// How long it is shown.
    pub duration: f64,
    /// Whether decoding can start with it.
    pub key: bool,
}

/// What ffprobe says of a file with one video, and sound where it has some.
#[derive(Clone, Debug)]
pub struct Video {
    /// For example `h264`.
    pub codec: String,
    /// Pixels.
    pub size: (u32, u32),
    /// For example `25/1`.
    pub avg_frame_rate: String,
    /// The file's, in seconds.
    pub duration: f64,
    /// The codec of its sound; none where it has none.
    pub sound: Option<String>,
    /// When its sound begins, seconds.
    pub sound_from: Option<f64>,
    /// Its packets, in order of decoding.
    pub packets: Vec<Packet>,
}

impl Video {
    /// Times at which pictures are shown, in order.
    pub fn shown(&self) -> Vec<f64> {
        let mut shown: Vec<f64> = self.packets.iter().map(|p| p.pts).collect();
        shown.sort_by(f64::total_cmp);
        shown
    }
}

/// What ffprobe says of a file.
///
/// # Panics
/// Where ffprobe complains, or there is anything but one video and at most one sound.
pub async fn video(file: &Path) -> Video {
    let shown = file.display();
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "json", "-show_entries"]);
    command.arg(
        "format=duration:stream=codec_name,codec_type,width,height,avg_frame_rate\
         :packet=stream_index,pts_time,dts_time,duration_time,flags",
    );
    let output = run_within(command.arg(file), LONG_PATIENCE).await;
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.is_empty(), "{shown}: {complaint}");
    let found: Value = serde_json::from_slice(&output.stdout).expect("ffprobe writes JSON");
    let streams = found["streams"].as_array().expect("there are streams");
    let of_kind = |kind: &str| {
        let kinds = streams.iter().enumerate();
        kinds
            .filter(|(_, stream)| stream["codec_type"] == kind)
            .collect::<Vec<_>>()
    };
    let (videos, sounds) = (of_kind("video"), of_kind("audio"));
    assert_eq!(videos.len(), 1, "{shown}: {streams:?}");
    assert!(
        sounds.len() <= 1 && streams.len() == 1 + sounds.len(),
        "{shown}: {streams:?}"
    );
    let ((index, stream), format) = (videos[0], &found["format"]);
    let of_video = |packet: &&Value| packet["stream_index"] == index;
    let heard = packets_of(&found).find(|packet| packet["stream_index"] != index);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let side = |name: &str| stream[name].as_u64().unwrap_or_default() as u32;
    Video {
        codec: text(&stream["codec_name"]),
        sound: sounds.first().map(|(_, sound)| text(&sound["codec_name"])),
        size: (side("width"), side("height")),
        avg_frame_rate: text(&stream["avg_frame_rate"]),
        duration: seconds(&format["duration"]),
        sound_from: heard.map(|packet| seconds(&packet["pts_time"])),
        packets: packets_of(&found).filter(of_video).map(packet).collect(),
    }
}

fn packets_of(found: &Value) -> impl Iterator<Item = &Value> {
    let packets = found["packets"].as_array();
    packets.expect("there are packets").iter()
}

fn packet(packet: &Value) -> Packet {
    Packet {
        pts: seconds(&packet["pts_time"]),
        dts: seconds(&packet["dts_time"]),
        duration: seconds(&packet["duration_time"]),
        key: packet["flags"].as_str().is_some_and(|f| f.contains('K')),
    }
}

fn seconds(value: &Value) -> f64 {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.unwrap_or_else(|| panic!("no time: {value}"))
}

/// Times at which the decoder shows pictures, in seconds: fewer than there are packets where some
/// cannot be decoded.
pub async fn decoded(file: &Path) -> Vec<f64> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "quiet", "-of", "json", "-select_streams", "v:0"]);
    command.args(["-show_entries", "frame=best_effort_timestamp_time"]);
    let output = run(command.arg(file)).await;
    let found: Value = serde_json::from_slice(&output.stdout).expect("ffprobe writes JSON");
    let frames = found["frames"].as_array().expect("there are pictures");
    let time = |frame: &Value| seconds(&frame["best_effort_timestamp_time"]);
    frames.iter().map(time).collect()
}

/// Asserts that all of a file decodes without a complaint.
pub async fn decodes(file: &Path) {
    null(file, &[]).await;
}

/// As [`decodes`], at the file's own times: pictures that a camera's fault moved closer together
/// than the frame rate says are no errors.
pub async fn plays(file: &Path) {
    null(file, &["-enc_time_base", "-1"]).await;
}

async fn null(file: &Path, options: &[&str]) {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-xerror", "-i"]);
    command.arg(file).args(options).args(["-f", "null", "-"]);
    let output = run(&mut command).await;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let shown = file.display();
    assert!(
        output.status.success() && complaint.is_empty(),
        "{shown} does not decode ({}): {complaint}",
        output.status
    );
}

/// What the decoder says against a file of any length, a line each; nothing where it is good.
pub async fn complaints(file: &Path) -> Vec<String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-i"]).arg(file);
    command.args(["-enc_time_base", "-1", "-f", "null", "-"]);
    let output = run_within(&mut command, LONG_PATIENCE).await;
    let said = String::from_utf8_lossy(&output.stderr);
    let mut lines: Vec<String> = said.lines().map(without_address).collect();
    if !output.status.success() {
        lines.push(format!("ffmpeg ended with {}", output.status));
    }
    lines
}

/// FFmpeg names a part of itself with its address, `[h264 @ 0x55…]`, which is another one each time.
fn without_address(line: &str) -> String {
    match (line.find(" @ 0x"), line.find(']')) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &line[..from], &line[to..]),
        _ => line.to_owned(),
    }
}

/// Asserts all that is true of every final recording, and returns what ffprobe says:
/// H.264 or H.265, index in place and not fragmented, decoding times that only rise, no
/// negative times of showing, no complaint of the decoder.
pub async fn final_file(file: &Path) -> Video {
    let video = uneven_file(file).await;
    decodes(file).await;
    video
}

/// As [`final_file`] for a camera with faults, whose pictures need not be even.
pub async fn uneven_file(file: &Path) -> Video {
    let video = whole_file(file).await;
    plays(file).await;
    video
}

/// As [`final_file`], but for what the pictures show.
pub async fn whole_file(file: &Path) -> Video {
    assert_eq!(boxes::outermost(file), ["ftyp", "mdat", "moov"]);
    let video = video(file).await;
    assert!(
        matches!(video.codec.as_str(), "h264" | "hevc"),
        "{}",
        video.codec
    );
    for pair in video.packets.windows(2) {
        assert!(pair[0].dts < pair[1].dts, "DTS do not rise: {pair:?}");
    }
    assert!(
        video.packets.first().is_some_and(|p| p.key),
        "no keyframe first"
    );
    let first = video.shown()[0];
    assert!(first.abs() < 0.001, "the first picture is shown at {first}");
    video
}

/// Asserts that a file has exactly so many pictures a second, in every packet and in its header.
pub fn constant_rate(video: &Video, fps: u32) {
    let interval = 1.0 / f64::from(fps);
    let even = |seconds: f64| (seconds - interval).abs() < 0.0005;
    let bad: Vec<_> = video.packets.iter().filter(|p| !even(p.duration)).collect();
    assert!(bad.is_empty(), "durations other than {interval}: {bad:?}");
    for pair in video.shown().windows(2) {
        assert!(even(pair[1] - pair[0]), "shown at {pair:?}");
    }
    assert_eq!(video.avg_frame_rate, format!("{fps}/1"));
}

/// Runs a program to its end, within a bound.
pub async fn run(command: &mut Command) -> Output {
    run_within(command, PATIENCE).await
}

/// Runs a program to its end, within this bound.
pub async fn run_within(command: &mut Command, patience: Duration) -> Output {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ran = timeout(patience, command.output()).await;
    let ran = ran.unwrap_or_else(|_| panic!("too slow: {command:?}"));
    ran.unwrap_or_else(|e| panic!("{command:?}: {e}"))
}
