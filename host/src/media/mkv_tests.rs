//! Judged by FFmpeg, read with the options that the recorder uses.

use std::fs;

use bytes::Bytes;

use super::*;
use crate::media::sound::SoundCodec;
use crate::media::testing;

const READ: [&str; 8] = [
    "-probesize",
    "32",
    "-analyzeduration",
    "0",
    "-fpsprobesize",
    "0",
    "-f",
    "matroska",
];

/// Timestamps in milliseconds with gaps below and above what a cluster can hold.
fn times(count: usize) -> Vec<i64> {
    let mut now = 0;
    (0..count)
        .map(|n| {
            now += match n {
                0 => 0,
                5 => 31_999,
                12 => 32_768,
                17 => 70_001,
                23 => 2 * 3_600_000,
                _ => 33 + (n as i64 % 3),
            };
            now
        })
        .collect()
}

fn h264_stream(frames: u32) -> (Vec<u8>, Vec<i64>) {
    let units = testing::access_units(&testing::h264(&["-x264-params", "slices=1"], frames));
    assert_eq!(units.len(), frames as usize);
    let track = VideoTrack {
        codec: Codec::H264,
        config: ParameterSets::find(&units[0].1).unwrap().to_config(),
        width: 0,
        height: 0,
    };
    let mut stream = header(&track).unwrap();
    let mut writer = Writer::new();
    let times = times(units.len());
    for ((keyframe, data), pts_ms) in units.iter().zip(&times) {
        stream.extend(writer.block(*pts_ms, *keyframe, data));
    }
    (stream, times)
}

fn written(stream: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), stream).unwrap();
    file
}

#[test]
fn timestamps_are_exact_over_any_gap() {
    let (stream, times) = h264_stream(30);
    let file = written(&stream);
    let mut args = READ.to_vec();
    args.extend(["-show_entries", "packet=pts,flags", "-of", "csv=p=0"]);
    let lines = testing::ffprobe(&args, file.path());
    let wanted: Vec<_> = (times.iter().enumerate())
        .map(|(n, ms)| format!("{ms},{}", if n % 10 == 0 { "K_" } else { "__" }))
        .collect();
    assert_eq!(lines, wanted);
}

#[test]
fn h264_decodes_and_copies_into_fragments() {
    let (stream, times) = h264_stream(30);
    let mut args = READ.to_vec();
    args.extend([
        "-xerror", "-i", "pipe:0", "-vsync", "0", "-f", "framecrc", "pipe:1",
    ]);
    let pictures = String::from_utf8(testing::ffmpeg(&args, &stream)).unwrap();
    assert_eq!(
        pictures
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count(),
        30
    );

    let mut args = READ.to_vec();
    args.extend(["-i", "pipe:0", "-map", "0", "-c:v", "copy"]);
    args.extend(["-movflags", "+frag_keyframe+empty_moov+default_base_moof"]);
    args.extend(["-frag_duration", "1000000", "-f", "mp4", "pipe:1"]);
    let file = written(&testing::ffmpeg(&args, &stream));
    let entries = "stream=codec_name,codec_tag_string,width,height";
    let shown = testing::ffprobe(&["-show_entries", entries, "-of", "csv=p=0"], file.path());
    assert_eq!(shown, ["h264,avc1,320,180"]);
    let packets = ["-show_entries", "packet=pts_time", "-of", "csv=p=0"];
    let shown = testing::ffprobe(&packets, file.path());
    let shown: Vec<f64> = shown.iter().map(|line| line.parse().unwrap()).collect();
    let wanted: Vec<f64> = times.iter().map(|ms| *ms as f64 / 1000.0).collect();
    assert!(
        shown.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-4),
        "{shown:?}"
    );
    assert_eq!(shown.len(), wanted.len());
}

#[test]
fn h265_decodes_and_copies_as_hvc1() {
    let units = testing::h265_access_units(&testing::h265(&[], 30));
    assert_eq!(units.len(), 30);
    let track = VideoTrack {
        codec: Codec::H265,
        config: hevc::ParameterSets::find(&units[0].1).unwrap().to_config(),
        width: 0,
        height: 0,
    };
    let mut stream = header(&track).unwrap();
    let mut writer = Writer::new();
    for ((keyframe, data), pts_ms) in units.iter().zip(times(30)) {
        stream.extend(writer.block(pts_ms, *keyframe, data));
    }
    let mut args = READ.to_vec();
    args.extend([
        "-xerror", "-i", "pipe:0", "-vsync", "0", "-f", "framecrc", "pipe:1",
    ]);
    let pictures = String::from_utf8(testing::ffmpeg(&args, &stream)).unwrap();
    let lines = pictures.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.count(), 30);

    let mut args = READ.to_vec();
    args.extend([
        "-i", "pipe:0", "-map", "0", "-c:v", "copy", "-tag:v", "hvc1",
    ]);
    args.extend(["-movflags", "+frag_keyframe+empty_moov+default_base_moof"]);
    args.extend(["-frag_duration", "1000000", "-f", "mp4", "pipe:1"]);
    let file = written(&testing::ffmpeg(&args, &stream));
    let entries = "stream=codec_name,codec_tag_string,width,height";
    let shown = testing::ffprobe(&["-show_entries", entries, "-of", "csv=p=0"], file.path());
    assert_eq!(shown, ["hevc,hvc1,320,180"]);
}

