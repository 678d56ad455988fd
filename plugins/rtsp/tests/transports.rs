//! Media over UDP, by multicast and in turn; good cameras and hostile ones.

mod common;

use core::time::Duration;

use common::{CAMERA, IDR, Peer, SDP, SLICE, framed, rtp};
use padelvar_sdk::testing::{Harness, camera};
use padelvar_sdk::{Component, FailureClass};

const SECOND: Duration = Duration::from_secs(1);

fn failure(peer: &Peer) -> (FailureClass, String) {
    let (class, message) = peer.harness.failure().expect("a failure");
    (class, message.to_owned())
}

/// Asked for UDP, up to the answer to SETUP.
fn asked(transport: &str) -> (Peer, u32) {
    let mut peer = Peer::with_transport("rtsp://cam/x", "udp");
    peer.describe(SDP);
    let port = peer.bind(40_000);
    let setup = peer.request("SETUP");
    assert!(
        setup.contains("Transport: RTP/AVP;unicast;client_port=40000-40001\r\n"),
        "{setup}"
    );
    let transport = if transport.is_empty() {
        String::new()
    } else {
        format!("Transport: {transport}\r\n")
    };
    peer.answer("200 OK", &format!("Session: 77\r\n{transport}"), "");
    (peer, port)
}

const GOOD: &str =
    "RTP/AVP;unicast;client_port=40000-40001;server_port=6970-6971;ssrc= 9;source=10.0.0.9";

/// Plays over UDP.
fn playing(transport: &str) -> (Peer, u32) {
    let (mut peer, port) = asked(transport);
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    (peer, port)
}

/// An RTP packet with a picture of its own.
fn picture(sequence: u16) -> Vec<u8> {
    let key = sequence.is_multiple_of(25);
    let payload: &[u8] = if key { &IDR } else { &SLICE };
    rtp(sequence, u32::from(sequence) * 3600, true, payload)
}

fn with_source(mut packet: Vec<u8>, ssrc: u32) -> Vec<u8> {
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
    packet
}

#[test]
fn udp_from_setup_to_teardown() {
    let (mut peer, port) = asked(GOOD);
    // The way is opened from our side, to both ports.
    let knocks = peer.harness.sent_datagrams();
    let shape = knocks.iter().map(|knock| {
        (
            knock.component,
            knock.host.as_str(),
            knock.to_port,
            knock.bytes[0],
            knock.bytes[1],
        )
    });
    assert_eq!(
        shape.collect::<Vec<_>>(),
        [
            (Component::Rtp, "cam", 6970, 0x80, 96),
            (Component::Rtcp, "cam", 6971, 0x80, 201)
        ]
    );
    peer.request("PLAY");
    // What comes before the answer is kept.
    peer.datagram(port, picture(0));
    peer.answer("200 OK", "", "");
    peer.datagram(port, picture(1));
    assert_eq!(peer.harness.packets().len(), 2);
    assert_eq!(peer.harness.tracks().len(), 1);
    peer.harness.stop();
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    assert_eq!(peer.harness.outcome(), Some(&Ok(())));
    assert_eq!(peer.harness.unbinds(), [port]);
}

#[test]
fn a_camera_is_knocked_at_a_few_times_only() {
    let (mut peer, _) = playing(GOOD);
    peer.harness.advance(9 * SECOND);
    let knocks = peer.harness.sent_datagrams().into_iter();
    assert_eq!(
        knocks.filter(|it| it.component == Component::Rtp).count(),
        5
    );
    let (mut peer, port) = playing(GOOD);
    peer.harness.sent_datagrams();
    peer.datagram(port, picture(0));
    peer.harness.advance(3 * SECOND);
    assert!(peer.harness.sent_datagrams().is_empty());
}

#[test]
fn cameras_that_name_no_ports() {
    for transport in [
        "",
        "RTP/AVP/UDP;unicast;client_port=40000-40001",
        "RTP/AVP;unicast;server_port=0-0",
        // A well-known port, to which the host lets nothing out.
        "RTP/AVP;unicast;server_port=53-54",
    ] {
        let (mut peer, port) = playing(transport);
        assert!(peer.harness.sent_datagrams().is_empty());
        for sequence in 0..8 {
            peer.datagram(port, picture(sequence));
            peer.harness.advance(SECOND);
        }
        assert_eq!(peer.harness.packets().len(), 8, "{transport}");
        assert!(peer.harness.sent_datagrams().is_empty(), "to nowhere");
        if !transport.contains("53") {
            // Where its RTCP comes from is where reports go to.
            let from = ("10.0.0.9", 7777);
            peer.harness.datagram(
                port,
                Component::Rtcp,
                from,
                vec![0x80, 201, 0, 1, 0, 0, 0, 9],
            );
            for sequence in 8..16 {
                peer.datagram(port, picture(sequence));
                peer.harness.advance(SECOND);
            }
            let sent = peer.harness.sent_datagrams();
            assert!(!sent.is_empty() && sent.iter().all(|it| it.to_port == 7777));
        }
    }
}

