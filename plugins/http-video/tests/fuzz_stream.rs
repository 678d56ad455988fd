//! Any bytes from the camera: no panic, no endless loop, bounded memory, and every picture that
//! comes out is well-formed.
//!
//! `BOLERO_RANDOM_TEST_TIME_MS` and `BOLERO_RANDOM_ITERATIONS` make these run longer; they are
//! libFuzzer targets, too.

mod common;

use core::time::Duration;

use common::{H264, check, file, started, with_audio};
use http_video::sample::{Demuxer, Segmented, Stream};
use padelvar_sdk::Command;
use padelvar_sdk::testing::{Edit, edited};

/// The host cuts off a session that logs more than 20 lines a second.
const MAX_LOGS: usize = 40;

/// One long answer, in pieces whose size the first byte chooses.
fn play(sizes: &[u8], body: &[u8]) {
    let (mut harness, id) = started(with_audio("http://cam/live", true));
    harness.response(id, 200, &[]);
    let size = sizes
        .first()
        .map_or(1000, |size| 1 + usize::from(*size) * 40);
    for (round, piece) in body.chunks(size).enumerate() {
        harness.body(id, piece, false);
        if round % 8 == 7 {
            harness.advance(Duration::from_millis(100));
        }
    }
    harness.body(id, &[], true);
    harness.advance(Duration::from_secs(12));
    let commands = harness.take();
    check(&commands);
    let is_log = |command: &&Command| matches!(command, Command::Log(_));
    assert!(commands.iter().filter(is_log).count() <= MAX_LOGS);
    assert!(
        harness.outcome().is_some(),
        "a session ends with its camera"
    );
}

/// Inputs of a run of the tests: those of a whole stream take milliseconds without optimisation.
const FEW: usize = if cfg!(debug_assertions) { 150 } else { 1500 };

#[test]
fn fuzz_any_answer() {
    bolero::check!().for_each(|input: &[u8]| {
        let (sizes, body) = input.split_at(input.len().min(1));
        play(sizes, body);
    });
}

/// Packets of a transport stream whose headers are mostly right, so that random payloads reach
/// the tables and the PES packets.
#[test]
fn fuzz_packets() {
    let tables = file("fuzz-tables", 1, H264, "mpegts")[..3 * 188].to_vec();
    bolero::check!().for_each(|input: &[u8]| {
        let mut stream = tables.clone();
        let mut counter = 0;
        for piece in input.chunks(60) {
            let pid = match piece[0] & 7 {
                0 => 0,
                1 => 0x1000,
                2 | 3 => 0x101,
                _ => 0x100,
            };
            counter = (counter + u8::from(piece[0] & 0x80 == 0)) & 0xf;
            let start = if piece[0] & 0x40 == 0 { 0 } else { 0x40 };
            stream.extend([0x47, start | (pid >> 8) as u8, pid as u8, 0x10 | counter]);
            if start != 0 && pid & 0x100 != 0 {
                stream.extend([0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, piece[0], 1, 1]);
                stream.extend([0, 0, 1]);
            }
            stream.extend(piece);
            stream.resize(stream.len().next_multiple_of(188), 0xff);
        }
        play(&[5], &stream);
    });
}

#[test]
fn fuzz_mutated_transport_stream() {
    let stream = file("fuzz-ts", 1, H264, "mpegts");
    bolero::check!()
        .with_type::<(u8, Vec<Edit>)>()
        .with_iterations(FEW)
        .for_each(|(size, edits)| play(&[*size], &edited(&stream, edits)));
}

#[test]
fn fuzz_mutated_flv() {
    let stream = file("fuzz-flv", 1, H264, "flv");
    bolero::check!()
        .with_type::<(u8, Vec<Edit>)>()
        .with_iterations(FEW)
        .for_each(|(size, edits)| play(&[*size], &edited(&stream, edits)));
}

