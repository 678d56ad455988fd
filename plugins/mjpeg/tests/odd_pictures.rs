//! Pictures that are not as they should be, and what comes of the stream.

mod common;

use core::time::Duration;
use std::io::Write as _;
use std::process::{Command as Process, Stdio};

use common::{assert_whole, picture};
use padelvar_sdk::FailureClass;
use padelvar_sdk::jpeg::MAX_PICTURE_BYTES;
use padelvar_sdk::testing::{Harness, camera};

const MULTIPART: &[(&str, &str)] = &[("content-type", "multipart/x-mixed-replace; boundary=b")];
const PART: &[u8] = b"\r\n--b\r\nContent-Type: image/jpeg\r\n\r\n";

fn started() -> (Harness, u32) {
    let mut harness = Harness::new(camera("http://cam/mjpg"), mjpeg::run);
    harness.start();
    let id = harness.requests()[0].id;
    harness.response(id, 200, MULTIPART);
    (harness, id)
}

/// As FFmpeg wrote it, with the typical tables.
const REAL: &[u8] = include_bytes!("__fuzz__/picture/corpus/real");

/// A picture without its segment of Huffman tables.
fn without_tables(picture: &[u8]) -> Vec<u8> {
    let at = picture
        .windows(4)
        .position(|window| window == [0xff, 0xc4, 1, 0xa2])
        .expect("one segment with four tables");
    [&picture[..at], &picture[at + 2 + 0x1a2..]].concat()
}

/// What FFmpeg sees in a picture.
fn decoded(picture: &[u8]) -> Vec<u8> {
    let mut ffmpeg = Process::new("ffmpeg")
        .args(["-v", "error", "-xerror", "-f", "mjpeg", "-i", "-"])
        .args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("FFmpeg is installed");
    let mut stdin = ffmpeg.stdin.take().expect("it is piped");
    stdin.write_all(picture).expect("it listens");
    drop(stdin);
    let output = ffmpeg.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(output.stdout.len(), 16 * 16 * 3 / 2);
    output.stdout
}

#[test]
fn without_huffman_tables_it_is_decoded_all_the_same() {
    let (mut harness, id) = started();
    harness.body(id, &[PART, &without_tables(REAL)].concat(), false);
    let packets = harness.packets();
    assert_whole(&packets[0].data);
    assert_eq!(packets[0].data.len(), REAL.len());
    assert_eq!(decoded(&packets[0].data), decoded(REAL));
}

/// A picture of another frame header: the marker, and the sample's bits, height and width.
fn framed(marker: u8, frame: [u8; 5]) -> Vec<u8> {
    let mut bytes = picture(1);
    let at = bytes.windows(2).position(|window| window == [0xff, 0xc0]);
    let at = at.expect("a frame");
    bytes[at + 1] = marker;
    bytes[at + 4..at + 9].copy_from_slice(&frame);
    bytes
}

const SMALL: [u8; 5] = [8, 0, 16, 0, 16];

#[test]
fn what_cannot_be_recorded_is_refused_with_its_reason() {
    for (picture, reason) in [
        (framed(0xc2, SMALL), "progressive"),
        (framed(0xc3, SMALL), "lossless"),
        (framed(0xc9, SMALL), "arithmetic"),
        (framed(0xca, SMALL), "arithmetic"),
        (framed(0xc1, [12, 0, 16, 0, 16]), "8 bits"),
        (framed(0xc0, [8, 0xff, 0xff, 0xff, 0xff]), "megapixels"),
        (framed(0xc0, [8, 0, 0, 0, 16]), "how large"),
    ] {
        let (mut harness, id) = started();
        harness.body(id, &[PART, &picture].concat(), false);
        let (class, message) = harness.failure().expect(reason);
        assert_eq!(class, FailureClass::Unsupported, "{message}");
        assert!(message.contains(reason), "{message}");
        assert!(harness.packets().is_empty());
    }
}

#[test]
fn one_of_them_among_good_ones_is_skipped() {
    let (mut harness, id) = started();
    for picture in [picture(1), framed(0xc2, SMALL), picture(2)] {
        harness.body(id, &[PART, &picture].concat(), false);
    }
    assert_eq!(harness.packets().len(), 2);
    let logs = harness.logs();
    assert!(
        logs.len() == 1 && logs[0].contains("progressive"),
        "{logs:?}"
    );
    assert_eq!(harness.outcome(), None);
}

#[test]
fn too_many_bytes_are_refused_with_the_reason() {
    let (mut harness, id) = started();
    harness.body(id, &[PART, &picture(1)[..33]].concat(), false);
    for _ in 0..=MAX_PICTURE_BYTES / 250_000 {
        harness.body(id, &vec![1; 250_000], false);
    }
    let (class, message) = harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Unsupported);
    assert!(message.contains("8 MiB"), "{message}");
}

#[test]
fn parts_without_bytes_are_skipped() {
    let (mut harness, id) = started();
    let empty = b"\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Length: 0\r\n\r\n";
    for _ in 0..50 {
        harness.body(id, empty, false);
        harness.body(id, &[PART, &picture(1)].concat(), false);
        harness.advance(Duration::from_secs(1));
    }
    assert_eq!(harness.packets().len(), 50);
    assert!(harness.logs().is_empty());
}

#[test]
fn a_picture_that_is_cut_short_costs_no_other() {
    for cut in 2..REAL.len() {
        let (mut harness, id) = started();
        let mut body = [PART, &picture(1), PART, &REAL[..cut]].concat();
        for tag in 2..=4 {
            body.extend([PART, &picture(tag)].concat());
        }
        harness.body(id, &body, false);
        let packets = harness.packets();
        // What is cut within its tables may look like a segment that holds the next picture.
        let found: Vec<_> = (2..=4).map(picture).collect();
        let found = found
            .iter()
            .filter(|good| packets.iter().any(|it| it.data == **good));
        assert_eq!(found.count(), 3, "cut at {cut}");
    }
}

#[test]
fn times_are_those_of_arrival_at_any_rate() {
    let (mut harness, id) = started();
    let mut expected = Vec::new();
    for ms in [0, 40, 40, 900, 5, 0, 333, 2_000, 16, 17] {
        harness.advance(Duration::from_millis(ms));
        expected.push(harness.now());
        let whole = [PART, &picture(1)].concat();
        let (first, rest) = whole.split_at(PART.len() + 5);
        // The rest of a picture does not change when it began.
        harness.body(id, first, false);
        harness.advance(Duration::from_millis(ms / 10));
        harness.body(id, rest, false);
    }
    let packets = harness.packets();
    let arrived: Vec<u64> = packets.iter().map(|packet| packet.arrived).collect();
    assert_eq!(arrived, expected);
    assert!(packets.iter().all(|packet| packet.timestamp.is_none()));
}
