//! The adapter with good and bad cameras.

mod common;

use core::time::Duration;

use common::picture;
use padelvar_sdk::FailureClass;
use padelvar_sdk::testing::{Harness, camera, render};

fn started(url: &str) -> (Harness, u32) {
    let mut harness = Harness::new(camera(url), mjpeg::run);
    harness.start();
    let id = harness.requests()[0].id;
    (harness, id)
}

fn failure(harness: &Harness) -> FailureClass {
    harness.failure().expect("a failure").0
}

const MULTIPART: &[(&str, &str)] = &[("content-type", "multipart/x-mixed-replace; boundary=b")];

#[test]
fn pictures_with_their_arrival() {
    let (mut harness, id) = started("http://cam/mjpg");
    harness.response(id, 200, MULTIPART);
    harness.body(id, b"--b\r\n\r\n", false);
    assert!(harness.tracks().is_empty());
    harness.advance(Duration::from_millis(40));
    let at = harness.now();
    harness.body(id, &picture(1), false);
    let tracks = harness.tracks();
    assert_eq!(
        (tracks[0][0].codec.as_str(), tracks[0][0].config.len()),
        ("mjpeg", 0)
    );
    let packets = harness.packets();
    assert_eq!(
        (
            packets[0].arrived,
            packets[0].keyframe,
            packets[0].timestamp
        ),
        (at, true, None)
    );
    harness.body(id, &[picture(2), picture(3)].concat(), false);
    assert_eq!(harness.packets().len(), 2);
    harness.stop();
    assert_eq!(harness.outcome(), Some(&Ok(())));
}

#[test]
fn logs_in_and_follows_redirects() {
    let (mut harness, id) = started("http://cam/a?p={password}");
    harness.response(id, 302, &[("location", "/b")]);
    let request = harness.requests().remove(0);
    assert_eq!(request.url, "http://cam/b");
    harness.response(
        request.id,
        401,
        &[("www-authenticate", "Basic realm=\"x\"")],
    );
    let request = harness.requests().remove(0);
    let header = request
        .headers
        .iter()
        .find(|header| header.name == "Authorization");
    assert_eq!(render(&header.unwrap().value), "<authorization GET /b>");
    harness.response(
        request.id,
        401,
        &[("www-authenticate", "Basic realm=\"x\"")],
    );
    assert_eq!(failure(&harness), FailureClass::Auth);
}

#[test]
fn circles_and_other_answers() {
    let (mut harness, mut id) = started("http://cam/a");
    for _ in 0..3 {
        harness.response(id, 301, &[("location", "http://cam/a")]);
        id = harness.requests()[0].id;
    }
    harness.response(id, 301, &[("location", "http://cam/a")]);
    assert_eq!(failure(&harness), FailureClass::Protocol);
    for (status, kind, class) in [
        (200, "image/jpeg", FailureClass::Unsupported),
        (200, "text/html", FailureClass::Unsupported),
        (404, "text/html", FailureClass::Unreachable),
        (403, "text/html", FailureClass::Auth),
        (503, "text/html", FailureClass::Unreachable),
        (302, "text/html", FailureClass::Protocol),
        (401, "text/html", FailureClass::Auth),
        (418, "text/html", FailureClass::Protocol),
    ] {
        let (mut harness, id) = started("http://cam/a");
        harness.response(id, status, &[("content-type", kind)]);
        assert_eq!(failure(&harness), class, "{status} {kind}");
    }
}

#[test]
fn an_odd_type_is_judged_by_its_bytes() {
    let (mut harness, id) = started("http://cam/a");
    harness.response(id, 200, &[]);
    harness.body(id, &[picture(1), picture(2)].concat(), false);
    assert_eq!(harness.packets().len(), 2);

    let (mut harness, id) = started("http://cam/a");
    harness.response(id, 200, &[]);
    harness.body(id, &picture(1), true);
    assert_eq!(failure(&harness), FailureClass::Unsupported);

    let (mut harness, id) = started("http://cam/a");
    harness.response(id, 200, MULTIPART);
    for _ in 0..5 {
        harness.body(id, &vec![b'x'; 250_000], false);
    }
    assert_eq!(failure(&harness), FailureClass::Unsupported);
}

#[test]
fn silence_and_ends() {
    let (mut harness, id) = started("http://cam/a");
    harness.response(id, 200, MULTIPART);
    for _ in 0..15 {
        harness.advance(Duration::from_secs(1));
        harness.body(id, &picture(1), false);
    }
    assert_eq!(harness.outcome(), None);
    // Bytes alone are no sign of life.
    for _ in 0..11 {
        harness.advance(Duration::from_secs(1));
        harness.body(id, b"\r\n--b\r\n", false);
    }
    assert_eq!(failure(&harness), FailureClass::Unreachable);

    let (mut harness, id) = started("http://cam/a");
    harness.response(id, 200, MULTIPART);
    harness.body(id, &picture(1), true);
    assert_eq!(failure(&harness), FailureClass::Protocol);

    let (mut harness, id) = started("http://cam/a");
    harness.response(id, 200, MULTIPART);
    harness.request_failed(id, FailureClass::Unreachable, "silent");
    assert_eq!(
        harness.failure(),
        Some((FailureClass::Unreachable, "silent"))
    );
}
