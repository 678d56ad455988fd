//! From RTP packets to pictures, H.265.

mod common;

use core::time::Duration;

use common::{Peer, prefixed};

const VPS: [u8; 6] = [0x40, 0x01, 0x0c, 0x01, 0xff, 0xff];
const SPS: [u8; 17] = [
    0x42, 0x01, 0x01, 0x01, 0x60, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x5a, 0xa0, 0x05,
];
const PPS: [u8; 4] = [0x44, 0x01, 0xc1, 0x72];
const IDR: [u8; 6] = [0x26, 0x01, 0xaf, 0x08, 0x46, 0x21];
const CRA: [u8; 5] = [0x2a, 0x01, 0xaf, 0x08, 0x46];
const BLA: [u8; 5] = [0x20, 0x01, 0xaf, 0x08, 0x46];
const RASL: [u8; 5] = [0x12, 0x01, 0xd0, 0x09, 0x7e];
const RADL: [u8; 5] = [0x0e, 0x01, 0xd0, 0x09, 0x7e];
const TRAIL: [u8; 5] = [0x02, 0x01, 0xd0, 0x09, 0x7e];
/// A further slice segment of a picture.
const SECOND: [u8; 5] = [0x02, 0x01, 0x50, 0x09, 0x7e];
const SEI: [u8; 4] = [0x4e, 0x01, 0x05, 0x80];
const AUD: [u8; 3] = [0x46, 0x01, 0x50];
const EOS: [u8; 2] = [0x48, 0x01];

const SDP: &str = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:v\r\n";

type Payload<'a> = (u16, u32, bool, &'a [u8]);

fn playing(fmtp: &str) -> Peer {
    let mut peer = Peer::connected("rtsp://cam/stream");
    peer.describe(&format!("{SDP}{fmtp}"));
    peer.play();
    peer
}

fn in_band() -> Vec<u8> {
    aggregate(&[&VPS, &SPS, &PPS])
}

fn aggregate(units: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0x60, 0x01];
    for unit in units {
        out.extend(u16::try_from(unit.len()).expect("short").to_be_bytes());
        out.extend(*unit);
    }
    out
}

fn fragments(nal: &[u8], size: usize) -> Vec<Vec<u8>> {
    let pieces: Vec<&[u8]> = nal[2..].chunks(size).collect();
    let piece = |index: usize| {
        let start = if index == 0 { 0x80 } else { 0 };
        let end = if index + 1 == pieces.len() { 0x40 } else { 0 };
        let header = [
            nal[0] & 0x81 | 49 << 1,
            nal[1],
            start | end | nal[0] >> 1 & 0x3f,
        ];
        [&header[..], pieces[index]].concat()
    };
    (0..pieces.len()).map(piece).collect()
}

fn taken(peer: &mut Peer) -> Vec<(u64, bool, Vec<u8>)> {
    let packets = peer.harness.packets().into_iter();
    packets
        .map(|packet| {
            (
                packet.timestamp.expect("RTP has timestamps"),
                packet.keyframe,
                packet.data,
            )
        })
        .collect()
}