/// Words of a report that begins at byte 4.
fn words(report: &[u8]) -> Vec<u32> {
    let words = report[4..].chunks_exact(4);
    words
        .map(|word| u32::from_be_bytes(word.try_into().expect("four bytes")))
        .collect()
}

#[test]
fn receiver_reports_over_udp() {
    let (mut peer, port) = playing(GOOD);
    peer.datagram(port, picture(65_530));
    peer.harness.sent_datagrams();
    let mut reports = Vec::new();
    let mut sender = vec![0x80, 200, 0, 6];
    for word in [9u32, 0x1122_3344, 0x5566_7788, 1234, 0, 0] {
        sender.extend(word.to_be_bytes());
    }
    for number in 0..60u16 {
        // One of ten is lost.
        if number % 10 != 5 {
            peer.datagram(port, picture(number.wrapping_add(65_531)));
        }
        if number == 40 {
            peer.harness
                .datagram(port, Component::Rtcp, CAMERA, sender.clone());
        }
        peer.harness.advance(SECOND);
        reports.extend(peer.harness.sent_datagrams());
    }
    assert!((8..=24).contains(&reports.len()), "{}", reports.len());
    for report in &reports {
        assert_eq!((report.component, report.to_port), (Component::Rtcp, 6971));
        assert_eq!(report.bytes[..4], [0x81, 201, 0, 7]);
        assert_eq!(report.bytes[32..34], [0x81, 202], "with a name");
    }
    let last = words(&reports.last().unwrap().bytes);
    let first = words(&reports[0].bytes);
    assert_eq!((last[0], last[1]), (first[0], 9));
    assert_ne!(last[0], 9);
    assert!(
        (5..=6).contains(&(last[2] & 0xff_ffff)),
        "lost {:x}",
        last[2]
    );
    assert!(last[3] > 0x1_0000, "the wrap is counted");
    assert_eq!(last[5], 0x3344_5566);
    let delay = last[6] >> 16;
    assert!((10..=20).contains(&delay), "{delay} s since the report");
}

#[test]
fn receiver_reports_on_the_connection() {
    let mut peer = Peer::playing();
    peer.sent();
    let mut reports = Vec::new();
    for number in 0..30u16 {
        peer.say(&framed(0, &picture(number)));
        peer.harness.advance(SECOND);
        reports.extend(peer.sent_data());
    }
    assert!((4..=12).contains(&reports.len()), "{}", reports.len());
    for report in reports {
        assert_eq!(report[..2], [b'$', 1]);
        let len = usize::from(u16::from_be_bytes([report[2], report[3]]));
        assert_eq!(report.len(), 4 + len);
        assert_eq!(report[4..8], [0x81, 201, 0, 7]);
    }
}

#[test]
fn out_of_order_twice_and_lost() {
    let (mut peer, port) = playing(GOOD);
    let mut lost = 0;
    // Pairs change places, every seventh comes twice, one of fifty is lost.
    for pair in 0..500u16 {
        for sequence in [2 * pair + 1, 2 * pair] {
            if sequence % 50 == 31 {
                lost += 1;
                continue;
            }
            peer.datagram(port, picture(sequence));
            if sequence % 7 == 0 {
                peer.datagram(port, picture(sequence));
            }
        }
        peer.harness.advance(Duration::from_millis(80));
    }
    peer.harness.advance(SECOND);
    let packets = peer.harness.packets();
    let times: Vec<u64> = packets.iter().filter_map(|it| it.timestamp).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "in order, each once");
    assert_eq!(packets.iter().map(|it| it.lost_before).sum::<u32>(), lost);
    assert!(packets.len() >= 950, "{}", packets.len());
    assert_eq!(peer.harness.outcome(), None);
}

