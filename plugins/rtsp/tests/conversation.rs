//! The conversation with good and bad cameras.

mod common;

use core::time::Duration;

use common::{IDR, Peer, SDP, SLICE, framed, rtp};
use padelvar_sdk::FailureClass;
use padelvar_sdk::testing::{Harness, camera};

const CHALLENGE: &str =
    "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\r\nWWW-Authenticate: Basic realm=\"r\"\r\n";
const RENEWED: &str = "WWW-Authenticate: Digest realm=\"r\", nonce=\"2\", stale=true\r\n";

fn failure(peer: &Peer) -> (FailureClass, String) {
    let (class, message) = peer.harness.failure().expect("a failure");
    (class, message.to_owned())
}

#[test]
fn schemes_and_ports() {
    for (url, host, port, tls) in [
        ("rtsp://cam/x", "cam", 554, false),
        ("rtsps://[::1]/x", "::1", 322, true),
        ("rtsps://cam:8322/x", "cam", 8322, true),
    ] {
        let mut harness = Harness::new(camera(url), rtsp::run);
        harness.start();
        let connect = harness.connects().remove(0);
        assert_eq!(
            (connect.host.as_str(), connect.port, connect.tls),
            (host, port, tls)
        );
    }
}

#[test]
fn options_are_checked() {
    let mut odd = camera("rtsp://cam/x");
    odd.options = vec![("transport".to_owned(), "pigeon".to_owned())];
    let mut harness = Harness::new(odd, rtsp::run);
    harness.start();
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unsupported);
    assert_eq!(rtsp::description().options, ["transport"]);
}

#[test]
fn a_camera_that_is_not_there() {
    let mut harness = Harness::new(camera("rtsp://cam/x"), rtsp::run);
    harness.start();
    let id = harness.connects()[0].id;
    harness.failed(id, FailureClass::Unreachable, "connection refused");
    assert_eq!(
        harness.failure(),
        Some((FailureClass::Unreachable, "connection refused"))
    );

    let mut harness = Harness::new(camera("rtsp://cam/x"), rtsp::run);
    harness.start();
    harness.advance(Duration::from_secs(10));
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unreachable);
}

#[test]
fn a_camera_that_never_answers() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.request("OPTIONS");
    peer.harness.advance(Duration::from_secs(11));
    assert_eq!(failure(&peer).0, FailureClass::Unreachable);
    assert!(failure(&peer).1.starts_with("OPTIONS"));
}

#[test]
fn logs_in_once_and_keeps_the_nonce() {
    let mut peer = Peer::connected("rtsp://cam/x?u={username}&p={password}");
    let options = peer.request("OPTIONS");
    assert!(options.contains("rtsp://cam/x?u=<username>&p=<password> RTSP/1.0"));
    peer.answer("401 Unauthorized", CHALLENGE, "");
    let options = peer.request("OPTIONS");
    assert!(options.contains(
        "Authorization: <authorization OPTIONS rtsp://cam/x?u={username}&p={password}>\r\n"
    ));
    peer.answer("200 OK", "", "");
    assert!(
        peer.request("DESCRIBE")
            .contains("Authorization: <authorization DESCRIBE")
    );
    // A nonce that grew old is renewed without fuss.
    peer.answer("401 Unauthorized", RENEWED, "");
    assert!(peer.request("DESCRIBE").contains("Authorization"));
    peer.answer("200 OK", "", SDP);
    assert!(peer.request("SETUP").contains("<authorization SETUP "));
}

#[test]
fn a_second_refusal_is_final() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.request("OPTIONS");
    peer.answer("200 OK", "", "");
    peer.request("DESCRIBE");
    peer.answer("401 Unauthorized", CHALLENGE, "");
    peer.request("DESCRIBE");
    peer.answer("401 Unauthorized", RENEWED, "");
    assert_eq!(failure(&peer).0, FailureClass::Auth);
}

#[test]
fn without_a_password_nothing_is_tried() {
    let mut without = camera("rtsp://cam/x");
    without.has_credentials = false;
    let mut peer = Peer::of(without);
    peer.request("OPTIONS");
    peer.answer("401 Unauthorized", CHALLENGE, "");
    assert_eq!(failure(&peer).0, FailureClass::Auth);
    assert!(failure(&peer).1.contains("none is configured"));
}

