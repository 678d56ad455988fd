//! Cameras that are mostly right: parts of a header and a picture as they write them, in which
//! chance changes some bytes.
//!
//! Longer runs as in `fuzz_body.rs`.

mod common;

use core::time::Duration;

use common::{assert_whole, picture};
use padelvar_sdk::testing::{Edit, Harness, camera, edited};
use padelvar_sdk::{Command, FailureClass};

/// What the host lets an adapter say at the most.
const MAX_LOGS: usize = 20;

/// Of a part: what stands before its header, the header, the picture, and what follows it.
type Part = (u8, u8, u8, u8, Vec<Edit>);

const BOUNDARIES: [&str; 8] = [
    "\r\n--b\r\n",
    "--b\r\n",
    "\n--b\n",
    "\r\nb\r\n",
    "\r\n--other\r\n",
    "\r\n--b\r\n--b\r\n",
    "\r\n--b--\r\n",
    "",
];

fn part((before, header, body, after, edits): &Part) -> Vec<u8> {
    let mut body = match body % 8 {
        0..=2 => picture(*body),
        3 => include_bytes!("__fuzz__/picture/corpus/real").to_vec(),
        4 => include_bytes!("__fuzz__/picture/corpus/thumbnail").to_vec(),
        5 => include_bytes!("__fuzz__/picture/corpus/progressive").to_vec(),
        6 => Vec::new(),
        _ => picture(*body)[..usize::from(*after % 30)].to_vec(),
    };
    let len = body.len() + usize::from(*after);
    let header = match header % 8 {
        0 | 1 => format!(
            "Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ),
        2 => "Content-Type: image/jpeg\r\n\r\n".to_owned(),
        3 => format!("Content-length :{len}\n\n"),
        4 => format!("Content-Length: {}\r\n\r\n", body.len().saturating_sub(len)),
        5 => "Content-Length: 99999999999999999999\r\n\r\n".to_owned(),
        6 => "Content-Type: text/plain\r\n\r\nhello".to_owned(),
        _ => String::new(),
    };
    body.extend(vec![b'\0'; usize::from(after.saturating_sub(250))]);
    let before = BOUNDARIES[usize::from(before % 8)];
    edited(
        &[before.as_bytes(), header.as_bytes(), &body].concat(),
        edits,
    )
}

/// A whole session. However its bytes are spoiled, pictures of the camera that are not come out
/// once the spoiled ones are over.
#[test]
fn fuzz_sessions() {
    bolero::check!()
        .with_type::<(u8, Vec<Part>)>()
        .for_each(|(size, parts)| {
            let body: Vec<u8> = parts.iter().flat_map(part).collect();
            // The longest segment that a spoiled picture can claim to have ends within this.
            let good = [b"\r\n--b\r\n\r\n".as_slice(), &picture(1)].concat();
            let tail = good.repeat(2 * 65_536 / good.len());
            let mut harness = Harness::new(camera("http://cam/mjpg"), mjpeg::run);
            harness.start();
            let id = harness.requests()[0].id;
            let kind = "multipart/x-mixed-replace; boundary=b";
            harness.response(id, 200, &[("content-type", kind)]);
            let pieces = body.chunks(1 + 40 * usize::from(*size));
            for piece in pieces.chain(tail.chunks(10_000)) {
                harness.body(id, piece, false);
                // Far less than a camera is waited for.
                harness.advance(Duration::from_micros(1));
            }
            harness.body(id, &[], true);
            assert!(
                harness.outcome().is_some(),
                "the session ends with its answer"
            );
            let commands = harness.take();
            let packets: Vec<&[u8]> = commands
                .iter()
                .filter_map(|command| match command {
                    Command::Packets(packets) => Some(packets),
                    _ => None,
                })
                .flatten()
                .map(|packet| packet.data.as_slice())
                .collect();
            for data in &packets {
                assert_whole(data);
            }
            // One of another coding is refused for ever, where it is the first.
            let refused = harness.failure().expect("a failure").0 == FailureClass::Unsupported;
            let found = packets
                .iter()
                .rev()
                .take_while(|data| ***data == picture(1));
            assert!(!refused || packets.is_empty());
            assert!(
                refused || found.count() > 100,
                "the good ones are found again"
            );
            let is_log = |command: &&Command| matches!(command, Command::Log(_));
            assert!(commands.iter().filter(is_log).count() <= MAX_LOGS);
        });
}