#[test]
fn a_late_packet_is_waited_for_and_no_longer() {
    let (mut peer, port) = playing(GOOD);
    peer.datagram(port, picture(0));
    peer.datagram(port, picture(2));
    peer.harness.advance(Duration::from_millis(100));
    peer.datagram(port, picture(1));
    assert_eq!(peer.harness.packets().len(), 3);
    peer.datagram(port, picture(4));
    peer.harness.advance(Duration::from_millis(140));
    peer.datagram(port, picture(5));
    assert_eq!(peer.harness.packets().len(), 0);
    peer.harness.advance(Duration::from_millis(10));
    peer.datagram(port, picture(6));
    let packets = peer.harness.packets();
    assert_eq!((packets.len(), packets[0].lost_before), (3, 1));
}

#[test]
fn hostile_datagrams() {
    let (mut peer, port) = playing(GOOD);
    peer.datagram(port, picture(0));
    peer.harness.packets();
    for component in [Component::Rtp, Component::Rtcp] {
        for bytes in [
            vec![],
            vec![0x80],
            vec![0xff; 65_507],
            vec![0; 65_507],
            vec![0x80, 201, 0xff, 0xff],
            vec![0x81, 203, 0, 1, 0, 0, 0, 8],
        ] {
            peer.harness.datagram(port, component, CAMERA, bytes);
        }
    }
    // Of another type, and media where RTCP is expected.
    let mut other = picture(1);
    other[1] = 0xe1;
    peer.datagram(port, other);
    peer.harness
        .datagram(port, Component::Rtcp, CAMERA, picture(1));
    // Of another source: even a flood in order does not take the place of the announced one.
    for sequence in 0..2_000 {
        peer.datagram(port, with_source(picture(sequence), 0xbad));
    }
    assert_eq!(peer.harness.packets().len(), 0);
    peer.harness.logs();
    for sequence in 1..100 {
        peer.datagram(port, picture(sequence));
    }
    let packets = peer.harness.packets();
    assert_eq!(packets.len(), 99);
    assert!(packets.iter().all(|it| it.lost_before == 0));
    peer.harness.advance(5 * SECOND);
    assert_eq!(peer.harness.outcome(), None);
    assert!(peer.harness.logs().len() < 5);
}

#[test]
fn a_source_that_was_announced_wrongly_or_changes() {
    let (mut peer, port) = playing("RTP/AVP;unicast;server_port=6970-6971;ssrc=DEADBEEF");
    for sequence in 0..10 {
        peer.datagram(port, picture(sequence));
    }
    assert_eq!(peer.harness.packets().len(), 10);

    let (mut peer, port) = playing(GOOD);
    peer.datagram(port, picture(0));
    peer.harness.advance(3 * SECOND);
    for sequence in 500..510 {
        peer.datagram(port, with_source(picture(sequence), 8));
    }
    assert_eq!(peer.harness.packets().len(), 1 + 10);
}

#[test]
fn all_streams_in_one_place() {
    let mut with_sound = camera("rtsp://cam/x");
    with_sound.audio = true;
    let mut peer = Peer::of(with_sound);
    peer.describe(&format!("{SDP}m=audio 0 RTP/AVP 8\r\na=control:track2\r\n"));
    for channels in ["0-1;ssrc=00000009", "2-3;ssrc=00000008"] {
        peer.request("SETUP");
        let transport = format!("Transport: RTP/AVP/TCP;interleaved={channels}\r\n");
        peer.answer("200 OK", &format!("Session: 1\r\n{transport}"), "");
    }
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    peer.say(&framed(0, &picture(0)));
    let mut sound = with_source(rtp(1, 0, true, &[0x55; 160]), 8);
    sound[1] = 8;
    peer.say(&framed(0, &sound));
    assert_eq!(peer.harness.packets().len(), 2);
}

#[test]
fn the_senders_port_does_not_matter_and_a_flood_ends_nothing() {
    let (mut peer, port) = playing(GOOD);
    for from in 0..3_000u16 {
        let datagram =
            vec![
                peer.harness
                    .came(Component::Rtp, ("10.0.0.9", 1024 + from), picture(from)),
            ];
        peer.harness.datagrams(port, datagram);
    }
    assert_eq!(peer.harness.packets().len(), 3_000);
    assert_eq!(peer.harness.outcome(), None);
}

