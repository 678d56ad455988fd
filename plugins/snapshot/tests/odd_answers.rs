//! Answers that are not as they should be.

use core::time::Duration;
use std::io::Write as _;
use std::process::{Command as Process, Stdio};

use padelvar_sdk::FailureClass;
use padelvar_sdk::jpeg::MAX_PICTURE_BYTES;
use padelvar_sdk::testing::{Harness, camera};
use padelvar_sdk::wit::HttpRequest;

/// As FFmpeg wrote it, with the typical Huffman tables, and the place of these.
const REAL: &[u8] = include_bytes!("../../mjpeg/tests/__fuzz__/picture/corpus/real");
const JPEG: (&str, &str) = ("content-type", "image/jpeg");
const GZIP: (&str, &str) = ("content-encoding", "gzip");

fn started() -> (Harness, HttpRequest) {
    let mut harness = Harness::new(camera("http://cam/snap.jpg"), snapshot::run);
    harness.start();
    let request = harness.requests().remove(0);
    (harness, request)
}

/// The next question, after a picture that was as it should be.
fn playing() -> (Harness, HttpRequest) {
    let (mut harness, request) = started();
    harness.response(request.id, 200, &[JPEG]);
    harness.body(request.id, REAL, true);
    assert_eq!(harness.packets().len(), 1);
    harness.advance(Duration::from_millis(500));
    let request = harness.requests().remove(0);
    (harness, request)
}

/// One answer; the pictures that come of it.
fn answered(headers: &[(&str, &str)], body: &[u8]) -> (Harness, Vec<Vec<u8>>) {
    let (mut harness, request) = started();
    harness.response(request.id, 200, headers);
    harness.body(request.id, body, true);
    let packets = harness.packets().into_iter();
    let pictures = packets.map(|packet| packet.data).collect();
    (harness, pictures)
}

fn refused(headers: &[(&str, &str)], body: &[u8]) -> (FailureClass, String) {
    let (harness, pictures) = answered(headers, body);
    assert!(pictures.is_empty());
    let (class, message) = harness.failure().expect("a failure");
    (class, message.to_owned())
}