#[test]
fn a_camera_that_hangs_up_after_a_refusal() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.request("OPTIONS");
    peer.answer(
        "401 Unauthorized",
        &format!("Connection: close\r\n{CHALLENGE}"),
        "",
    );
    peer.accept();
    assert!(peer.request("OPTIONS").contains("Authorization"));

    let mut peer = Peer::connected("rtsp://cam/x");
    peer.request("OPTIONS");
    peer.answer("401 Unauthorized", CHALLENGE, "");
    peer.request("OPTIONS");
    let connection = peer.connection;
    peer.harness.closed(connection);
    peer.accept();
    assert!(peer.request("OPTIONS").contains("Authorization"));
}

#[test]
fn redirects_are_followed_but_not_in_a_circle() {
    let mut peer = Peer::connected("rtsp://cam/x");
    for round in 0..4 {
        peer.request("OPTIONS");
        peer.answer("200 OK", "", "");
        peer.request("DESCRIBE");
        peer.answer("302 Moved", "Location: rtsp://other:8554/y\r\n", "");
        if round < 3 {
            let connect = peer.accept();
            assert_eq!((connect.host.as_str(), connect.port), ("other", 8554));
        }
    }
    assert_eq!(failure(&peer).0, FailureClass::Protocol);
}

#[test]
fn refusals_are_readable() {
    for (status, class) in [
        ("403 Forbidden", FailureClass::Auth),
        ("404 Not Found", FailureClass::Unreachable),
        ("453 Not Enough Bandwidth", FailureClass::Unreachable),
        ("503 Busy", FailureClass::Unreachable),
        ("400 Bad Request", FailureClass::Protocol),
    ] {
        let mut peer = Peer::connected("rtsp://cam/x");
        peer.describe(SDP);
        peer.request("SETUP");
        peer.answer(status, "", "");
        assert_eq!(failure(&peer).0, class, "{status}");
        assert!(
            failure(&peer).1.contains(&status[..3]),
            "{}",
            failure(&peer).1
        );
    }
}

#[test]
fn play_of_one_stream_where_all_together_are_refused() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.describe(SDP);
    peer.request("SETUP");
    peer.answer("200 OK", "Session: 1\r\n", "");
    peer.request("PLAY");
    peer.answer("459 Aggregate Operation Not Allowed", "", "");
    assert!(
        peer.request("PLAY")
            .starts_with("PLAY rtsp://cam/x/track1 ")
    );
    peer.answer("200 OK", "", "");
    peer.send(1, 0, true, &IDR);
    assert_eq!(peer.harness.packets().len(), 1);
}

#[test]
fn video_before_the_answer_to_play_and_between_answers() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.request("OPTIONS");
    // Stale data of an older session, then an answer in two pieces.
    peer.say(&framed(4, b"stale"));
    peer.answer("200 OK", "", "");
    peer.request("DESCRIBE");
    peer.answer("200 OK", "", SDP);
    peer.request("SETUP");
    peer.answer("200 OK", "Session: 1\r\n", "");
    peer.request("PLAY");
    peer.send(1, 0, true, &IDR);
    peer.say(b"RTSP/1.0 200 OK\r\nCSe");
    peer.say(b"q: 4\r\nSession: 1\r\n\r\n$\x00\x00");
    let rest = framed(0, &rtp(2, 3600, true, &SLICE));
    peer.say(&rest[3..]);
    let packets = peer.harness.packets();
    assert_eq!(packets.len(), 2);
    assert!(packets[0].keyframe && !packets[1].keyframe);
}

#[test]
fn an_unanswered_play_that_plays() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.describe(SDP);
    peer.request("SETUP");
    peer.answer("200 OK", "Session: 1\r\n", "");
    peer.request("PLAY");
    for second in 0..12u16 {
        peer.send(second, u32::from(second) * 90_000, true, &IDR);
        peer.harness.advance(Duration::from_secs(1));
    }
    assert_eq!(peer.harness.outcome(), None);
    assert_eq!(peer.harness.packets().len(), 12);
}

#[test]
fn answers_out_of_order_and_without_number() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.request("OPTIONS");
    peer.say(b"RTSP/1.0 500 Oops\r\nCSeq: 0\r\n\r\n");
    assert_eq!(peer.harness.sent(peer.connection), "");
    peer.say(b"RTSP/1.0 200 OK\r\n\r\n");
    peer.request("DESCRIBE");
}

#[test]
fn descriptions_of_wrong_length() {
    let cut = SDP.len() - 30;
    for length in [
        String::new(),
        format!("Content-Length: {cut}\r\n"),
        "Content-Length: 9999\r\n".to_owned(),
    ] {
        let mut peer = Peer::connected("rtsp://cam/x");
        peer.request("OPTIONS");
        peer.answer("200 OK", "", "");
        peer.request("DESCRIBE");
        let text = format!(
            "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\n{length}\r\n{SDP}"
        );
        peer.say(text.as_bytes());
        peer.harness.advance(Duration::from_millis(600));
        peer.request("SETUP");
        peer.answer("200 OK", "Session: 1\r\n", "");
        peer.request("PLAY");
        peer.answer("200 OK", "", "");
        assert!(!peer.harness.tracks()[0][0].config.is_empty());
    }
}

