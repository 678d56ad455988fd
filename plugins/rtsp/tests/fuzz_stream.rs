//! Any bytes on the connection: no panic, no endless loop, no flood, and every picture
//! that comes out is well-formed.
//!
//! `BOLERO_RANDOM_TEST_TIME_MS` and `BOLERO_RANDOM_ITERATIONS` make these run longer;
//! they are libFuzzer targets, too. The seeds in `__fuzz__` are always replayed.

mod common;

use core::time::Duration;

use common::{Peer, SDP, framed};
use padelvar_sdk::Command;

/// The host cuts off a session that logs more than 20 lines a second.
const MAX_LOGS: usize = 40;

/// Feeds bytes in pieces whose sizes the first bytes choose.
fn feed(peer: &mut Peer, input: &[u8]) {
    let (sizes, mut rest) = input.split_at(input.len().min(4));
    for round in 0.. {
        if rest.is_empty() || peer.harness.outcome().is_some() {
            break;
        }
        let size = sizes
            .get(round % 4)
            .map_or(1, |size| 1 + usize::from(*size) * 4);
        let (piece, after) = rest.split_at(size.min(rest.len()));
        peer.say(piece);
        rest = after;
        if round % 8 == 7 {
            peer.harness.advance(Duration::from_millis(300));
        }
    }
    peer.harness.advance(Duration::from_secs(12));
}

/// What holds for whatever an adapter says.
fn check(peer: &mut Peer) {
    check_commands(&peer.harness.take());
}

fn check_commands(commands: &[Command]) {
    let mut logs = 0;
    let mut told = false;
    for command in commands {
        match command {
            Command::Log(line) => {
                logs += 1;
                assert!(line.message.len() < 4096);
            }
            Command::Tracks(tracks) => {
                told = true;
                assert!(!tracks[0].config.is_empty() && tracks[0].clock_rate > 0);
                check_units(&tracks[0].config);
            }
            Command::Packets(packets) => {
                assert!(told, "packets of an unknown track");
                for packet in packets {
                    let types = check_units(&packet.data);
                    assert!(
                        types.iter().any(|kind| (1..=5).contains(kind)),
                        "a picture has slices"
                    );
                    if packet.keyframe {
                        assert_eq!(types[0], 7);
                        assert!(types.contains(&8));
                    }
                }
            }
            _ => {}
        }
    }
    assert!(logs <= MAX_LOGS, "{logs} lines");
}

/// Types of the NAL units, which must be whole, clean and together the whole data.
fn check_units(data: &[u8]) -> Vec<u8> {
    assert!(data.len() <= 8 * 1024 * 1024);
    let mut types = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (prefix, after) = rest.split_first_chunk::<4>().expect("a length");
        let len = usize::try_from(u32::from_be_bytes(*prefix)).expect("32 bits");
        let (nal, after) = after.split_at(len);
        assert!(matches!(nal[0] & 0x1f, 1..=23), "type {}", nal[0] & 0x1f);
        assert!(
            !nal.windows(3).any(|window| window == [0, 0, 1]),
            "a start code"
        );
        assert_ne!(nal.last(), Some(&0), "trailing zeros");
        types.push(nal[0] & 0x1f);
        rest = after;
    }
    assert!(!types.is_empty());
    types
}

/// Answers from the first one on. Those without a number are taken as they come, so
/// that random ones get far.
#[test]
fn fuzz_answers() {
    bolero::check!().for_each(|input: &[u8]| {
        let mut peer = Peer::connected("rtsp://cam/stream");
        feed(&mut peer, input);
        check(&mut peer);
    });
}

/// Everything after PLAY.
#[test]
fn fuzz_playing() {
    bolero::check!().for_each(|input: &[u8]| {
        let mut peer = Peer::playing();
        feed(&mut peer, input);
        check(&mut peer);
    });
}

/// RTP and RTCP. Each record of the input is a byte of flags, a length and a payload;
/// framing and sequence numbers are mostly right, so that the depacketiser is reached.
#[test]
fn fuzz_packets() {
    bolero::check!().for_each(|input: &[u8]| {
        let mut peer = Peer::connected("rtsp://cam/stream");
        let with_sets = input.first().is_some_and(|byte| byte & 1 == 0);
        peer.describe(if with_sets {
            SDP
        } else {
            "m=video 0 RTP/AVP 96\r\n"
        });
        peer.play();
        let mut rest = input.get(1..).unwrap_or_default();
        let (mut sequence, mut timestamp) = (65_530u16, 0u32);
        while let [flags, len, after @ ..] = rest {
            let (payload, after) = after.split_at(usize::from(*len).min(after.len()));
            rest = after;
            sequence = sequence.wrapping_add(match flags >> 5 {
                0..=4 => 1,
                5 => 0,
                6 => 3,
                _ => u16::from(*len) << 7,
            });
            timestamp = timestamp.wrapping_add(if flags & 2 == 0 { 0 } else { 3000 });
            if flags & 4 != 0 {
                peer.harness.advance(Duration::from_millis(60));
            }
            let packet = common::rtp(sequence, timestamp, flags & 1 != 0, payload);
            peer.say(&match flags & 0x18 {
                0x18 => framed(1, payload),
                0x10 => framed(0, payload),
                _ => framed(0, &packet),
            });
        }
        peer.send(
            sequence.wrapping_add(1),
            timestamp.wrapping_add(3000),
            true,
            &common::IDR,
        );
        check(&mut peer);
    });
}

/// Session descriptions.
#[test]
fn fuzz_description() {
    bolero::check!().for_each(|input: &[u8]| {
        let description = rtsp::sdp::Description::parse(input);
        if let Ok(choice) = rtsp::sdp::choose(&description, true) {
            assert!((1..=1_000_000_000).contains(&choice.video.clock_rate));
            use rtsp::sdp::VideoCodec::{H264, H265};
            if let H264 { parameter_sets } | H265 { parameter_sets } = &choice.video.codec {
                for set in parameter_sets {
                    assert!(!set.is_empty() && set.last() != Some(&0));
                }
            }
            if let Some(sound) = &choice.sound {
                assert!((1..=1_000_000_000).contains(&sound.clock_rate) && sound.channels > 0);
            }
        }
    });
}
