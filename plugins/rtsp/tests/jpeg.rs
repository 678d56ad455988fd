//! From RTP packets to JPEG files.

mod common;

use core::time::Duration;

use common::{Peer, framed, rtp};

const SCAN: &[u8] = b"scan data of which nothing is decoded";

fn playing(attributes: &str) -> Peer {
    let mut peer = Peer::connected("rtsp://cam/stream");
    peer.describe(&format!("m=video 0 RTP/AVP 26\r\n{attributes}"));
    peer.play();
    peer
}

fn send(peer: &mut Peer, sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) {
    let mut packet = rtp(sequence, timestamp, marker, payload);
    packet[1] = packet[1] & 0x80 | 0x1a;
    peer.say(&framed(0, &packet));
}

/// Main header for a picture of 160 x 120 pixels.
fn header(offset: u8, kind: u8, quality: u8) -> Vec<u8> {
    vec![0, 0, 0, offset, kind, quality, 20, 15]
}

fn packet(offset: u8, quality: u8, rest: &[&[u8]]) -> Vec<u8> {
    [header(offset, 1, quality), rest.concat()].concat()
}

fn pictures(peer: &mut Peer) -> Vec<(u64, Vec<u8>)> {
    let packets = peer.harness.packets().into_iter();
    packets
        .map(|packet| {
            assert!(packet.keyframe && packet.data.starts_with(&[0xff, 0xd8]));
            assert!(packet.data.ends_with(&[0xff, 0xd9]));
            (packet.timestamp.expect("RTP has timestamps"), packet.data)
        })
        .collect()
}

fn times(peer: &mut Peer) -> Vec<u64> {
    pictures(peer).iter().map(|picture| picture.0).collect()
}

/// Bodies of the segments with that marker.
fn segments(data: &[u8], marker: u8) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut at = 2;
    while data[at + 1] != 0xda {
        let len = usize::from(u16::from_be_bytes([data[at + 2], data[at + 3]]));
        if data[at + 1] == marker {
            found.push(data[at + 4..at + 2 + len].to_vec());
        }
        at += 2 + len;
    }
    found
}

#[test]
fn in_one_packet_and_in_several() {
    let mut peer = playing("");
    assert!(peer.harness.tracks()[0][0].config.is_empty());
    send(&mut peer, 1, 0, true, &packet(0, 50, &[SCAN]));
    let (first, second) = SCAN.split_at(10);
    send(&mut peer, 2, 9000, false, &packet(0, 50, &[first]));
    send(&mut peer, 3, 9000, true, &packet(10, 50, &[second]));
    let pictures = pictures(&mut peer);
    assert_eq!((pictures[0].0, pictures[1].0), (0, 9000));
    assert_eq!(pictures[0].1, pictures[1].1);
    let picture = &pictures[0].1;
    assert!(picture.windows(SCAN.len()).any(|window| window == SCAN));
    assert_eq!(segments(picture, 0xc0)[0][..5], [8, 0, 120, 0, 160]);
    assert_eq!(
        (segments(picture, 0xdb).len(), segments(picture, 0xdd).len()),
        (2, 0)
    );
    assert_eq!(segments(picture, 0xdb)[0][..3], [0, 16, 11]);
    assert_eq!(segments(picture, 0xc4).len(), 1);
}

#[test]
fn tables_in_band_and_remembered() {
    let mut peer = playing("");
    let given = [&[0, 0, 0, 128][..], &[7; 64], &[9; 64]].concat();
    send(&mut peer, 1, 0, true, &packet(0, 200, &[&given, SCAN]));
    send(
        &mut peer,
        2,
        9000,
        true,
        &packet(0, 200, &[&[0, 0, 0, 0], SCAN]),
    );
    // Another quality was never told of; 255 always tells.
    send(
        &mut peer,
        3,
        18_000,
        true,
        &packet(0, 201, &[&[0, 0, 0, 0], SCAN]),
    );
    send(&mut peer, 4, 27_000, true, &packet(0, 255, &[&given, SCAN]));
    send(
        &mut peer,
        5,
        36_000,
        true,
        &packet(0, 255, &[&[0, 0, 0, 0], SCAN]),
    );
    // One for both; two bytes an element.
    let one = [&[0, 0, 0, 64][..], &[5; 64]].concat();
    send(&mut peer, 6, 45_000, true, &packet(0, 255, &[&one, SCAN]));
    let wide = [&[0, 2, 0, 192][..], &[5; 192]].concat();
    send(&mut peer, 7, 54_000, true, &packet(0, 255, &[&wide, SCAN]));
    let pictures = pictures(&mut peer);
    let times: Vec<u64> = pictures.iter().map(|picture| picture.0).collect();
    assert_eq!(times, [0, 9000, 27_000, 45_000, 54_000]);
    for (_, picture) in &pictures[..3] {
        let tables = segments(picture, 0xdb);
        assert_eq!(
            (tables[0][0], tables[0][1], tables[1][0], tables[1][1]),
            (0, 7, 1, 9)
        );
    }
    let tables = segments(&pictures[3].1, 0xdb);
    assert_eq!((tables[0][1], tables[1][1]), (5, 5));
    let tables = segments(&pictures[4].1, 0xdb);
    assert_eq!(
        (tables[0].len(), tables[1][0], tables[1].len()),
        (65, 0x11, 129)
    );
    assert_eq!(segments(&pictures[4].1, 0xc1).len(), 1);
    assert_eq!(peer.harness.logs().len(), 1);
}