#[test]
fn ports_that_break() {
    let (mut peer, port) = playing(GOOD);
    peer.datagram(port, picture(0));
    peer.harness
        .port_failed(port, FailureClass::Unreachable, "network is down");
    peer.request("TEARDOWN");
    peer.harness.advance(SECOND);
    assert_eq!(
        failure(&peer),
        (FailureClass::Unreachable, "UDP: network is down".to_owned())
    );

    let mut peer = Peer::with_transport("rtsp://cam/x", "udp");
    peer.describe(SDP);
    let port = peer.harness.binds()[0];
    peer.harness
        .port_failed(port, FailureClass::Other, "no pair of UDP ports is free");
    assert_eq!(failure(&peer).1, "no pair of UDP ports is free");

    // A host that says nothing.
    let mut peer = Peer::with_transport("rtsp://cam/x", "udp");
    peer.describe(SDP);
    peer.harness.advance(6 * SECOND);
    assert!(peer.harness.failure().is_some());
}

#[test]
fn refusals_of_a_way_that_was_chosen() {
    for (transport, hint) in [
        ("tcp", "\"udp\""),
        ("udp", "\"tcp\""),
        ("multicast", "settings"),
    ] {
        for answer in ["461 Unsupported Transport", "200 OK"] {
            let mut peer = Peer::with_transport("rtsp://cam/x", transport);
            peer.describe(SDP);
            if transport == "udp" {
                peer.bind(40_000);
            }
            peer.request("SETUP");
            let other = match transport {
                "udp" => "RTP/AVP/TCP;interleaved=0-1",
                _ => "RTP/AVP;unicast;client_port=1-2",
            };
            peer.answer(answer, &format!("Session: 1\r\nTransport: {other}\r\n"), "");
            if answer == "200 OK" {
                // What it set up is given back.
                peer.request("TEARDOWN");
                peer.answer("200 OK", "", "");
            }
            let (class, message) = failure(&peer);
            assert_eq!(class, FailureClass::Unsupported);
            assert!(message.contains(hint), "{message}");
        }
    }
}

#[test]
fn tcp_that_works_is_not_left() {
    let mut peer = Peer::playing();
    for sequence in 0..30 {
        peer.say(&framed(0, &picture(sequence)));
        peer.harness.advance(SECOND);
    }
    assert!(peer.harness.connects().is_empty() && peer.harness.binds().is_empty());
}

#[test]
fn encrypted_media_never_goes_over_udp() {
    for transport in ["udp", "multicast"] {
        let mut secure = camera("rtsps://cam/x");
        secure.options = vec![("transport".to_owned(), transport.to_owned())];
        let mut harness = Harness::new(secure, rtsp::run);
        harness.start();
        let (class, message) = harness.failure().unwrap();
        assert_eq!(class, FailureClass::Unsupported);
        assert!(message.contains("unencrypted"), "{message}");
        assert!(harness.connects().is_empty());
    }
    let mut peer = Peer::connected("rtsps://cam/x");
    peer.describe(SDP);
    peer.request("SETUP");
    peer.answer("461 Unsupported Transport", "", "");
    assert_eq!(failure(&peer).0, FailureClass::Unsupported);
    // Nor does a redirect lead out of it.
    let mut peer = Peer::connected("rtsps://cam/x");
    peer.request("OPTIONS");
    peer.answer("200 OK", "", "");
    peer.request("DESCRIBE");
    peer.answer("302 Moved", "Location: rtsp://cam/y\r\n", "");
    assert!(failure(&peer).1.contains("not encrypted"));
}

#[test]
fn where_a_camera_redirects_to_nothing_is_sent_by_udp() {
    let mut peer = Peer::with_transport("rtsp://cam/x", "udp");
    peer.request("OPTIONS");
    peer.answer("200 OK", "", "");
    peer.request("DESCRIBE");
    peer.answer("302 Moved", "Location: rtsp://other/y\r\n", "");
    peer.accept();
    peer.describe(SDP);
    let port = peer.bind(40_000);
    peer.request("SETUP");
    peer.answer(
        "200 OK",
        &format!("Session: 1\r\nTransport: {GOOD}\r\n"),
        "",
    );
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    for sequence in 0..20 {
        peer.datagram(port, picture(sequence));
        peer.harness.advance(SECOND);
    }
    assert_eq!(peer.harness.packets().len(), 20);
    assert!(peer.harness.sent_datagrams().is_empty());
}

