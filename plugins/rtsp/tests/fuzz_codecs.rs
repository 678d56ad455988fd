//! Any payloads for every codec: no panic, and what comes out is well-formed.
//!
//! Longer runs as in `fuzz_stream.rs`.

mod common;

use core::time::Duration;

use common::{Peer, SDP, check, framed, rtp};
use padelvar_sdk::testing::camera;

const VIDEO: [&str; 3] = [
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=fmtp:96 sprop-vps=QAEMAf//;\
     sprop-sps=QgEBAWABAQEBAQEBAQFaoAU=;sprop-pps=RAHBcg==\r\n",
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n",
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 JPEG/90000\r\na=framesize:96 2560-1920\r\n",
];

const SOUND: [&str; 7] = [
    "mpeg4-generic/16000/1\r\na=fmtp:97 mode=AAC-hbr;config=1408",
    "mpeg4-generic/16000/1\r\na=fmtp:97 mode=generic;sizelength=9;indexlength=1;\
     ctsdeltalength=7;dtsdeltalength=3;auxiliarydatasizelength=5;config=1408",
    "mpeg4-generic/16000/1\r\na=fmtp:97 mode=generic;constantsize=3;config=1408",
    "MP4A-LATM/16000/1\r\na=fmtp:97 cpresent=0;config=400028103fc0",
    "L16/8000/2",
    "G726-24/8000",
    "opus/48000/2",
];

/// Records of flags, a length and a payload as packets on a channel.
fn feed(peer: &mut Peer, channel: u8, kind: u8, mut rest: &[u8]) {
    let (mut sequence, mut timestamp) = (65_530u16, 0u32);
    while let [flags, len, after @ ..] = rest {
        let (payload, after) = after.split_at(usize::from(*len).min(after.len()));
        rest = after;
        sequence = sequence.wrapping_add(match flags >> 5 {
            0..=5 => 1,
            6 => 0,
            _ => 3,
        });
        timestamp = timestamp.wrapping_add(if flags & 2 == 0 { 0 } else { 3000 });
        if flags & 4 != 0 {
            peer.harness.advance(Duration::from_millis(60));
        }
        let mut packet = rtp(sequence, timestamp, flags & 1 != 0, payload);
        packet[1] = packet[1] & 0x80 | kind;
        peer.say(&framed(channel, &packet));
    }
}

/// A camera that plays sound beside the video.
fn with_sound(map: &str) -> Peer {
    let mut wanted = camera("rtsp://cam/stream");
    wanted.audio = true;
    let mut peer = Peer::of(wanted);
    peer.describe(&format!(
        "{SDP}m=audio 0 RTP/AVP 97\r\na=rtpmap:97 {map}\r\n"
    ));
    for method in ["SETUP", "SETUP", "PLAY"] {
        peer.request(method);
        peer.answer("200 OK", "Session: 1\r\n", "");
    }
    peer
}

#[test]
fn fuzz_video() {
    bolero::check!().for_each(|input: &[u8]| {
        let [choice, rest @ ..] = input else { return };
        let mut peer = Peer::connected("rtsp://cam/stream");
        peer.describe(VIDEO[usize::from(*choice) % VIDEO.len()]);
        peer.play();
        feed(&mut peer, 0, 0x60, rest);
        check::commands(&peer.harness.take());
    });
}

#[test]
fn fuzz_sound() {
    bolero::check!().for_each(|input: &[u8]| {
        let [choice, rest @ ..] = input else { return };
        let map = SOUND[usize::from(*choice) % SOUND.len()];
        let mut peer = with_sound(map);
        feed(&mut peer, 2, 0x61, rest);
        check::commands(&peer.harness.take());
    });
}

/// Recordings of which packets are lost, swapped, cut, or changed.
#[test]
fn fuzz_recordings() {
    let recordings: Vec<_> = [("h265", 1), ("jpeg", 2), ("aac", 0), ("latm", 3)]
        .map(|(name, section)| (common::recorded(name), name, section))
        .into();
    bolero::check!()
        .with_type::<(u8, Vec<(u8, u8, u16, u8)>)>()
        .for_each(|(choice, changes)| {
            let (packets, name, section) = &recordings[usize::from(choice % 4)];
            let mut packets = packets.clone();
            for (kind, index, at, value) in changes {
                let index = usize::from(*index) % packets.len();
                let packet = &mut packets[index];
                let at = usize::from(*at) % packet.len().max(1);
                match kind % 8 {
                    0 => packet.clear(),
                    1 => packet.truncate(at),
                    2 => packets.swap(index, at % 7),
                    _ if packet.is_empty() => {}
                    // Mostly within the headers of the payload.
                    3 => packet[at] ^= value,
                    _ => {
                        let at = (12 + at % 16).min(packet.len() - 1);
                        packet[at] ^= value;
                    }
                }
            }
            let is_video = matches!(*name, "h265" | "jpeg");
            let mut peer = if is_video {
                let mut peer = Peer::connected("rtsp://cam/stream");
                peer.describe(
                    &VIDEO[*section].replace("96", if *name == "jpeg" { "26" } else { "96" }),
                );
                peer.play();
                peer
            } else {
                with_sound(SOUND[*section])
            };
            for packet in packets {
                peer.say(&framed(if is_video { 0 } else { 2 }, &packet));
                peer.harness.advance(Duration::from_millis(20));
            }
            check::commands(&peer.harness.take());
        });
}

/// Parameters of a sound section.
#[test]
fn fuzz_sound_parameters() {
    bolero::check!()
        .with_type::<(u8, Vec<u8>)>()
        .for_each(|(choice, bytes)| {
            let text: String = bytes
                .iter()
                .flat_map(|byte| {
                    [
                        b"0123456789abcdef"[usize::from(byte >> 4)],
                        b"0149;=,\n"[usize::from(byte % 8)],
                    ]
                })
                .map(char::from)
                .collect();
            let name = ["mpeg4-generic", "MP4A-LATM"][usize::from(choice % 2)];
            let sdp = format!(
                "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 0 RTP/AVP 97\n\
             a=rtpmap:97 {name}/8000\na=fmtp:97 cpresent=0;config={text}\n"
            );
            let description = rtsp::sdp::Description::parse(sdp.as_bytes());
            if let Ok(Some(sound)) =
                rtsp::sdp::choose(&description, true).map(|choice| choice.sound)
            {
                assert!((1..=1_000_000_000).contains(&sound.clock_rate) && sound.channels > 0);
            }
        });
}