#[test]
fn mjpeg_decodes() {
    let jpeg = testing::jpeg("320x240");
    let track = VideoTrack {
        codec: Codec::Mjpeg,
        config: Bytes::new(),
        width: 320,
        height: 240,
    };
    let mut stream = header(&track).unwrap();
    let mut writer = Writer::new();
    for pts_ms in times(30) {
        stream.extend(writer.block(pts_ms, true, &jpeg));
    }
    let mut args = READ.to_vec();
    args.extend([
        "-xerror", "-i", "pipe:0", "-vsync", "0", "-f", "framecrc", "pipe:1",
    ]);
    let pictures = String::from_utf8(testing::ffmpeg(&args, &stream)).unwrap();
    let lines: Vec<_> = pictures
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(lines.len(), 30);
    assert!(pictures.contains("#dimensions 0: 320x240"), "{pictures}");
}

/// Pictures for a second, and silence beside them.
fn with_silence(sound: &SoundTrack) -> Vec<u8> {
    let units = testing::access_units(&testing::h264(&["-x264-params", "slices=1"], 25));
    let track = VideoTrack {
        codec: Codec::H264,
        config: ParameterSets::find(&units[0].1).unwrap().to_config(),
        width: 0,
        height: 0,
    };
    let mut stream = header_with(&track, Some(sound)).unwrap();
    let mut writer = Writer::new();
    let (silence, mut heard_us) = (sound.silence().unwrap(), 0);
    for (n, (keyframe, data)) in (0..).zip(&units) {
        stream.extend(writer.block(n * 40, *keyframe, data));
        while heard_us < (n + 1) * 40_000 {
            stream.extend(writer.sound_head(heard_us / 1000, silence.len()));
            stream.extend_from_slice(&silence);
            heard_us += sound.length_us(&silence);
        }
    }
    stream
}

#[test]
fn sound_of_every_kind_is_read_and_becomes_aac() {
    for (codec, rate, channels, config, name) in [
        (SoundCodec::Aac, 48_000, 2, &[0x11, 0x90][..], "aac,48000,2"),
        (SoundCodec::Aac, 16_000, 1, &[0x14, 0x08], "aac,16000,1"),
        (SoundCodec::Opus, 48_000, 2, &[], "opus,48000,2"),
        (SoundCodec::Pcma, 8_000, 1, &[], "pcm_alaw,8000,1"),
        (SoundCodec::Pcmu, 16_000, 1, &[], "pcm_mulaw,16000,1"),
        (SoundCodec::Pcm, 8_000, 1, &[], "pcm_s16le,8000,1"),
    ] {
        let config = Bytes::from_static(config);
        let sound = SoundTrack {
            codec,
            rate,
            channels,
            config,
        };
        let stream = with_silence(&sound);
        let file = written(&stream);
        let mut args = READ.to_vec();
        let entries = "stream=codec_name,sample_rate,channels";
        args.extend([
            "-select_streams",
            "a",
            "-show_entries",
            entries,
            "-of",
            "csv=p=0",
        ]);
        assert_eq!(testing::ffprobe(&args, file.path()), [name]);
        let volume = [
            "-af",
            "astats=metadata=0:measure_overall=Max_level",
            "-f",
            "null",
            "-",
        ];
        let mut args = READ.to_vec();
        args.extend(["-xerror", "-i", "pipe:0", "-map", "0:a"]);
        args.extend(volume);
        testing::ffmpeg(&args, &stream);
        let mut args = READ.to_vec();
        args.extend(["-xerror", "-i", "pipe:0", "-map", "0", "-c:v", "copy"]);
        args.extend(match codec {
            SoundCodec::Aac => ["-c:a", "copy"],
            _ => ["-c:a", "aac"],
        });
        args.extend(["-movflags", "+frag_keyframe+empty_moov+default_base_moof"]);
        args.extend(["-frag_duration", "1000000", "-f", "mp4", "pipe:1"]);
        let file = written(&testing::ffmpeg(&args, &stream));
        let shown = ["-show_entries", "stream=codec_name", "-of", "csv=p=0"];
        assert_eq!(testing::ffprobe(&shown, file.path()), ["h264", "aac"]);
        let packets = [
            "-select_streams",
            "a",
            "-show_entries",
            "packet=pts_time",
            "-of",
            "csv=p=0",
        ];
        let last = testing::ffprobe(&packets, file.path()).pop().unwrap();
        let last: f64 = last.parse().unwrap();
        assert!((0.85..1.05).contains(&last), "{codec}: {last}");
    }
}

#[test]
fn what_is_missing_is_said() {
    let track = |codec, config| VideoTrack {
        codec,
        config,
        width: 0,
        height: 0,
    };
    assert_eq!(
        header(&track(Codec::Mjpeg, Bytes::new())),
        Err(Error::NoSize)
    );
    for codec in [Codec::H264, Codec::H265] {
        assert!(matches!(
            header(&track(codec, Bytes::new())),
            Err(Error::Config(_))
        ));
    }
}

#[test]
fn sizes_take_the_bytes_they_need() {
    for (value, wanted) in [
        (0_u64, vec![0x80]),
        (126, vec![0xfe]),
        (127, vec![0x40, 0x7f]),
        (16_382, vec![0x7f, 0xfe]),
        (16_383, vec![0x20, 0x3f, 0xff]),
    ] {
        let mut out = Vec::new();
        size(&mut out, value);
        assert_eq!(out, wanted, "{value}");
    }
}
