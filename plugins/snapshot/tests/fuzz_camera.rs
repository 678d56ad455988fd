//! Cameras that are mostly right: good answers in their order, in which chance changes some bytes.
//!
//! Longer runs as in `fuzz_answer.rs`.

use core::time::Duration;

use padelvar_sdk::jpeg::{Walk, Walker};
use padelvar_sdk::testing::{Edit, Harness, camera, edited};
use padelvar_sdk::{Command, FailureClass};

/// SOI, a comment, a frame of 16 by 16, a scan, EOI.
const PICTURE: [u8; 27] = [
    0xff, 0xd8, 0xff, 0xfe, 0, 4, 1, 2, 0xff, 0xc0, 0, 8, 8, 0, 16, 0, 16, 1, 0xff, 0xda, 0, 2, 7,
    0xff, 0, 0xff, 0xd9,
];

/// The kind of an answer, the milliseconds that it takes, and what is wrong with its body.
type Answer = (u8, u8, Vec<Edit>);

/// Answers one question.
fn answer(harness: &mut Harness, id: u32, (kind, ms, edits): &Answer) {
    harness.advance(Duration::from_millis(u64::from(*ms)));
    let digest = [("www-authenticate", "Digest realm=\"r\", nonce=\"n\"")];
    let (status, headers, body): (u16, &[(&str, &str)], Vec<u8>) = match kind % 32 {
        0 => (401, &digest, Vec::new()),
        1 => (302, &[("location", "/other.jpg")], Vec::new()),
        2 => (503, &[("retry-after", "1")], Vec::new()),
        3 => (200, &[("content-type", "text/html")], b"<html>".to_vec()),
        4 => return harness.request_failed(id, FailureClass::Unreachable, "gone"),
        5 => (200, &[], Vec::new()),
        6 => (200, &[], edited(&PICTURE, edits)),
        _ => (200, &[("content-type", "image/jpeg")], PICTURE.to_vec()),
    };
    harness.response(id, status, headers);
    let at = usize::from(*kind) % (body.len() + 1);
    harness.body(id, &body[..at], false);
    harness.advance(Duration::from_millis(u64::from(*ms)));
    if *kind == 255 {
        harness.request_failed(id, FailureClass::Protocol, "cut");
    } else {
        harness.body(id, &body[at..], true);
    }
}

#[test]
fn fuzz_polls() {
    bolero::check!()
        .with_type::<Vec<Answer>>()
        .for_each(|answers| {
            let mut harness = Harness::new(camera("http://cam/snap.jpg"), snapshot::run);
            harness.start();
            let good = (7, 0, Vec::new());
            let mut asked = 0;
            for step in core::iter::once(&good).chain(answers) {
                let requests = harness.requests();
                assert!(requests.len() <= 1, "two at once");
                asked += requests.len();
                match requests.first() {
                    Some(request) => answer(&mut harness, request.id, step),
                    None => harness.advance(Duration::from_millis(500)),
                }
            }
            let commands = harness.take();
            let mut pictures = 0;
            for command in &commands {
                if let Command::Packets(packets) = command {
                    for packet in packets {
                        let len = packet.data.len();
                        assert_eq!(Walker::new().advance(&packet.data), Walk::Whole { len });
                        pictures += 1;
                    }
                }
            }
            assert!((1..=asked).contains(&pictures));
            // A camera that says nothing any more is given up.
            harness.advance(Duration::from_mins(1));
            assert!(harness.outcome().is_some());
        });
}
