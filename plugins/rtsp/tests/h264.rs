//! From RTP packets to pictures.

mod common;

use core::time::Duration;

use common::{IDR, PPS, Peer, SDP, SLICE, SPS, fragments, framed, prefixed, rtp};

/// The packets that come of payloads with sequence number, timestamp and marker, one every
/// 10 ms.
fn pictures(packets: &[(u16, u32, bool, &[u8])]) -> Vec<(u64, bool, u32, Vec<u8>)> {
    let mut peer = Peer::playing();
    for (sequence, timestamp, marker, payload) in packets {
        peer.send(*sequence, *timestamp, *marker, payload);
        peer.harness.advance(Duration::from_millis(10));
    }
    taken(&mut peer)
}

fn taken(peer: &mut Peer) -> Vec<(u64, bool, u32, Vec<u8>)> {
    let packets = peer.harness.packets().into_iter();
    packets
        .map(|packet| {
            (
                packet.timestamp.expect("RTP has timestamps"),
                packet.keyframe,
                packet.lost_before,
                packet.data,
            )
        })
        .collect()
}

fn key(slices: &[&[u8]]) -> Vec<u8> {
    [prefixed(&[&SPS, &PPS]), prefixed(slices)].concat()
}

#[test]
fn single_units_with_parameter_sets_from_the_description() {
    assert_eq!(
        pictures(&[(1, 0, true, &IDR), (2, 3000, true, &SLICE)]),
        [
            (0, true, 0, key(&[&IDR])),
            (3000, false, 0, prefixed(&[&SLICE]))
        ]
    );
}

#[test]
fn aggregates_and_fragments() {
    let mut stap = vec![24];
    for unit in [&[0x09, 0xf0][..], &SPS, &PPS, &[0x06, 5], &[]] {
        stap.extend(u16::try_from(unit.len()).unwrap().to_be_bytes());
        stap.extend(unit);
    }
    let pieces = fragments(&IDR, 2);
    assert_eq!(
        pictures(&[
            (1, 0, false, &stap),
            (2, 0, false, &pieces[0]),
            (3, 0, true, &pieces[1])
        ]),
        [(0, true, 0, key(&[&[0x06, 5], &IDR]))]
    );
}

#[test]
fn pictures_end_without_a_marker() {
    assert_eq!(
        pictures(&[
            (1, 0, false, &IDR),
            (2, 3000, false, &SLICE),
            (3, 6000, false, &SLICE)
        ]),
        [
            (0, true, 0, key(&[&IDR])),
            (3000, false, 0, prefixed(&[&SLICE]))
        ]
    );
}

#[test]
fn markers_on_parameter_sets_and_within_pictures() {
    // On each of SPS and PPS: the picture goes on.
    assert_eq!(
        pictures(&[(1, 0, true, &SPS), (2, 0, true, &PPS), (3, 0, true, &IDR)]),
        [(0, true, 0, key(&[&IDR]))]
    );
    // On each slice: the first picture cannot be saved, all further ones are.
    let second = [0x41, 0x1a, 0x21];
    let taken = pictures(&[
        (1, 0, true, &IDR),
        (2, 0, true, &second),
        (3, 3000, true, &SLICE),
        (4, 3000, true, &second),
        (5, 6000, true, &SLICE),
    ]);
    assert_eq!(
        taken.last(),
        Some(&(3000, false, 0, prefixed(&[&SLICE, &second])))
    );
}

#[test]
fn a_loss_drops_its_picture_only() {
    let pieces = fragments(&[0x41, 0x9a, 1, 2, 3, 4, 5, 6], 2);
    let mut packets: Vec<(u16, u32, bool, &[u8])> = vec![(1, 0, true, &IDR)];
    // The second of four fragments is missing.
    for index in [0u16, 2, 3] {
        packets.push((2 + index, 3000, index == 3, &pieces[usize::from(index)]));
    }
    for number in 0..20 {
        packets.push((6 + number, 6000 + 3000 * u32::from(number), true, &SLICE));
    }
    let taken = pictures(&packets);
    assert_eq!(taken[1], (6000, false, 1, prefixed(&[&SLICE])));
    assert_eq!(taken.len(), 21);
    assert!(taken[2..].iter().all(|picture| picture.2 == 0));
}

#[test]
fn a_loss_between_pictures_keeps_the_next_if_it_is_whole() {
    let rest = [0x41, 0x1a, 0x21];
    let mut peer = Peer::playing();
    peer.send(1, 0, true, &IDR);
    // 2 is missing; 3 begins a picture: whole as far as anybody can tell.
    peer.send(3, 6000, true, &SLICE);
    peer.harness.advance(Duration::from_millis(150));
    peer.send(4, 9000, true, &SLICE);
    assert_eq!(
        taken(&mut peer)
            .iter()
            .map(|p| (p.0, p.2))
            .collect::<Vec<_>>(),
        [(0, 0), (6000, 1), (9000, 0)]
    );
    // 5 is missing; 6 goes on with a picture whose beginning nobody saw.
    peer.send(6, 12_000, true, &rest);
    peer.harness.advance(Duration::from_millis(150));
    peer.send(7, 15_000, true, &SLICE);
    assert_eq!(
        taken(&mut peer)
            .iter()
            .map(|p| (p.0, p.2))
            .collect::<Vec<_>>(),
        [(15_000, 1)]
    );
}