#[test]
fn the_cameras_own_requests_are_answered() {
    let mut peer = Peer::playing();
    peer.say(b"OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\nRECORD * RTSP/1.0\r\nCSeq: 8\r\n\r\n");
    assert_eq!(
        peer.harness.sent(peer.connection),
        "RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\nRTSP/1.0 501 Not Implemented\r\nCSeq: 8\r\n\r\n"
    );
}

#[test]
fn a_camera_may_send_us_away() {
    for (location, host) in [("Location: rtsp://other:8554/y\r\n", "other"), ("", "cam")] {
        let mut peer = Peer::playing();
        peer.say(format!("REDIRECT * RTSP/1.0\r\nCSeq: 8\r\n{location}\r\n").as_bytes());
        let sent = peer.sent();
        assert!(
            sent.starts_with("RTSP/1.0 200 OK\r\nCSeq: 8\r\n\r\nTEARDOWN "),
            "{sent}"
        );
        peer.harness.advance(Duration::from_millis(500));
        assert_eq!(peer.accept().host, host);
        peer.describe(SDP);
        peer.play();
        peer.send(1, 0, true, &IDR);
        assert_eq!(peer.harness.packets().len(), 1);
    }

    let mut peer = Peer::playing();
    peer.say(b"TEARDOWN * RTSP/1.0\r\nCSeq: 8\r\nSession: 77\r\n\r\n");
    assert_eq!(peer.harness.outcome(), Some(&Ok(())));
    assert!(peer.sent().starts_with("RTSP/1.0 200 OK\r\n"));
}

#[test]
fn leftovers_of_an_older_session() {
    for status in ["454 Session Not Found", "455 Not Valid", "459 Aggregate"] {
        let mut peer = Peer::connected("rtsp://cam/x");
        for round in 0..2 {
            peer.describe(SDP);
            peer.request("SETUP");
            peer.answer(status, "", "");
            if round == 0 {
                peer.accept();
            }
        }
        assert_eq!(failure(&peer).0, FailureClass::Protocol);
        assert!(failure(&peer).1.contains(&status[..3]));
    }
}

#[test]
fn an_answer_that_announces_a_body_and_sends_none() {
    let mut peer = Peer::playing();
    (0..30).for_each(|number| second(&mut peer, number));
    peer.request("GET_PARAMETER");
    peer.answer("200 OK", "content-length: 5000\r\n", "");
    peer.harness.packets();
    peer.send(30, 30 * 90_000, true, &IDR);
    assert_eq!(
        peer.harness.packets().len(),
        1,
        "it is not taken for the body"
    );
}

#[test]
fn what_is_not_rtsp() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(failure(&peer).0, FailureClass::Unsupported);
    let mut peer = Peer::connected("rtsp://cam/x");
    for _ in 0..5 {
        peer.say(&vec![0xaa; 250_000]);
    }
    assert_eq!(failure(&peer).0, FailureClass::Protocol);
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.say(b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n");
    assert_eq!(failure(&peer).0, FailureClass::Protocol);
}

/// A second with one picture.
fn second(peer: &mut Peer, number: u16) {
    peer.send(number, u32::from(number) * 90_000, true, &SLICE);
    peer.harness.advance(Duration::from_secs(1));
}

#[test]
fn keeps_the_session_alive() {
    let mut peer = Peer::playing();
    let mut asked = Vec::new();
    for number in 0..65 {
        second(&mut peer, number);
        let sent = peer.sent();
        if !sent.is_empty() {
            assert!(
                sent.starts_with("GET_PARAMETER rtsp://cam/stream RTSP/1.0\r\n"),
                "{sent}"
            );
            assert!(sent.contains("Session: 77\r\n"));
            asked.push(number);
        }
    }
    assert_eq!(asked, [29, 59]);
    assert_eq!(peer.harness.outcome(), None);
}

