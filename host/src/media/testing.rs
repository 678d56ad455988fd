//! Real pictures for tests, made and judged by FFmpeg.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::BytesMut;

use super::hevc;
use super::nal::{h264_type, h264_type_of, push_unit};

/// Runs FFmpeg with `input` on stdin and gives what it wrote to stdout. Fails on
/// any complaint.
pub fn ffmpeg(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-v", "error"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tests need ffmpeg");
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // It may have read enough, and gone.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {args:?}: {errors}");
    assert!(errors.trim().is_empty(), "ffmpeg {args:?}: {errors}");
    output.stdout
}

/// A few pictures of H.264 in Annex B, with a keyframe every 10.
pub fn h264(options: &[&str], frames: u32) -> Vec<u8> {
    let frames = frames.to_string();
    let mut args = vec![
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=25",
        "-frames:v",
        &frames,
    ];
    args.extend(["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1"]);
    args.extend(["-pix_fmt", "yuv420p", "-g", "10", "-bf", "0"]);
    if let Some(format) = options.iter().find_map(|o| match *o {
        "high422" => Some("yuv422p"),
        "high10" => Some("yuv420p10"),
        _ => None,
    }) {
        args.extend(["-pix_fmt", format]);
    }
    args.extend(options);
    args.extend(["-f", "h264", "pipe:1"]);
    ffmpeg(&args, &[])
}

/// A few pictures of H.265 in Annex B, with a keyframe every 10.
pub fn h265(options: &[&str], frames: u32) -> Vec<u8> {
    let frames = frames.to_string();
    let source = "testsrc2=size=320x180:rate=25";
    let mut args = vec!["-f", "lavfi", "-i", source, "-frames:v", &frames];
    args.extend(["-c:v", "libx265", "-preset", "ultrafast", "-g", "10"]);
    args.extend(["-pix_fmt", "yuv420p"]);
    args.extend(["-x265-params", "bframes=0:keyint=10:log-level=none"]);
    args.extend(options);
    args.extend(["-f", "hevc", "pipe:1"]);
    ffmpeg(&args, &[])
}

/// One JPEG of this size, as `WxH`.
pub fn jpeg(size: &str) -> Vec<u8> {
    let source = "testsrc2=size=640x360";
    let mut args = vec!["-f", "lavfi", "-i", source, "-frames:v", "1", "-s", size];
    args.extend([
        "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-f", "mjpeg", "pipe:1",
    ]);
    ffmpeg(&args, &[])
}

/// The units of an Annex B stream, without start codes.
pub fn annex_b_units(stream: &[u8]) -> Vec<&[u8]> {
    let mut starts: Vec<usize> = Vec::new();
    for at in 0..stream.len().saturating_sub(2) {
        if stream[at..].starts_with(&[0, 0, 1]) {
            starts.push(at + 3);
        }
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|next| next - 3)
        .chain([stream.len()]);
    let units = starts.iter().zip(ends).map(|(&start, end)| {
        let unit = &stream[start..end];
        &unit[..unit
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1)]
    });
    units.collect()
}

/// The same units behind lengths of four bytes.
pub fn from_annex_b(stream: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    for unit in annex_b_units(stream) {
        push_unit(&mut out, unit);
    }
    out.to_vec()
}

/// One picture of an H.264 stream: whether it is a keyframe, and its NAL units
/// behind lengths. For streams of one slice a picture.
pub fn access_units(stream: &[u8]) -> Vec<(bool, Vec<u8>)> {
    let mut out = Vec::new();
    let mut open = BytesMut::new();
    for unit in annex_b_units(stream) {
        push_unit(&mut open, unit);
        let kind = h264_type_of(unit);
        if matches!(kind, h264_type::SLICE | h264_type::IDR) {
            out.push((kind == h264_type::IDR, open.split().to_vec()));
        }
    }
    out
}

/// As [`access_units`], of an H.265 stream.
pub fn h265_access_units(stream: &[u8]) -> Vec<(bool, Vec<u8>)> {
    let mut out = Vec::new();
    let mut open = BytesMut::new();
    for unit in annex_b_units(stream) {
        push_unit(&mut open, unit);
        if hevc::is_slice(unit) {
            let irap = hevc::nal_type::FIRST_IRAP..=hevc::nal_type::LAST_IRAP;
            out.push((irap.contains(&hevc::type_of(unit)), open.split().to_vec()));
        }
    }
    out
}

/// What ffprobe prints of `input` with these arguments, line by line.
pub fn ffprobe(args: &[&str], input: &Path) -> Vec<String> {
    let output = Command::new("ffprobe")
        .args(["-hide_banner", "-v", "error"])
        .args(args)
        .arg(input)
        .stdin(Stdio::null())
        .output()
        .expect("the tests need ffprobe");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.trim().is_empty(),
        "ffprobe {args:?}: {errors}"
    );
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| line.trim_end_matches(',').to_owned())
        .collect()
}