#[test]
fn reordered_packets_and_times_of_arrival() {
    let mut peer = Peer::playing();
    let began = peer.harness.now();
    let pieces = fragments(&IDR, 2);
    peer.send(1, 0, false, &pieces[0]);
    peer.harness.advance(Duration::from_millis(5));
    peer.send(3, 3000, true, &SLICE);
    peer.send(2, 0, true, &pieces[1]);
    let packets = peer.harness.packets();
    assert_eq!(packets.len(), 2);
    assert_eq!(packets[0].arrived, began);
    assert_eq!(packets[1].arrived, began + 5000);
}

#[test]
fn new_parameter_sets_are_told() {
    let mut peer = Peer::playing();
    assert_eq!(peer.harness.tracks().len(), 1);
    let mut other = SPS;
    other[7] = 0x42;
    peer.send(1, 0, false, &SPS);
    peer.send(2, 0, true, &IDR);
    assert_eq!(peer.harness.tracks().len(), 0);
    peer.send(3, 3000, false, &other);
    peer.send(4, 3000, true, &IDR);
    let tracks = peer.harness.tracks();
    assert_eq!(tracks[0][0].config, prefixed(&[&other, &PPS]));
    assert_eq!(taken(&mut peer)[1].3, prefixed(&[&other, &PPS, &IDR]));
}

#[test]
fn parameter_sets_only_in_band() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.describe("m=video 0 RTP/AVP 96\r\n");
    peer.play();
    peer.send(1, 0, true, &SLICE);
    assert!(peer.harness.tracks().is_empty() && peer.harness.packets().is_empty());
    peer.send(2, 3000, false, &SPS);
    peer.send(3, 3000, false, &PPS);
    peer.send(4, 3000, true, &IDR);
    assert_eq!(peer.harness.tracks().len(), 1);
    assert_eq!(taken(&mut peer), [(3000, true, 0, key(&[&IDR]))]);
}

#[test]
fn start_codes_and_zeros_are_cut_out() {
    let glued = [&SPS[..], &[0, 0, 0, 1], &PPS, &[0, 0, 1], &IDR, &[0, 0]].concat();
    assert_eq!(
        pictures(&[(1, 0, true, &glued)]),
        [(0, true, 0, key(&[&IDR]))]
    );
    let pieces = fragments(&glued, 10);
    let packets: Vec<_> = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| (index as u16, 0, index + 1 == pieces.len(), piece.as_slice()))
        .collect();
    assert_eq!(pictures(&packets), [(0, true, 0, key(&[&IDR]))]);
}

#[test]
fn a_stream_without_idr_gets_places_to_start_from() {
    let mut peer = Peer::playing();
    for second in 0..15u16 {
        peer.send(2 * second, u32::from(second) * 90_000, false, &SPS);
        peer.send(2 * second + 1, u32::from(second) * 90_000, true, &SLICE);
        peer.harness.advance(Duration::from_secs(1));
    }
    let keys: Vec<u64> = taken(&mut peer)
        .iter()
        .filter(|p| p.1)
        .map(|p| p.0 / 90_000)
        .collect();
    assert_eq!(keys, [10, 11, 12, 13, 14]);
}

#[test]
fn what_nobody_asked_for_is_left_out() {
    let mut peer = Peer::playing();
    let mut sound = rtp(1, 0, true, &IDR);
    sound[1] = 0x80 | 0x61;
    peer.say(&framed(0, &sound));
    peer.say(&framed(2, &rtp(1, 0, true, &IDR)));
    peer.say(&framed(0, b"short"));
    assert!(peer.harness.packets().is_empty());
    // Interleaved mode: told once, ignored.
    peer.send(1, 0, true, &[29, 0x80, 0, 0, 1]);
    peer.send(2, 3000, true, &[25, 0, 0, 0, 1, 1]);
    assert!(peer.harness.packets().is_empty());
    assert_eq!(peer.harness.logs().len(), 3);
    assert!(SDP.contains("H264"));
}

#[test]
fn a_picture_without_end_is_bounded() {
    let mut peer = Peer::playing();
    let piece = [&[0x7c, 0x05][..], &vec![1; 60_000]].concat();
    peer.send(0, 0, false, &fragments(&IDR, 2)[0]);
    for sequence in 1..300 {
        peer.send(sequence, 0, false, &piece);
    }
    peer.send(300, 3000, true, &IDR);
    assert_eq!(taken(&mut peer), [(3000, true, 0, key(&[&IDR]))]);
}