/// What comes of packets behind the parameter sets.
fn pictures(packets: &[Payload<'_>]) -> Vec<(u64, bool, Vec<u8>)> {
    let mut peer = playing("");
    peer.send(0, 0, false, &in_band());
    for (sequence, timestamp, marker, payload) in packets {
        peer.send(*sequence, *timestamp, *marker, payload);
    }
    taken(&mut peer)
}

fn key(units: &[&[u8]]) -> Vec<u8> {
    [prefixed(&[&VPS, &SPS, &PPS]), prefixed(units)].concat()
}

fn timestamps(pictures: &[(u64, bool, Vec<u8>)]) -> Vec<u64> {
    pictures.iter().map(|picture| picture.0).collect()
}

#[test]
fn units_alone_together_and_in_pieces() {
    let pieces = fragments(&IDR, 2);
    assert_eq!(
        pictures(&[
            (1, 0, false, &aggregate(&[&AUD, &SEI, &[]])),
            (2, 0, false, &pieces[0]),
            (3, 0, true, &pieces[1]),
            (4, 3000, false, &TRAIL),
            (5, 3000, true, &SECOND),
        ]),
        [
            (0, true, key(&[&SEI, &IDR])),
            (3000, false, prefixed(&[&TRAIL, &SECOND]))
        ]
    );
}

#[test]
fn parameter_sets_of_the_description_stand_before_every_key_picture() {
    for fmtp in [
        // One each.
        "a=fmtp:96 sprop-vps=QAEMAf//; sprop-sps=QgEBAWABAQEBAQEBAQFaoAU=; sprop-pps=RAHBcg==\r\n",
        // No padding, upper case, start codes.
        "a=fmtp:96 SPROP-VPS=AAAAAUABDAH//w;SPROP-SPS=QgEBAWABAQEBAQEBAQFaoAUAAAAB;\
         SPROP-PPS=RAHBcg;\r\n",
        // All in one, with start codes or commas between.
        "a=fmtp:96 sprop-sps=AAAAAUABDAH//wAAAAFCAQEBYAEBAQEBAQEBAVqgBQAAAAFEAcFy\r\n",
        "a=fmtp:96 sprop-vps=QAEMAf//,QgEBAWABAQEBAQEBAQFaoAU=,RAHBcg==;sprop-pps=\r\n",
        "a=fmtp:96 sprop-parameter-sets=QAEMAf//,QgEBAWABAQEBAQEBAQFaoAU=,RAHBcg==\r\n",
    ] {
        let mut peer = playing(fmtp);
        let tracks = peer.harness.tracks();
        assert_eq!(tracks[0][0].codec, "h265");
        assert_eq!(tracks[0][0].config, key(&[]), "{fmtp}");
        peer.send(1, 0, true, &IDR);
        peer.send(2, 3000, true, &CRA);
        assert_eq!(
            taken(&mut peer),
            [(0, true, key(&[&IDR])), (3000, true, key(&[&CRA]))]
        );
    }
}

#[test]
fn nothing_comes_before_the_parameter_sets() {
    let mut peer = playing("");
    peer.send(1, 0, true, &TRAIL);
    peer.send(2, 3000, false, &VPS);
    peer.send(3, 3000, false, &PPS);
    peer.send(4, 3000, true, &IDR);
    assert!(peer.harness.tracks().is_empty() && taken(&mut peer).is_empty());
    peer.send(5, 6000, false, &SPS);
    peer.send(6, 6000, true, &IDR);
    assert_eq!(peer.harness.tracks()[0][0].config, key(&[]));
    assert_eq!(taken(&mut peer), [(6000, true, key(&[&IDR]))]);
}

#[test]
fn leading_pictures_that_cannot_be_decoded_are_left_out() {
    let stream = |first: &'static [u8]| {
        pictures(&[
            (1, 0, true, first),
            (2, 1000, true, &RASL),
            (3, 2000, true, &RADL),
            (4, 3000, true, &CRA),
            (5, 4000, true, &RASL),
            (6, 5000, true, &BLA),
            (7, 6000, true, &RASL),
            (8, 7000, true, &IDR),
            (9, 8000, true, &EOS),
            (10, 9000, true, &CRA),
            (11, 10_000, true, &RASL),
            (12, 11_000, true, &TRAIL),
        ])
    };
    assert_eq!(
        timestamps(&stream(&CRA)),
        [0, 2000, 3000, 4000, 5000, 7000, 9000, 11_000]
    );
}

#[test]
fn a_loss_drops_its_picture_only() {
    let mut peer = playing("");
    peer.send(0, 0, false, &in_band());
    let pieces = fragments(&[&TRAIL[..], &[7; 9]].concat(), 3);
    peer.send(1, 0, true, &IDR);
    peer.send(2, 3000, false, &pieces[0]);
    peer.send(4, 3000, true, &pieces[2]);
    peer.harness.advance(Duration::from_millis(150));
    peer.send(5, 6000, true, &TRAIL);
    peer.send(6, 9000, true, &SECOND);
    assert_eq!(timestamps(&taken(&mut peer)), [0, 6000]);
}

#[test]
fn packets_that_are_broken_or_extended_cost_their_picture() {
    let short = [0x62, 0x01];
    let cut = [0x60, 0x01, 0, 9, 0x02, 0x01];
    let paci = [0x64, 0x01, 0x02, 0, 0xd0];
    let middle = &fragments(&[&TRAIL[..], &[7; 9]].concat(), 3)[1];
    for bad in [&short[..], &cut, &paci, middle] {
        let taken = pictures(&[
            (1, 0, true, &IDR),
            (2, 3000, false, &TRAIL),
            (3, 3000, true, bad),
            (4, 6000, true, &TRAIL),
        ]);
        assert_eq!(timestamps(&taken), [0, 6000], "{bad:?}");
    }
}

#[test]
fn markers_may_be_missing_or_wrong() {
    let second = pictures(&[
        (1, 0, false, &IDR),
        (2, 3000, false, &TRAIL),
        (3, 6000, false, &TRAIL),
    ]);
    assert_eq!(timestamps(&second), [0, 3000]);
    let taken = pictures(&[
        (1, 0, true, &IDR),
        (2, 0, true, &SECOND),
        (3, 3000, true, &TRAIL),
        (4, 3000, true, &SECOND),
        (5, 6000, true, &TRAIL),
    ]);
    assert_eq!(
        taken.last(),
        Some(&(3000, false, prefixed(&[&TRAIL, &SECOND])))
    );
}

#[test]
fn decoding_order_numbers_are_refused() {
    let mut peer = Peer::connected("rtsp://cam/stream");
    peer.describe(&format!("{SDP}a=fmtp:96 sprop-max-don-diff=2\r\n"));
    let (_, message) = peer.harness.failure().unwrap();
    assert!(message.contains("H.265 in interleaved mode"), "{message}");
    playing("a=fmtp:96 sprop-max-don-diff=0\r\n");
}
