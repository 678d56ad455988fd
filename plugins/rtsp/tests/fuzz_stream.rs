//! Any bytes on the connection: no panic, no endless loop, no flood, and every picture
//! that comes out is well-formed.
//!
//! `BOLERO_RANDOM_TEST_TIME_MS` and `BOLERO_RANDOM_ITERATIONS` make these run longer;
//! they are libFuzzer targets, too. The seeds in `__fuzz__` are always replayed.

mod common;

use core::time::Duration;

use common::{Peer, SDP, framed};
use padelvar_sdk::testing::{Edit, edited};
use padelvar_sdk::{Command, Component};
use rtsp::sdp::VideoCodec::{H264, H265};

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
    let types = common::unit_kinds(data, |nal| nal[0] & 0x1f);
    assert!(types.iter().all(|kind| matches!(kind, 1..=23)), "{types:?}");
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

/// Datagrams on both ports of a stream. Each record of the input is a byte of flags, a length
/// and bytes; most are RTP of the right source.
#[test]
fn fuzz_datagrams() {
    bolero::check!().for_each(|input: &[u8]| {
        let mut peer = Peer::with_transport("rtsp://cam/stream", "udp");
        peer.describe(SDP);
        let port = peer.bind(40_000);
        peer.request("SETUP");
        peer.answer(
            "200 OK",
            "Session: 1\r\nTransport: RTP/AVP;unicast;server_port=6970-6971;ssrc=9\r\n",
            "",
        );
        peer.request("PLAY");
        peer.answer("200 OK", "", "");
        let mut rest = input;
        let mut sequence = 65_530u16;
        while let [flags, len, after @ ..] = rest {
            let (payload, after) = after.split_at(usize::from(*len).min(after.len()));
            rest = after;
            sequence = sequence.wrapping_add(match flags >> 5 {
                0..=4 => 1,
                5 => 0,
                6 => u16::MAX,
                _ => u16::from(*len) << 7,
            });
            let time = u32::from(sequence).wrapping_mul(1500);
            let mut packet = common::rtp(sequence, time, flags & 1 != 0, payload);
            if flags & 0x06 == 0x06 {
                packet[11] = *len;
            }
            let component = if flags & 0x18 == 0x18 {
                Component::Rtcp
            } else {
                Component::Rtp
            };
            let bytes = if flags & 0x10 == 0 {
                packet
            } else {
                payload.to_vec()
            };
            peer.harness
                .datagram(port, component, common::CAMERA, bytes);
            peer.harness.advance(Duration::from_millis(u64::from(*len)));
        }
        peer.harness.advance(Duration::from_secs(12));
        let commands = peer.harness.take();
        let sent = commands
            .iter()
            .filter(|command| matches!(command, Command::SendDatagram(_)));
        assert!(sent.count() <= 20 + input.len() / 4, "a flood of datagrams");
        check_commands(&commands);
    });
}

/// Answers to a SETUP that asks for UDP, multicast or a tunnel, and what follows them.
#[test]
fn fuzz_transports() {
    bolero::check!().for_each(|input: &[u8]| {
        let way = usize::from(input.first().copied().unwrap_or(0));
        let transport = ["udp", "multicast", "http", "auto"][way % 4];
        let mut peer = Peer::with_transport("rtsp://cam/stream", transport);
        if transport != "http" {
            peer.describe(SDP);
            if let Some(port) = peer.harness.binds().pop() {
                peer.harness.bound(port, 40_000);
            }
        }
        feed(&mut peer, input.get(1..).unwrap_or_default());
        peer.harness.advance(Duration::from_secs(30));
        check(&mut peer);
    });
}

/// Session descriptions.
#[test]
fn fuzz_description() {
    bolero::check!().for_each(check_description);
}

/// Those of real cameras, in which chance changes some bytes.
#[test]
fn fuzz_spoiled_descriptions() {
    let good: [&[u8]; 3] = [
        include_bytes!("__fuzz__/description/corpus/h264"),
        include_bytes!("__fuzz__/description/corpus/h265"),
        b"v=0\r\nm=video 0 RTP/AVP 26\r\na=framesize:26 640-480\r\nm=audio 0 RTP/AVP 97 8\r\n\
          a=rtpmap:97 MP4A-LATM/16000/2\r\na=fmtp:97 cpresent=0;config=400028103fc0\r\n",
    ];
    bolero::check!()
        .with_type::<(u8, Vec<Edit>)>()
        .for_each(|(choice, edits)| {
            check_description(&edited(good[usize::from(*choice) % 3], edits));
        });
}

fn check_description(input: &[u8]) {
    let description = rtsp::sdp::Description::parse(input);
    let Ok(choice) = rtsp::sdp::choose(&description, true) else {
        return;
    };
    assert!((1..=1_000_000_000).contains(&choice.video.clock_rate));
    if let H264 { parameter_sets } | H265 { parameter_sets } = &choice.video.codec {
        for set in parameter_sets {
            assert!(!set.is_empty() && set.last() != Some(&0));
        }
    }
    if let Some(sound) = &choice.sound {
        assert!((1..=1_000_000_000).contains(&sound.clock_rate) && sound.channels > 0);
    }
}