#[test]
fn restart_intervals_and_kinds() {
    let mut peer = playing("");
    let restart = [0, 20, 0xff, 0xff];
    send(
        &mut peer,
        1,
        0,
        true,
        &[&header(0, 64, 50)[..], &restart, SCAN].concat(),
    );
    send(
        &mut peer,
        2,
        9000,
        true,
        &[&header(0, 65, 50)[..], &restart, SCAN].concat(),
    );
    send(
        &mut peer,
        3,
        18_000,
        true,
        &[&header(0, 2, 50)[..], SCAN].concat(),
    );
    let pictures = pictures(&mut peer);
    assert_eq!(pictures.len(), 2);
    let sampling = |index: usize| segments(&pictures[index].1, 0xc0)[0][7];
    assert_eq!((sampling(0), sampling(1)), (0x21, 0x22));
    assert_eq!(segments(&pictures[0].1, 0xdd), [[0, 20]]);
    assert_eq!(peer.harness.logs().len(), 1);
}

#[test]
fn large_pictures_take_their_size_from_the_description() {
    for (attributes, size, expected) in [
        ("a=framesize:26 2560-1920\r\n", [0, 240], Some((2560, 1920))),
        ("a=x-dimensions:2560,1440\r\n", [0, 180], Some((2560, 1440))),
        ("a=x-dimensions:1920,1080\r\n", [0, 0], Some((1920, 1080))),
        // What a camera writes that does not care for eight bits: 2560 / 8 = 320.
        (
            "a=framesize:26 2560-1920\r\n",
            [64, 240],
            Some((2560, 1920)),
        ),
        ("a=framesize:26 2560-1920\r\n", [80, 60], Some((640, 480))),
        ("", [0, 240], None),
    ] {
        let mut peer = playing(attributes);
        let mut whole = packet(0, 50, &[SCAN]);
        whole[6..8].copy_from_slice(&size);
        send(&mut peer, 1, 0, true, &whole);
        let told = pictures(&mut peer).first().map(|picture| {
            let frame = &segments(&picture.1, 0xc0)[0];
            let number = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
            (number(3), number(1))
        });
        assert_eq!(told, expected, "{attributes} {size:?}");
    }
}

#[test]
fn a_loss_drops_its_picture_only() {
    let mut peer = playing("");
    let (first, second) = SCAN.split_at(10);
    send(&mut peer, 1, 0, false, &packet(0, 50, &[first]));
    send(&mut peer, 3, 0, true, &packet(20, 50, &[second]));
    peer.harness.advance(Duration::from_millis(150));
    send(&mut peer, 4, 9000, true, &packet(0, 50, &[SCAN]));
    // The end is missing.
    send(&mut peer, 5, 18_000, false, &packet(0, 50, &[first]));
    send(&mut peer, 7, 27_000, true, &packet(0, 50, &[SCAN]));
    peer.harness.advance(Duration::from_millis(150));
    send(&mut peer, 8, 36_000, true, &packet(0, 50, &[SCAN]));
    // The beginning is.
    send(&mut peer, 9, 45_000, true, &packet(10, 50, &[second]));
    assert_eq!(times(&mut peer), [9000, 27_000, 36_000]);
}

#[test]
fn pictures_end_without_a_marker_and_files_stay_as_they_are() {
    let mut peer = playing("");
    send(&mut peer, 1, 0, false, &packet(0, 50, &[SCAN]));
    send(&mut peer, 2, 9000, false, &packet(0, 50, &[SCAN]));
    assert_eq!(times(&mut peer), [0]);
    let mut peer = playing("");
    send(&mut peer, 1, 0, true, &packet(0, 50, &[SCAN]));
    let file = pictures(&mut peer).remove(0).1;
    send(&mut peer, 2, 9000, true, &packet(0, 50, &[&file]));
    assert_eq!(pictures(&mut peer), [(9000, file)]);
}

#[test]
fn a_picture_without_end_is_bounded() {
    let mut peer = playing("");
    send(&mut peer, 1, 0, false, &packet(0, 50, &[&vec![1; 60_000]]));
    let mut offset = 60_000u32;
    for sequence in 2..200 {
        let [_, high, middle, low] = offset.to_be_bytes();
        let mut piece = packet(0, 50, &[&vec![1; 60_000]]);
        piece[1..4].copy_from_slice(&[high, middle, low]);
        send(&mut peer, sequence, 0, false, &piece);
        offset += 60_000;
    }
    send(&mut peer, 200, 9000, true, &packet(0, 50, &[SCAN]));
    assert_eq!(times(&mut peer), [9000]);
}