/// A segment and its beginning, both changed, straight into the demuxer.
#[test]
fn fuzz_mutated_mp4() {
    let flags = "frag_keyframe+empty_moov+default_base_moof";
    let arguments = [H264, &["-movflags", flags]].concat();
    let stream = file("fuzz-mp4", 1, &arguments, "mp4");
    let moof = stream.windows(4).position(|window| window == b"moof");
    let (beginning, segment) = stream.split_at(moof.expect("a fragment") - 4);
    bolero::check!()
        .with_type::<(u8, Vec<Edit>, Vec<Edit>)>()
        .with_iterations(2 * FEW)
        .for_each(|(size, first, second)| {
            let mut demuxer = http_video::fmp4::Mp4Demuxer::new(true);
            if demuxer.init(&edited(beginning, first)).is_err() {
                demuxer.init(beginning).expect("as FFmpeg made it");
            }
            let mut samples = Vec::new();
            for (edits, whole) in [(second.as_slice(), false), (&[], true)] {
                for piece in edited(segment, edits).chunks(1 + usize::from(*size) * 40) {
                    if demuxer.push(piece, 1, &mut samples).is_err() {
                        break;
                    }
                }
                demuxer.end_of_file(whole, 1, &mut samples);
            }
            for sample in &samples {
                assert!(!sample.data.is_empty());
                if sample.stream == Stream::Video {
                    common::units(&sample.data);
                }
            }
        });
}

#[test]
fn fuzz_tags() {
    bolero::check!().for_each(|input: &[u8]| {
        let mut stream = b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec();
        for piece in input.chunks(50) {
            let kind = 8 + (piece[0] >> 7);
            stream.extend([
                kind,
                0,
                0,
                piece.len() as u8 - 1,
                0,
                0,
                piece[0],
                0,
                0,
                0,
                0,
            ]);
            stream.extend(&piece[1..]);
            stream.extend([0; 4]);
        }
        play(&[3], &stream);
    });
}

/// A server whose every answer is a record of the input: flags, a length, and a body.
#[test]
fn fuzz_hls() {
    let segment = file("fuzz-hls", 1, H264, "mpegts");
    bolero::check!().for_each(|input: &[u8]| {
        let (mut harness, id) = started(with_audio("http://cam/x.m3u8", true));
        harness.response(id, 200, &[]);
        harness.body(id, b"#EXTM3U\n#EXT-X-TARGETDURATION:1\na\nb\nc\n", true);
        let mut rest = input;
        let mut requests = 0;
        while let [flags, len, after @ ..] = rest {
            let (body, after) = after.split_at(usize::from(*len).min(after.len()));
            rest = after;
            for request in harness.requests() {
                requests += 1;
                let status = [200, 200, 200, 200, 200, 404, 302, 401][usize::from(flags & 7)];
                let text = String::from_utf8_lossy(body);
                let line = text.lines().next().unwrap_or_default();
                harness.response(request.id, status, &[("location", line)]);
                match flags >> 3 & 7 {
                    0 => harness.body(request.id, body, true),
                    1 => harness.request_failed(
                        request.id,
                        padelvar_sdk::FailureClass::Unreachable,
                        "gone",
                    ),
                    2 => {
                        let playlist =
                            format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{line}\n{text}\nx\n");
                        harness.body(request.id, playlist.as_bytes(), true);
                    }
                    3 => harness.body(request.id, &segment[..segment.len() / 2], false),
                    _ => {
                        let edits = [(u32::from(*len), *flags, u16::from(*len) << 3)];
                        harness.body(request.id, &edited(&segment, &edits), true);
                    }
                }
            }
            harness.advance(Duration::from_millis(500));
        }
        check(&harness.take());
        harness.advance(Duration::from_secs(40));
        assert!(harness.outcome().is_some(), "a silent camera is given up");
        // Four at once where redirects are followed, and some segments of a list at once.
        assert!(requests <= input.len());
    });
}