/// Agrees to multicast with that answer; the group that is joined.
fn multicast(sdp: &str, transport: &str) -> (Peer, padelvar_sdk::wit::MulticastRequest) {
    let mut peer = Peer::with_transport("rtsp://cam/x", "multicast");
    peer.describe(sdp);
    assert!(
        peer.request("SETUP")
            .contains("Transport: RTP/AVP;multicast\r\n")
    );
    peer.answer(
        "200 OK",
        &format!("Session: 1\r\nTransport: {transport}\r\n"),
        "",
    );
    let join = peer.harness.joins().remove(0);
    (peer, join)
}

#[test]
fn multicast_groups_are_joined() {
    let (mut peer, join) = multicast(
        SDP,
        "RTP/AVP;multicast;destination=239.1.2.3;port=5000-5001;ttl=16;source=10.0.0.9",
    );
    assert_eq!((join.group.as_str(), join.rtp_port), ("239.1.2.3", 5000));
    assert_eq!(join.source, None, "the sender is not a filter");
    peer.harness.bound(join.port, 5000);
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    for sequence in 0..20 {
        peer.datagram(join.port, picture(sequence));
        peer.harness.advance(SECOND);
    }
    assert_eq!(peer.harness.packets().len(), 20);
    assert!(peer.harness.sent_datagrams().is_empty());
    peer.harness.stop();
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    assert_eq!(peer.harness.unbinds(), [join.port]);
}

#[test]
fn groups_of_the_description_and_with_one_sender() {
    let sdp = SDP
        .replace("s=x\r\n", "s=x\r\nc=IN IP4 239.9.9.9/16\r\n")
        .replace("video 0", "video 6000")
        .replace(
            "a=control:track1",
            "a=source-filter: incl IN IP4 239.9.9.9 10.0.0.9\r\na=control:track1",
        );
    let (mut peer, join) = multicast(&sdp, "RTP/AVP;multicast");
    assert_eq!((join.group.as_str(), join.rtp_port), ("239.9.9.9", 6000));
    assert_eq!(join.source.as_deref(), Some("10.0.0.9"));
    // A host that cannot do that listens to all.
    peer.harness
        .port_failed(join.port, FailureClass::Unsupported, "not there yet");
    let join = peer.harness.joins().remove(0);
    assert_eq!((join.group.as_str(), join.source), ("239.9.9.9", None));
    peer.harness.bound(join.port, 6000);
    peer.request("PLAY");
}

#[test]
fn groups_that_are_not_granted_or_not_named() {
    let (mut peer, join) = multicast(SDP, "RTP/AVP;multicast;destination=239.1.2.3;port=5000");
    peer.harness
        .port_failed(join.port, FailureClass::Other, "not granted");
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    let (class, message) = failure(&peer);
    assert_eq!(class, FailureClass::Other);
    assert!(
        message.contains("reach = [\"239.1.2.3:5000\"]"),
        "{message}"
    );

    let mut peer = Peer::with_transport("rtsp://cam/x", "multicast");
    peer.describe(SDP);
    peer.request("SETUP");
    let nowhere = "Session: 1\r\nTransport: RTP/AVP;multicast;destination=10.0.0.1;port=5000\r\n";
    peer.answer("200 OK", nowhere, "");
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    assert!(failure(&peer).1.contains("names no IPv4 group"));
}

#[test]
fn sound_has_ports_of_its_own_and_may_be_missing() {
    let sdp = format!("{SDP}m=audio 0 RTP/AVP 8\r\na=control:track2\r\n");
    for refused in [false, true] {
        let mut with_sound = camera("rtsp://cam/x");
        with_sound.audio = true;
        with_sound.options = vec![("transport".to_owned(), "udp".to_owned())];
        let mut peer = Peer::of(with_sound);
        peer.describe(&sdp);
        let video = peer.bind(40_000);
        peer.request("SETUP");
        peer.answer("200 OK", "Session: 1\r\n", "");
        let sound = peer.bind(40_002);
        assert!(peer.request("SETUP").contains("client_port=40002-40003"));
        if refused {
            peer.answer("461 Unsupported Transport", "", "");
            assert_eq!(peer.harness.unbinds(), [sound]);
        } else {
            peer.answer("200 OK", "Session: 1\r\n", "");
        }
        peer.request("PLAY");
        peer.answer("200 OK", "", "");
        peer.datagram(video, picture(0));
        let mut frame = rtp(1, 0, true, &[0x55; 160]);
        frame[1] = 8;
        peer.datagram(sound, frame);
        let expected = if refused { 1 } else { 2 };
        assert_eq!(peer.harness.packets().len(), expected);
    }
}