#[test]
fn without_huffman_tables_it_is_decoded_all_the_same() {
    let tables = [0xff, 0xc4, 1, 0xa2];
    let at = REAL.windows(4).position(|window| window == tables);
    let at = at.expect("one segment with four tables");
    let without = [&REAL[..at], &REAL[at + 2 + 0x1a2..]].concat();
    let (_, pictures) = answered(&[JPEG], &without);
    assert_eq!(decoded(&pictures[0]), decoded(REAL));
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
fn what_cannot_be_recorded_is_refused_with_its_reason() {
    let at = REAL.windows(2).position(|window| window == [0xff, 0xc0]);
    let at = at.expect("a frame");
    for (marker, frame, reason) in [
        (0xc2, [8, 0, 16, 0, 16], "progressive"),
        (0xc3, [8, 0, 16, 0, 16], "lossless"),
        (0xc9, [8, 0, 16, 0, 16], "arithmetic"),
        (0xc1, [12, 0, 16, 0, 16], "8 bits"),
        (0xc0, [8, 0x40, 0, 0x40, 0], "megapixels"),
    ] {
        let mut picture = REAL.to_vec();
        picture[at + 1] = marker;
        picture[at + 4..at + 9].copy_from_slice(&frame);
        let (class, message) = refused(&[JPEG], &picture);
        assert_eq!(class, FailureClass::Unsupported, "{message}");
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn too_many_bytes_are_refused_with_the_reason() {
    let (mut harness, request) = started();
    harness.response(request.id, 200, &[JPEG]);
    harness.body(request.id, &REAL[..600], false);
    for _ in 0..=MAX_PICTURE_BYTES / 250_000 {
        harness.body(request.id, &vec![1; 250_000], false);
    }
    let (class, message) = harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Unsupported);
    assert!(message.contains("8 MiB"), "{message}");
}

#[test]
fn empty_and_cut_answers_are_left_out() {
    for cut in [0, 1, 2, 3, 100, REAL.len() - 1] {
        let (class, message) = refused(&[JPEG], &REAL[..cut]);
        assert!(
            class == FailureClass::Protocol || (1..3).contains(&cut),
            "{cut}: {message}"
        );
        let (mut harness, request) = playing();
        harness.response(request.id, 200, &[JPEG]);
        harness.body(request.id, &REAL[..cut], true);
        harness.advance(Duration::from_millis(500));
        let request = harness.requests().remove(0);
        harness.response(request.id, 200, &[JPEG]);
        harness.body(request.id, REAL, true);
        assert_eq!(harness.packets().len(), 1, "{cut}");
        assert_eq!(harness.outcome(), None);
    }
}

#[test]
fn what_stands_around_the_picture_goes() {
    for (before, after) in [
        (&b"\r\n"[..], &b""[..]),
        (b"", b"\0\0\0\r\n"),
        (b"\n", b"--"),
    ] {
        let body = [before, REAL, after].concat();
        assert_eq!(answered(&[JPEG], &body).1, [REAL], "{before:?}");
        assert_eq!(answered(&[], &body).1, [REAL], "without a type");
    }
}

#[test]
fn a_length_that_is_too_long_costs_little_time() {
    // The connection stays open, and what was announced never comes.
    let (mut harness, request) = started();
    harness.response(request.id, 200, &[JPEG, ("content-length", "99999")]);
    harness.body(request.id, REAL, false);
    harness.advance(Duration::from_millis(300));
    assert_eq!(harness.packets().len(), 1);
    // Or the camera closes it, which the host calls a failure.
    let (mut harness, request) = playing();
    harness.response(request.id, 200, &[JPEG, ("content-length", "99999")]);
    let arrived = harness.now();
    harness.body(request.id, REAL, false);
    harness.request_failed(request.id, FailureClass::Protocol, "end of file");
    assert_eq!(harness.packets()[0].arrived, arrived);
}

#[test]
fn gzip_that_nobody_asked_for() {
    let (mut harness, request) = started();
    let asked = request.headers.iter();
    let asked = asked.filter(|header| header.name == "Accept-Encoding");
    assert_eq!(asked.count(), 1);
    let packed = gzip(REAL);
    harness.response(request.id, 200, &[JPEG, GZIP]);
    let (first, rest) = packed.split_at(100);
    harness.body(request.id, first, false);
    harness.body(request.id, rest, true);
    assert_eq!(harness.packets()[0].data, REAL);
    assert_eq!(refused(&[JPEG, GZIP], first).0, FailureClass::Protocol);
    assert_eq!(refused(&[JPEG, GZIP], REAL).0, FailureClass::Protocol);
    let brotli = [JPEG, ("content-encoding", "br")];
    assert_eq!(refused(&brotli, REAL).0, FailureClass::Unsupported);
    // A bomb.
    let (class, message) = refused(&[GZIP], &gzip(&vec![0; 2 * MAX_PICTURE_BYTES]));
    assert_eq!(class, FailureClass::Unsupported);
    assert!(message.contains("8 MiB"), "{message}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    packed.extend(miniz_oxide::deflate::compress_to_vec(bytes, 6));
    packed.extend([0; 8]);
    packed
}

#[test]
fn redirects_are_remembered_and_bounded() {
    let (mut harness, request) = started();
    harness.response(request.id, 307, &[("location", "img/now.jpg")]);
    let request = harness.requests().remove(0);
    assert_eq!(request.url, "http://cam/img/now.jpg");
    harness.response(request.id, 200, &[JPEG]);
    harness.body(request.id, REAL, true);
    harness.advance(Duration::from_millis(500));
    assert_eq!(harness.requests()[0].url, "http://cam/img/now.jpg");
    let (mut harness, mut request) = started();
    for _ in 0..3 {
        harness.response(request.id, 302, &[("location", "/snap.jpg")]);
        request = harness.requests().remove(0);
    }
    harness.response(request.id, 302, &[("location", "/snap.jpg")]);
    let (class, message) = harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Protocol);
    assert!(message.contains("circle"), "{message}");
}

#[test]
fn a_redirect_to_a_place_that_is_not_granted_ends_with_the_reason() {
    let (mut harness, request) = started();
    harness.response(request.id, 302, &[("location", "http://elsewhere/x")]);
    let request = harness.requests().remove(0);
    let refusal = "elsewhere:80 is not granted to this camera's adapter";
    harness.request_failed(request.id, FailureClass::Auth, refusal);
    assert_eq!(harness.failure(), Some((FailureClass::Auth, refusal)));
}

#[test]
fn a_stale_nonce_is_no_wrong_password() {
    let (mut harness, mut request) = playing();
    for challenge in [
        "Digest realm=\"r\", nonce=\"1\"",
        "Digest realm=\"r\", nonce=\"2\", stale=true",
    ] {
        harness.response(request.id, 401, &[("www-authenticate", challenge)]);
        request = harness.requests().remove(0);
    }
    harness.response(request.id, 200, &[JPEG]);
    harness.body(request.id, REAL, true);
    assert_eq!(harness.packets().len(), 1);
}

#[test]
fn a_busy_camera_is_asked_again() {
    let (mut harness, request) = playing();
    harness.response(request.id, 503, &[("retry-after", "1")]);
    harness.advance(Duration::from_millis(500));
    let request = harness.requests().remove(0);
    harness.response(request.id, 200, &[JPEG]);
    harness.body(request.id, REAL, true);
    assert_eq!(harness.packets().len(), 1);
    // One that is busy from the start is another time's.
    let (mut harness, request) = started();
    harness.response(request.id, 503, &[("retry-after", "120")]);
    let (class, message) = harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Unreachable);
    assert!(message.contains("120 s"), "{message}");
}

#[test]
fn a_byte_a_second_is_given_up() {
    let (mut harness, request) = started();
    harness.response(request.id, 200, &[JPEG]);
    for byte in &REAL[..12] {
        harness.body(request.id, &[*byte], false);
        harness.advance(Duration::from_secs(1));
    }
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unreachable);
    assert!(harness.packets().is_empty());
}

#[test]
fn times_are_those_of_arrival_at_any_rate() {
    let (mut harness, mut request) = started();
    let mut expected = Vec::new();
    for ms in [3, 400, 0, 77, 1_900, 20] {
        harness.response(request.id, 200, &[JPEG]);
        harness.advance(Duration::from_millis(ms));
        expected.push(harness.now());
        harness.body(request.id, &REAL[..9], false);
        harness.advance(Duration::from_millis(30));
        harness.body(request.id, &REAL[9..], true);
        harness.advance(Duration::from_millis(500));
        request = harness.requests().remove(0);
    }
    let packets = harness.packets();
    let arrived: Vec<u64> = packets.iter().map(|packet| packet.arrived).collect();
    assert_eq!(arrived, expected);
}
