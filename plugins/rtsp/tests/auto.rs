//! `transport = "auto"`: TCP first, UDP where it must be, and what is remembered of it.

mod common;

use core::time::Duration;

use common::{IDR, Peer, SDP, SLICE, framed, rtp};
use padelvar_sdk::FailureClass;
use padelvar_sdk::testing::camera;

const SECOND: Duration = Duration::from_secs(1);

fn failure(peer: &Peer) -> (FailureClass, String) {
    let (class, message) = peer.harness.failure().expect("a failure");
    (class, message.to_owned())
}

/// An RTP packet with a picture of its own.
fn picture(sequence: u16) -> Vec<u8> {
    let key = sequence.is_multiple_of(25);
    let payload: &[u8] = if key { &IDR } else { &SLICE };
    rtp(sequence, u32::from(sequence) * 3600, true, payload)
}

#[test]
fn auto_turns_to_udp_on_the_same_connection() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.describe(SDP);
    assert!(peer.request("SETUP").contains("interleaved=0-1"));
    peer.answer("461 Unsupported Transport", "", "");
    assert!(peer.harness.connects().is_empty());
    let port = peer.bind(50_000);
    assert!(peer.request("SETUP").contains("client_port=50000-50001"));
    peer.answer("200 OK", "Session: 1\r\n", "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    peer.datagram(port, picture(0));
    assert_eq!(peer.harness.packets().len(), 1);

    // Neither.
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.describe(SDP);
    peer.request("SETUP");
    peer.answer("461 Unsupported Transport", "", "");
    peer.bind(50_000);
    peer.request("SETUP");
    peer.answer("461 Unsupported Transport", "", "");
    let (class, message) = failure(&peer);
    assert_eq!(class, FailureClass::Unsupported);
    assert!(
        message.contains("neither over TCP nor over UDP"),
        "{message}"
    );
}

#[test]
fn auto_turns_to_udp_where_the_answer_is_another_transport() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.describe(SDP);
    peer.request("SETUP");
    let other = "SESSION: 1\r\ntransport: RTP/AVP/UDP;unicast;client_port=1-2;server_port=3-4\r\n";
    peer.answer("200 OK", other, "");
    // Its session is given back, and a new connection begins without it.
    assert!(peer.request("TEARDOWN").contains("Session: 1\r\n"));
    peer.answer("200 OK", "", "");
    peer.accept();
    peer.describe(SDP);
    let port = peer.bind(50_000);
    let setup = peer.request("SETUP");
    assert!(setup.contains("client_port=50000-50001") && !setup.contains("Session"));
    peer.answer("200 OK", "Session: 2\r\n", "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    peer.datagram(port, picture(0));
    assert_eq!(peer.harness.packets().len(), 1);
}

#[test]
fn auto_turns_to_udp_where_tcp_is_accepted_and_stays_silent() {
    let mut peer = Peer::playing();
    peer.harness.advance(6 * SECOND);
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    peer.accept();
    peer.describe(SDP);
    let port = peer.bind(50_000);
    peer.request("SETUP");
    peer.answer("200 OK", "Session: 2\r\n", "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    for sequence in 0..20 {
        peer.datagram(port, picture(sequence));
        peer.harness.advance(SECOND);
    }
    assert_eq!(peer.harness.packets().len(), 20);
    // It is kept to: silence later on is the camera's.
    peer.harness.advance(11 * SECOND);
    peer.request("TEARDOWN");
    peer.harness.advance(SECOND);
    assert!(failure(&peer).1.contains("any more"));
}

#[test]
fn a_camera_that_is_silent_in_both_ways() {
    let mut peer = Peer::playing();
    peer.harness.advance(6 * SECOND);
    peer.request("TEARDOWN");
    peer.harness.advance(SECOND);
    peer.accept();
    peer.describe(SDP);
    peer.bind(50_000);
    peer.request("SETUP");
    peer.answer("200 OK", "Session: 2\r\n", "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    peer.harness.advance(11 * SECOND);
    peer.request("TEARDOWN");
    peer.harness.advance(SECOND);
    let (class, message) = failure(&peer);
    assert_eq!(class, FailureClass::Unreachable);
    assert!(message.contains("sends no video, neither"), "{message}");
}

#[test]
fn a_slow_camera_that_knows_tcp_only() {
    let mut peer = Peer::playing();
    peer.harness.advance(6 * SECOND);
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    peer.accept();
    peer.describe(SDP);
    peer.bind(50_000);
    peer.request("SETUP");
    peer.answer("461 Unsupported Transport", "", "");
    assert!(peer.request("SETUP").contains("interleaved=0-1"));
    peer.answer("200 OK", "Session: 2\r\n", "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    peer.harness.advance(8 * SECOND);
    peer.say(&framed(0, &picture(0)));
    assert_eq!(peer.harness.packets().len(), 1);
}

/// A session with a camera of which that is remembered, up to the description.
fn remembering(memory: &[u8]) -> Peer {
    let mut known = camera("rtsp://cam/x");
    known.memory = memory.to_vec();
    let mut peer = Peer::of(known);
    peer.describe(SDP);
    peer
}

fn plays_by_udp(peer: &mut Peer, port: u32) {
    assert!(peer.request("SETUP").contains("client_port=50000-50001"));
    peer.answer("200 OK", "Session: 1\r\n", "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    for sequence in 0..3 {
        peer.datagram(port, picture(sequence));
        peer.harness.advance(SECOND);
    }
    assert_eq!(peer.harness.packets().len(), 3);
}

#[test]
fn the_next_session_asks_for_what_worked() {
    let mut peer = remembering(b"");
    peer.request("SETUP");
    peer.answer("461 Unsupported Transport", "", "");
    let port = peer.bind(50_000);
    plays_by_udp(&mut peer, port);
    let memory = peer.harness.remembered().expect("UDP worked");

    let mut peer = remembering(&memory);
    let port = peer.bind(50_000);
    plays_by_udp(&mut peer, port);
    assert_eq!(peer.harness.remembered(), None, "that is no news");
}

#[test]
fn a_memory_that_is_wrong_is_forgotten() {
    let mut peer = remembering(b"udp");
    peer.bind(50_000);
    peer.request("SETUP");
    peer.answer("461 Unsupported Transport", "", "");
    assert!(peer.request("SETUP").contains("interleaved=0-1"));
    peer.answer("200 OK", "Session: 1\r\n", "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    peer.harness
        .received(peer.connection, &framed(0, &picture(0)));
    peer.harness.advance(SECOND);
    assert_eq!(peer.harness.remembered(), Some(Vec::new()));

    // What is no memory of ours is none.
    let mut peer = remembering(&[0xff; 4096]);
    assert!(peer.request("SETUP").contains("interleaved=0-1"));
}
