//! Any answers to the polls: no panic, no flood, and only whole pictures come out.
//!
//! `BOLERO_RANDOM_TEST_TIME_MS` and `BOLERO_RANDOM_ITERATIONS` make these run longer;
//! they are libFuzzer targets, too. The seeds in `__fuzz__` are always replayed.

use core::time::Duration;

use padelvar_sdk::jpeg::{Walk, Walker};
use padelvar_sdk::testing::{Harness, camera};
use padelvar_sdk::{Command, FailureClass};

const STATUS: [u16; 8] = [200, 200, 200, 200, 401, 302, 503, 404];

/// Each record of the input is a byte of flags, a length and a body; headers are cut
/// from the body, too.
#[test]
fn fuzz_answers() {
    bolero::check!().for_each(|input: &[u8]| {
        let mut harness = Harness::new(camera("http://cam/snap.jpg"), snapshot::run);
        harness.start();
        let mut rest = input;
        while let [flags, len, after @ ..] = rest {
            let (body, after) = after.split_at(usize::from(*len).min(after.len()));
            rest = after;
            harness.advance(Duration::from_millis(500));
            let requests = harness.requests();
            assert!(requests.len() <= 1, "two at once");
            let Some(request) = requests.first() else {
                break;
            };
            if flags & 8 != 0 {
                harness.request_failed(request.id, FailureClass::Unreachable, "gone");
                continue;
            }
            let text = String::from_utf8_lossy(body);
            let value = text.lines().next().unwrap_or_default();
            let headers = [
                ("location", value),
                ("www-authenticate", value),
                (
                    "content-type",
                    if flags & 0x10 == 0 {
                        "image/jpeg"
                    } else {
                        value
                    },
                ),
            ];
            harness.response(request.id, STATUS[usize::from(flags & 7)], &headers);
            for piece in body.chunks(1 + usize::from(flags >> 5)) {
                harness.body(request.id, piece, false);
            }
            harness.body(request.id, &[], true);
        }
        check(&harness.take());
    });
}

fn check(commands: &[Command]) {
    let mut logs = 0;
    for command in commands {
        match command {
            Command::Log(_) => logs += 1,
            Command::Packets(packets) => {
                for packet in packets {
                    let len = packet.data.len();
                    assert_eq!(Walker::new().advance(&packet.data), Walk::Whole { len });
                }
            }
            _ => {}
        }
    }
    // One a failure after a success; each takes two polls of half a second.
    assert!(logs <= commands.len());
}