#[test]
fn a_camera_that_knows_set_parameter_only() {
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.request("OPTIONS");
    peer.answer("200 OK", "PUBLIC: OPTIONS, SET_PARAMETER\r\n", "");
    peer.request("DESCRIBE");
    peer.answer("200 OK", "", SDP);
    peer.request("SETUP");
    peer.answer("200 OK", "session: 1 ; timeout=20\r\n", "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    (0..10).for_each(|number| second(&mut peer, number));
    assert!(peer.request("SET_PARAMETER").contains("Session: 1\r\n"));
    peer.answer("451 Invalid Parameter", "", "");
    peer.request("OPTIONS");
    // From then on at once.
    peer.answer("200 OK", "", "");
    (10..20).for_each(|number| second(&mut peer, number));
    peer.request("OPTIONS");
}

#[test]
fn keep_alive_survives_old_nonces_and_unknown_methods() {
    let mut peer = Peer::playing();
    (0..30).for_each(|number| second(&mut peer, number));
    peer.request("GET_PARAMETER");
    peer.answer("501 Not Implemented", "", "");
    peer.request("OPTIONS");
    peer.answer("401 Unauthorized", RENEWED, "");
    assert!(peer.request("OPTIONS").contains("Authorization"));
    peer.answer("200 OK", "", "");
    (30..60).for_each(|number| second(&mut peer, number));
    peer.request("OPTIONS");
    peer.answer("454 Session Not Found", "", "");
    assert_eq!(failure(&peer).0, FailureClass::Protocol);
}

#[test]
fn silence_is_found_out() {
    let mut peer = Peer::with_transport("rtsp://cam/x", "tcp");
    peer.describe(SDP);
    peer.play();
    peer.harness.advance(Duration::from_secs(11));
    assert!(peer.request("TEARDOWN").contains("Session: 77"));
    peer.harness.advance(Duration::from_secs(1));
    assert_eq!(
        failure(&peer),
        (
            FailureClass::Unreachable,
            "the camera accepted PLAY but sends no video".to_owned()
        )
    );

    let mut peer = Peer::playing();
    (0..20).for_each(|number| second(&mut peer, number));
    // RTCP and answers are no sign of life.
    for _ in 0..10 {
        peer.say(&framed(1, &[0x80, 201, 0, 1, 0, 0, 0, 9]));
        peer.harness.advance(Duration::from_secs(1));
    }
    peer.harness.advance(Duration::from_secs(1));
    assert_eq!(failure(&peer).0, FailureClass::Unreachable);
}

#[test]
fn goodbyes() {
    let mut peer = Peer::playing();
    peer.harness.stop();
    assert_eq!(peer.harness.outcome(), None);
    peer.request("TEARDOWN");
    peer.harness.advance(Duration::from_millis(500));
    assert_eq!(peer.harness.outcome(), Some(&Ok(())));

    // With a nonce that grew old.
    let mut peer = Peer::playing();
    peer.harness.stop();
    peer.request("TEARDOWN");
    peer.answer("401 Unauthorized", RENEWED, "");
    assert!(peer.request("TEARDOWN").contains("Authorization"));
    peer.answer("200 OK", "", "");
    assert_eq!(peer.harness.outcome(), Some(&Ok(())));

    // Before there is a session nobody waits for a goodbye.
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.harness.stop();
    assert_eq!(peer.harness.outcome(), Some(&Ok(())));

    // Stop while PLAY is not answered.
    let mut peer = Peer::connected("rtsp://cam/x");
    peer.describe(SDP);
    peer.request("SETUP");
    peer.answer("200 OK", "Session: 1\r\n", "");
    peer.request("PLAY");
    peer.harness.stop();
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    assert_eq!(peer.harness.outcome(), Some(&Ok(())));

    // The camera's own goodbye.
    let mut peer = Peer::playing();
    peer.send(1, 0, true, &IDR);
    peer.say(&framed(1, &[0x81, 203, 0, 1, 0, 0, 0, 9]));
    peer.harness.advance(Duration::from_secs(3));
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    assert_eq!(peer.harness.outcome(), Some(&Ok(())));

    let mut peer = Peer::playing();
    let connection = peer.connection;
    peer.harness.closed(connection);
    assert_eq!(failure(&peer).0, FailureClass::Protocol);
}

#[test]
fn sender_reports_become_references() {
    let mut peer = Peer::playing();
    peer.send(1, 0, true, &IDR);
    let mut report = vec![0x80, 200, 0, 6];
    for word in [9u32, 0xe000_0000, 0x8000_0000, 1234, 0, 0] {
        report.extend(word.to_be_bytes());
    }
    peer.say(&framed(1, &report));
    let references = peer
        .harness
        .take()
        .into_iter()
        .filter_map(|command| match command {
            padelvar_sdk::Command::Reference(reference) => {
                Some((reference.timestamp, reference.ntp))
            }
            _ => None,
        });
    assert_eq!(
        references.collect::<Vec<_>>(),
        [(1234, 0xe000_0000_8000_0000)]
    );
}
