//! Recordings for tests, made as the host makes them, and judged by ffprobe.

use std::path::Path;

use super::boxes::Head;
use super::{Piece, Splitter, part_marker};
use crate::media::mkv::{Writer, header};
use crate::media::nal::ParameterSets;
use crate::media::testing::{access_units, ffmpeg, ffprobe, h264};
use crate::media::{Codec, VideoTrack};

/// How the recorder calls FFmpeg for its fragments.
const FRAGMENTS: [&str; 8] = [
    "-movflags",
    "+frag_keyframe+empty_moov+default_base_moof",
    "-frag_duration",
    "1000000",
    "-flush_packets",
    "1",
    "-f",
    "mp4",
];

/// A copied H.264 camera of 25 pictures a second, keyframe every 10, from Matroska.
pub fn copied(size: &str, frames: u32) -> Vec<u8> {
    let times: Vec<_> = (0..frames.into()).map(|n: i64| n * 40).collect();
    copied_at(size, &times)
}

/// The same with pictures at these milliseconds.
pub fn copied_at(size: &str, times: &[i64]) -> Vec<u8> {
    let units = access_units(&h264(&["-s", size], times.len() as u32));
    let track = VideoTrack {
        codec: Codec::H264,
        config: ParameterSets::find(&units[0].1).unwrap().to_config(),
        width: 0,
        height: 0,
    };
    let mut stream = header(&track).unwrap();
    let mut writer = Writer::new();
    for (pts_ms, (keyframe, data)) in times.iter().zip(&units) {
        stream.extend(writer.block(*pts_ms, *keyframe, data));
    }
    let mut args = vec![
        "-probesize",
        "32",
        "-analyzeduration",
        "0",
        "-fpsprobesize",
        "0",
    ];
    args.extend([
        "-f", "matroska", "-i", "pipe:0", "-map", "0", "-c:v", "copy",
    ]);
    args.extend(FRAGMENTS);
    args.push("pipe:1");
    ffmpeg(&args, &stream)
}

/// Encoded with reordered pictures, and with sound.
pub fn encoded(seconds: u32) -> Vec<u8> {
    encoded_with(seconds, &[])
}

/// The same with further options.
pub fn encoded_with(seconds: u32, options: &[&str]) -> Vec<u8> {
    let sound = [
        "-f",
        "lavfi",
        "-i",
        "sine=sample_rate=48000",
        "-c:a",
        "aac",
        "-b:a",
        "64k",
    ];
    encode(seconds, &[&sound, options].concat())
}

/// The same without sound.
pub fn silent(seconds: u32) -> Vec<u8> {
    encode(seconds, &[])
}

fn encode(seconds: u32, sound: &[&str]) -> Vec<u8> {
    let seconds = seconds.to_string();
    let mut args = vec!["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"];
    args.extend(sound);
    args.extend([
        "-t", &seconds, "-c:v", "libx264", "-preset", "veryfast", "-crf", "30",
    ]);
    args.extend(["-g", "50", "-threads", "1", "-pix_fmt", "yuv420p"]);
    args.extend(FRAGMENTS);
    args.push("pipe:1");
    ffmpeg(&args, &[])
}

/// The file that a host writes of these parts: (start in microseconds, output).
pub fn recording(parts: &[(i64, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    for (number, (start_us, output)) in parts.iter().enumerate() {
        let mut splitter = Splitter::new();
        splitter.push(output);
        while let Some(piece) = splitter.next_piece().unwrap() {
            match piece {
                Piece::Ftyp(bytes) if number == 0 => file.extend_from_slice(&bytes),
                Piece::Moov(bytes) => {
                    file.extend(part_marker(*start_us));
                    file.extend_from_slice(&bytes);
                }
                Piece::Fragment(fragment) => file.extend_from_slice(&fragment.bytes),
                Piece::Ftyp(_) | Piece::Other { .. } => {}
            }
        }
    }
    file
}

/// Kinds and places of the boxes of a file's first level.
pub fn top_level(file: &[u8]) -> Vec<(String, usize)> {
    let (mut at, mut out) = (0, Vec::new());
    while let Some(head) = Head::parse(&file[at..]).unwrap() {
        out.push((String::from_utf8_lossy(&head.kind).into_owned(), at));
        at += head.bytes as usize;
    }
    out
}

/// Kinds only.
pub fn kinds(file: &[u8]) -> Vec<String> {
    top_level(file).into_iter().map(|(kind, _)| kind).collect()
}

/// What ffprobe sees of a stream's packets: (pts, dts) in seconds.
pub fn packets(path: &Path, stream: &str) -> Vec<(f64, f64)> {
    let entries = [
        "-show_entries",
        "packet=pts_time,dts_time",
        "-of",
        "csv=p=0",
    ];
    let mut args = vec!["-select_streams", stream];
    args.extend(entries);
    let lines = ffprobe(&args, path);
    let number = |text: &str| text.parse::<f64>().unwrap();
    lines
        .iter()
        .filter_map(|line| line.split_once(','))
        .map(|(pts, dts)| (number(pts), number(dts)))
        .collect()
}

/// The values ffprobe shows for `entries`, for example `format=duration`.
pub fn probe(path: &Path, entries: &str) -> Vec<String> {
    ffprobe(&["-show_entries", entries, "-of", "csv=p=0"], path)
}

/// Fails unless the whole file decodes without complaint and times increase.
pub fn judge(path: &Path) {
    let name = path.to_str().unwrap();
    ffmpeg(&["-xerror", "-i", name, "-f", "null", "-"], &[]);
    let packets = packets(path, "v:0");
    assert!(packets.windows(2).all(|w| w[0].1 < w[1].1), "{packets:?}");
    let first = packets.iter().map(|(pts, _)| *pts).fold(f64::MAX, f64::min);
    assert!(first.abs() < 1e-6, "first picture at {first}");
}
