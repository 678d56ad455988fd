//! The adapter with good and bad cameras.

use core::time::Duration;

use padelvar_sdk::FailureClass;
use padelvar_sdk::testing::{Harness, camera, render};

/// SOI, a Huffman table, a frame of 16 by 16, a scan, EOI.
const PICTURE: [u8; 25] = [
    0xff, 0xd8, 0xff, 0xc4, 0, 3, 1, 0xff, 0xc0, 0, 8, 8, 0, 16, 0, 16, 1, 0xff, 0xda, 0, 2, 7, 8,
    0xff, 0xd9,
];
const JPEG: &[(&str, &str)] = &[("content-type", "image/jpeg")];
const CHALLENGE: &[(&str, &str)] = &[("www-authenticate", "Digest realm=\"x\", nonce=\"1\"")];

fn started(fps: &str) -> Harness {
    let mut camera = camera("http://cam/snap.jpg");
    camera.options = vec![("fps".to_owned(), fps.to_owned())];
    let mut harness = Harness::new(camera, snapshot::run);
    harness.start();
    harness
}

fn request(harness: &mut Harness) -> padelvar_sdk::wit::HttpRequest {
    let mut requests = harness.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn answer(harness: &mut Harness, id: u32) {
    harness.response(id, 200, JPEG);
    harness.body(id, &PICTURE[..4], false);
    harness.body(id, &PICTURE[4..], true);
}

#[test]
fn asks_steadily_and_never_twice_at_once() {
    let mut harness = started("10");
    let first = request(&mut harness).id;
    answer(&mut harness, first);
    assert_eq!(harness.tracks().len(), 1);
    assert_eq!(harness.packets()[0].data, PICTURE);
    harness.advance(Duration::from_millis(99));
    assert!(harness.requests().is_empty());
    harness.advance(Duration::from_millis(1));
    let second = request(&mut harness).id;
    // A slow answer: the beats in between are left out.
    harness.advance(Duration::from_millis(250));
    assert!(harness.requests().is_empty());
    answer(&mut harness, second);
    harness.advance(Duration::from_millis(49));
    assert!(harness.requests().is_empty());
    harness.advance(Duration::from_millis(1));
    request(&mut harness);
    assert_eq!(harness.outcome(), None);
    harness.stop();
    assert_eq!(harness.outcome(), Some(&Ok(())));
}

#[test]
fn logs_in_once() {
    let mut harness = started("10");
    let first = request(&mut harness).id;
    harness.response(first, 401, CHALLENGE);
    let second = request(&mut harness);
    assert!(
        second
            .headers
            .iter()
            .any(|header| header.name == "Authorization")
    );
    answer(&mut harness, second.id);
    harness.advance(Duration::from_millis(100));
    let third = request(&mut harness);
    let header = third
        .headers
        .iter()
        .find(|header| header.name == "Authorization");
    assert_eq!(
        render(&header.unwrap().value),
        "<authorization GET /snap.jpg>"
    );
    // The nonce grew old: renewed once.
    harness.response(third.id, 401, CHALLENGE);
    let fourth = request(&mut harness).id;
    harness.response(fourth, 401, CHALLENGE);
    assert_eq!(harness.failure().unwrap().0, FailureClass::Auth);
}

#[test]
fn the_first_failure_is_told_at_once() {
    for (kind, body, class) in [
        (
            "multipart/x-mixed-replace; boundary=x",
            &b"--x"[..],
            FailureClass::Unsupported,
        ),
        ("text/html", b"<html>", FailureClass::Unsupported),
        ("image/jpeg", &PICTURE[..10], FailureClass::Protocol),
        ("image/jpeg", b"", FailureClass::Protocol),
    ] {
        let mut harness = started("1");
        let id = request(&mut harness).id;
        harness.response(id, 200, &[("content-type", kind)]);
        harness.body(id, body, true);
        assert_eq!(harness.failure().unwrap().0, class, "{kind}");
    }
    let mut harness = started("99");
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unsupported);
    assert!(harness.requests().is_empty());
}

#[test]
fn single_failures_are_forgiven_many_are_not() {
    let mut harness = started("10");
    let id = request(&mut harness).id;
    answer(&mut harness, id);
    for round in 0..30 {
        harness.advance(Duration::from_millis(100));
        let id = request(&mut harness).id;
        if round % 9 == 8 {
            answer(&mut harness, id);
        } else {
            harness.request_failed(id, FailureClass::Unreachable, "refused");
        }
    }
    assert_eq!(harness.outcome(), None);
    for _ in 0..7 {
        harness.advance(Duration::from_millis(100));
        let id = request(&mut harness).id;
        harness.response(id, 503, &[]);
    }
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unreachable);
}

#[test]
fn an_answer_that_never_ends_is_given_up() {
    let mut harness = started("10");
    let id = request(&mut harness).id;
    answer(&mut harness, id);
    harness.advance(Duration::from_millis(100));
    let id = request(&mut harness).id;
    harness.response(id, 200, JPEG);
    for _ in 0..10 {
        harness.body(id, &PICTURE[..3], false);
        harness.advance(Duration::from_secs(1));
    }
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unreachable);
}
