//! Files of any origin, and what is told of them.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use super::{Dice, file};
use crate::media::testing::ffmpeg;
use crate::mp4::facts::read;
use crate::mp4::testing::{copied, encoded, probe, recording, silent};
use crate::mp4::{Error, Facts, facts, finalize};

/// What FFmpeg makes of a test picture with these options.
fn made(path: &Path, options: &[&str]) {
    let mut args = vec![
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=25:duration=3",
    ];
    args.extend(options);
    args.push(path.to_str().unwrap());
    ffmpeg(&args, &[]);
}

/// Fails unless the facts are those that ffprobe sees.
fn agrees(path: &Path, codec: &str) -> Facts {
    let found = facts(path).unwrap();
    let seconds: f64 = probe(path, "format=duration")[0].parse().unwrap();
    // In fragments ffprobe counts the wait for reordered pictures too: two pictures.
    assert!(
        (found.duration_seconds - seconds).abs() < 0.081,
        "{found:?} {seconds}"
    );
    let args = ["-count_packets", "-select_streams", "v:0"];
    let mut args = args.to_vec();
    args.extend(["-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"]);
    let frames = crate::media::testing::ffprobe(&args, path);
    assert_eq!(found.frames.to_string(), frames[0]);
    assert_eq!((found.width, found.height), (320, 180));
    assert_eq!(found.codec, codec);
    assert_eq!(found.size_bytes, fs::metadata(path).unwrap().len());
    found
}

#[test]
fn plain_and_in_fragments() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.mp4");
    let x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2"];
    let forms: [&[&str]; 5] = [
        &[],
        &["-movflags", "+faststart"],
        &["-movflags", "+frag_keyframe+empty_moov+default_base_moof"],
        &[
            "-movflags",
            "+frag_keyframe+empty_moov",
            "-frag_duration",
            "500000",
        ],
        &["-movflags", "+frag_keyframe"],
    ];
    for form in forms {
        for sound in [false, true] {
            let mut options = vec![];
            if sound {
                options.extend(["-f", "lavfi", "-i", "sine=duration=3", "-c:a", "aac"]);
            }
            options.extend(x264);
            options.extend(form);
            made(&path, &[&options[..], &["-y"]].concat());
            agrees(&path, "h264");
        }
    }
    let x265 = [
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-tag:v",
        "hvc1",
        "-y",
    ];
    made(
        &path,
        &[&x265[..], &["-x265-params", "log-level=none"]].concat(),
    );
    agrees(&path, "h265");
    made(&path, &["-c:v", "mpeg4", "-y"]);
    agrees(&path, "mp4v");
}

#[test]
fn recordings_of_this_host() {
    for output in [copied("320x180", 50), encoded(2), silent(2)] {
        let (_folder, path) = file(&recording(&[(0, &output)]));
        let growing = facts(&path).unwrap();
        let summary = finalize(&path, true, None).unwrap();
        let found = facts(&path).unwrap();
        assert_eq!(found.frames, summary.samples);
        assert_eq!(growing.frames, summary.samples);
        assert!((found.duration_seconds - summary.duration_seconds).abs() < 1e-9);
        assert!((growing.duration_seconds - summary.duration_seconds).abs() < 0.2);
        assert_eq!((found.width, found.height), (summary.width, summary.height));
        assert_eq!(found.size_bytes, summary.size_bytes);
    }
    let two = recording(&[
        (0, &copied("320x180", 50)),
        (2_000_000, &copied("64x64", 25)),
    ]);
    let found = read(&mut Cursor::new(&two)).unwrap();
    assert_eq!((found.frames, found.width), (75, 320));
    assert!((found.duration_seconds - 3.0).abs() < 0.1, "{found:?}");
}

#[test]
fn files_without_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.mp4");
    let args = ["-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac"];
    ffmpeg(&[&args[..], &[path.to_str().unwrap()]].concat(), &[]);
    assert!(matches!(facts(&path), Err(Error::Empty)));
    for nothing in [&b""[..], b"\0\0\0\x10ftypisom\0\0\0\0", b"\0\0\0\x08mdat"] {
        assert!(matches!(read(&mut Cursor::new(nothing)), Err(Error::Empty)));
    }
    // There may be something in these.
    for unknown in [
        &b"no MP4 at all, but long enough for a head"[..],
        b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\0mdat0123456789abcdef",
        b"\0\0\0\x18mdat0123456789abcdef",
        &[0; 2048],
    ] {
        let found = read(&mut Cursor::new(unknown));
        assert!(
            matches!(found, Err(Error::NotARecording { .. })),
            "{found:?}"
        );
    }
    assert!(matches!(
        facts(&path.with_extension("none")),
        Err(Error::Io { .. })
    ));
    assert!(facts(folder.path()).is_err());
}

#[test]
fn damage_anywhere_is_survived() {
    let (_folder, path) = file(&recording(&[(0, &encoded(1))]));
    let growing = fs::read(&path).unwrap();
    finalize(&path, true, None).unwrap();
    let done = fs::read(&path).unwrap();
    let mut dice = Dice(17);
    for original in [&growing, &done] {
        let kinds: [&[u8]; 12] = [
            b"moov", b"mvhd", b"trak", b"tkhd", b"mdhd", b"hdlr", b"stsd", b"stsz", b"trex",
            b"tfhd", b"tfdt", b"trun",
        ];
        let heads: Vec<usize> = (4..original.len() - 4)
            .filter(|&at| kinds.contains(&&original[at..at + 4]))
            .collect();
        for _ in 0..4_000 {
            let mut bytes = original.clone();
            for _ in 0..=dice.below(4) {
                let at = heads[dice.below(heads.len())] - 4 + dice.below(60);
                let at = at.min(bytes.len() - 1);
                bytes[at] = [0, 1, 0x7f, 0x80, 0xff, dice.below(256) as u8][dice.below(6)];
            }
            bytes.truncate(bytes.len() - dice.below(2) * dice.below(bytes.len()));
            if let Ok(found) = read(&mut Cursor::new(&bytes)) {
                assert!(found.duration_seconds.is_finite() && found.duration_seconds >= 0.0);
            }
        }
    }
}
