//! From RTP packets to access units of AAC.

mod common;

use common::{Peer, SDP, framed};
use padelvar_sdk::testing::camera;

const HIGH_RATE: &str = "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408";

/// A camera that plays sound with these parameters at 16,000 ticks a second.
fn playing(map: &str, parameters: &str) -> Peer {
    let mut wanted = camera("rtsp://cam/stream");
    wanted.audio = true;
    let mut peer = Peer::of(wanted);
    peer.describe(&format!(
        "{SDP}m=audio 0 RTP/AVP 97\r\na=rtpmap:97 {map}\r\na=fmtp:97 {parameters}\r\n"
    ));
    for method in ["SETUP", "SETUP", "PLAY"] {
        peer.request(method);
        peer.answer("200 OK", "Session: 1\r\n", "");
    }
    peer
}

fn send(peer: &mut Peer, sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) {
    let mut packet = common::rtp(sequence, timestamp, marker, payload);
    packet[1] = packet[1] & 0x80 | 0x61;
    peer.say(&framed(2, &packet));
}

fn taken(peer: &mut Peer) -> Vec<(u64, Vec<u8>)> {
    let packets = peer.harness.packets().into_iter();
    packets
        .map(|packet| (packet.timestamp.expect("RTP has timestamps"), packet.data))
        .collect()
}

/// Headers of mode `AAC-hbr` and data.
fn units(sizes: &[u16], data: &[u8]) -> Vec<u8> {
    let bits = u16::try_from(16 * sizes.len()).expect("few");
    let mut out = bits.to_be_bytes().to_vec();
    for size in sizes {
        out.extend((size << 3).to_be_bytes());
    }
    out.extend(data);
    out
}

#[test]
fn several_units_a_packet_each_with_its_time() {
    let mut peer = playing("mpeg4-generic/16000/1", HIGH_RATE);
    send(
        &mut peer,
        1,
        u32::MAX - 1023,
        true,
        &units(&[2, 0, 3], b"abcde"),
    );
    assert_eq!(
        taken(&mut peer),
        [(0xffff_fc00, b"ab".to_vec()), (1024, b"cde".to_vec())]
    );
}

#[test]
fn times_are_in_ticks_of_rtp_whatever_the_core_rate_is() {
    // HE-AAC: 24,000 samples a second in the core, 48,000 ticks.
    let mut peer = playing("mpeg4-generic/48000/2", "mode=AAC-hbr;config=2B118800");
    send(&mut peer, 1, 0, true, &units(&[1, 1], b"ab"));
    assert_eq!(
        taken(&mut peer),
        [(0, b"a".to_vec()), (2048, b"b".to_vec())]
    );
}

#[test]
fn a_unit_in_pieces() {
    let mut peer = playing("mpeg4-generic/16000/1", HIGH_RATE);
    send(&mut peer, 1, 0, false, &units(&[6], b"ab"));
    send(&mut peer, 2, 0, false, &units(&[6], b"cd"));
    send(&mut peer, 3, 0, true, &units(&[6], b"ef"));
    // A piece is missing: the unit is, too.
    send(&mut peer, 4, 1024, false, &units(&[6], b"ab"));
    send(&mut peer, 5, 1024, true, &units(&[6], b"ef"));
    send(&mut peer, 6, 2048, false, &units(&[6], b"ab"));
    send(&mut peer, 7, 3072, true, &units(&[2], b"xy"));
    assert_eq!(
        taken(&mut peer),
        [(0, b"abcdef".to_vec()), (3072, b"xy".to_vec())]
    );
}

#[test]
fn low_rate_and_all_fields() {
    let mut peer = playing("mpeg4-generic/16000/1", "mode=AAC-lbr;config=1408");
    // Six bits of size, two of index.
    send(
        &mut peer,
        1,
        0,
        true,
        &[0, 16, 2 << 2, 1 << 2, b'a', b'b', b'c'],
    );
    assert_eq!(
        taken(&mut peer),
        [(0, b"ab".to_vec()), (1024, b"c".to_vec())]
    );
    let mut peer = playing(
        "mpeg4-generic/16000/1",
        "mode=generic;sizelength=8;ctsdeltalength=7;dtsdeltalength=4;randomaccessindication=1;\
         streamstateindication=2;auxiliarydatasizelength=8;config=1408",
    );
    // Size 2, CTS of 7 bits, no DTS, random access, state; then 8 bits of auxiliary data.
    let header = [0, 20, 2, 0b1000_0000, 0b0110_0000];
    send(
        &mut peer,
        1,
        0,
        true,
        &[&header[..], &[8, 0xee], b"ab"].concat(),
    );
    assert_eq!(taken(&mut peer), [(0, b"ab".to_vec())]);
    let mut peer = playing(
        "mpeg4-generic/16000/1",
        "mode=generic;constantsize=2;config=1408",
    );
    send(&mut peer, 1, 0, true, b"abcd");
    assert_eq!(
        taken(&mut peer),
        [(0, b"ab".to_vec()), (1024, b"cd".to_vec())]
    );
}

#[test]
fn what_is_cut_short_or_interleaved_is_skipped() {
    let mut peer = playing("mpeg4-generic/16000/1", HIGH_RATE);
    let interleaved = [0, 32, 0, 8, 0, 8 | 1, b'a', b'b'];
    for (sequence, payload) in [&[0][..], &[0, 16], &[0, 32, 0, 8], &interleaved, &[]]
        .into_iter()
        .enumerate()
    {
        send(&mut peer, sequence as u16, 0, true, payload);
    }
    send(&mut peer, 5, 0, true, &units(&[1, 9], b"ab"));
    assert_eq!(taken(&mut peer), [(0, b"a".to_vec())]);
    assert_eq!(peer.harness.logs().len(), 2);
}

#[test]
fn an_endless_unit_is_bounded() {
    let mut peer = playing(
        "mpeg4-generic/16000/1",
        "mode=generic;sizelength=32;config=1408",
    );
    for sequence in 0..100 {
        send(
            &mut peer,
            sequence,
            0,
            false,
            &[0, 32, 0x7f, 0xff, 0xff, 0xff, 1],
        );
    }
    let mut peer = playing("MP4A-LATM/16000/1", "cpresent=0;config=400028103fc0");
    for sequence in 0..100 {
        send(&mut peer, sequence, 0, false, &vec![0xff; 60_000]);
    }
    send(&mut peer, 100, 1024, false, &[3, b'a', b'b']);
    send(&mut peer, 101, 1024, true, &[b'c', 1, b'd']);
    assert_eq!(
        taken(&mut peer),
        [(1024, b"abc".to_vec()), (2048, b"d".to_vec())]
    );
}
