//! A second stream: from SETUP to packets.

mod common;

use common::{IDR, Peer, SDP, framed, prefixed, rtp};
use padelvar_sdk::testing::camera;
use padelvar_sdk::{Command, Packet};

const SOUND: &str = "m=audio 0 RTP/AVP 8\r\na=control:track2\r\n";
const AGREED: &str = "Session: 77\r\nTransport: RTP/AVP/TCP;interleaved=";

fn with_sound(sound: &str) -> Peer {
    let mut wanted = camera("rtsp://cam/stream");
    wanted.audio = true;
    let mut peer = Peer::of(wanted);
    peer.describe(&format!("{SDP}{sound}"));
    peer.request("SETUP");
    peer.answer("200 OK", &format!("{AGREED}0-1\r\n"), "");
    peer
}

fn alaw(sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = rtp(sequence, timestamp, false, payload);
    packet[1] = 8;
    packet[11] = 10;
    packet
}

fn packets(peer: &mut Peer) -> Vec<(u32, u64, Vec<u8>)> {
    let packets = peer.harness.packets().into_iter();
    packets
        .map(|packet: Packet| (packet.track, packet.timestamp.unwrap_or(0), packet.data))
        .collect()
}

#[test]
fn plays_beside_the_video_on_the_channels_that_the_camera_chose() {
    let mut peer = with_sound(SOUND);
    let setup = peer.request("SETUP");
    assert!(setup.starts_with("SETUP rtsp://cam/stream/track2 RTSP/1.0\r\n"));
    assert!(setup.contains("Session: 77\r\n") && setup.contains("interleaved=2-3\r\n"));
    peer.answer("200 OK", &format!("{AGREED}6-7\r\n"), "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    let tracks = peer.harness.tracks().remove(0);
    let described: Vec<_> = tracks
        .iter()
        .map(|track| {
            (
                track.id,
                track.codec.as_str(),
                track.clock_rate,
                track.channels,
            )
        })
        .collect();
    assert_eq!(described, [(0, "h264", 90_000, 0), (1, "pcma", 8_000, 1)]);
    peer.say(&framed(6, &alaw(1, 160, b"sound")));
    peer.send(1, 0, true, &IDR);
    // Nobody asked for that channel.
    peer.say(&framed(2, &alaw(2, 320, b"stale")));
    let taken = packets(&mut peer);
    assert_eq!(taken[0], (1, 160, b"sound".to_vec()));
    assert_eq!((taken[1].0, taken.len()), (0, 2));
    assert!(taken[1].2.ends_with(&prefixed(&[&IDR])));
    // The clock of each stream is its own.
    peer.say(&framed(7, &sender_report(10, 1, 480)));
    let told = peer
        .harness
        .take()
        .into_iter()
        .find_map(|command| match command {
            Command::Reference(reference) => Some((reference.track, reference.timestamp)),
            _ => None,
        });
    assert_eq!(told, Some((1, 480)));
}

/// A sender report of that source: seconds of its wall clock, timestamp.
fn sender_report(ssrc: u32, ntp_seconds: u32, timestamp: u32) -> Vec<u8> {
    let mut report = vec![0x80, 200, 0, 6];
    for word in [ssrc, ntp_seconds, 0, timestamp, 0, 0] {
        report.extend(word.to_be_bytes());
    }
    report
}

/// Track, time in seconds and timestamp of each reference that came of a server's answer to PLAY
/// and of its reports.
fn referred(play: &str) -> Vec<(u32, u64, u64)> {
    let mut peer = with_sound(SOUND);
    peer.request("SETUP");
    peer.answer("200 OK", &format!("{AGREED}2-3\r\n"), "");
    peer.request("PLAY");
    peer.harness.advance(core::time::Duration::from_secs(7));
    peer.answer("200 OK", play, "");
    peer.send(1, 90_000, true, &IDR);
    peer.say(&framed(2, &alaw(1, 8_000, b"sound")));
    peer.say(&framed(1, &sender_report(9, 100, 990_000)));
    peer.say(&framed(3, &sender_report(10, 100, 88_300)));
    peer.say(&framed(1, &sender_report(9, 105, 1_440_000)));
    let commands = peer.harness.take().into_iter();
    commands
        .filter_map(|command| match command {
            Command::Reference(it) => Some((it.track, it.ntp >> 32, it.timestamp)),
            _ => None,
        })
        .collect()
}

#[test]
fn vlcs_streams_begin_together() {
    let info = "RTP-Info: url=rtsp://cam/stream/track1;seq=1;rtptime=90000, \
                url=rtsp://cam/stream/track2;seq=1;rtptime=8000\r\n";
    let by_the_reports = [(0, 100, 990_000), (1, 100, 88_300), (0, 105, 1_440_000)];
    assert_eq!(referred(info), by_the_reports);
    assert_eq!(referred("Server: VLC/3.0.18\r\n"), by_the_reports);
    let by_the_info = referred(&format!("Server: VLC/3.0.18\r\n{info}"));
    let began = by_the_info[0].1;
    assert_eq!(
        by_the_info,
        [
            (0, began, 90_000),
            (1, began, 8_000),
            (0, began + 10, 990_000),
            (1, began + 10, 88_000),
            (0, began + 15, 1_440_000),
            (1, began + 15, 128_000),
        ]
    );
}

#[test]
fn is_not_asked_for_where_it_is_not_wanted() {
    let mut peer = Peer::connected("rtsp://cam/stream");
    peer.describe(&format!("{SDP}{SOUND}"));
    peer.play();
    assert_eq!(peer.harness.tracks()[0].len(), 1);
    peer.say(&framed(2, &alaw(1, 160, b"sound")));
    assert!(peer.harness.packets().is_empty());
}

#[test]
fn a_refusal_costs_the_sound_only() {
    for status in ["404 Not Found", "461 Unsupported Transport", "500 Oops"] {
        let mut peer = with_sound(SOUND);
        peer.request("SETUP");
        peer.answer(status, "", "");
        peer.request("PLAY");
        peer.answer("200 OK", "", "");
        assert_eq!(peer.harness.tracks()[0].len(), 1);
        peer.send(1, 0, true, &IDR);
        assert_eq!(packets(&mut peer).len(), 1);
        let logs = peer.harness.logs();
        assert_eq!(logs.len(), 1, "{logs:?}");
    }
}

#[test]
fn an_unknown_codec_costs_the_sound_only() {
    let peer = &mut with_sound("m=audio 0 RTP/AVP 98\r\na=rtpmap:98 X-ODD/8000\r\n");
    peer.request("PLAY");
    assert_eq!(peer.harness.logs().len(), 1);
}

#[test]
fn a_way_back_to_the_camera_is_no_sound() {
    let peer = &mut with_sound("m=audio 0 RTP/AVP 0\r\na=sendonly\r\na=control:back\r\n");
    peer.request("PLAY");
    assert!(peer.harness.logs().is_empty());
}

#[test]
fn everything_on_one_channel() {
    let mut peer = with_sound(SOUND);
    peer.request("SETUP");
    peer.answer("200 OK", &format!("{AGREED}0-1\r\n"), "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    peer.send(1, 0, true, &IDR);
    peer.say(&framed(0, &alaw(1, 160, b"sound")));
    let tracks: Vec<u32> = packets(&mut peer).iter().map(|packet| packet.0).collect();
    assert_eq!(tracks, [0, 1]);
}

#[test]
fn is_no_sign_of_life() {
    let mut peer = with_sound(SOUND);
    peer.request("SETUP");
    peer.answer("200 OK", &format!("{AGREED}2-3\r\n"), "");
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    for second in 0..12u16 {
        peer.say(&framed(
            2,
            &alaw(second, u32::from(second) * 8_000, b"sound"),
        ));
        peer.harness.advance(core::time::Duration::from_secs(1));
    }
    peer.request("TEARDOWN");
}

#[test]
fn each_stream_is_played_where_all_together_are_refused() {
    let mut peer = with_sound(SOUND);
    peer.request("SETUP");
    peer.answer("200 OK", &format!("{AGREED}2-3\r\n"), "");
    peer.request("PLAY");
    peer.answer("459 Aggregate Operation Not Allowed", "", "");
    assert!(peer.request("PLAY").contains("/track1 "));
    peer.answer("200 OK", "", "");
    assert!(peer.request("PLAY").contains("/track2 "));
    peer.answer("459 Aggregate Operation Not Allowed", "", "");
    peer.send(1, 0, true, &IDR);
    assert_eq!(packets(&mut peer).len(), 1);
}

#[test]
fn silence_after_the_second_setup_costs_the_sound_only() {
    let mut peer = with_sound(SOUND);
    peer.request("SETUP");
    peer.harness.advance(core::time::Duration::from_secs(11));
    peer.request("PLAY");
    peer.answer("200 OK", "", "");
    assert_eq!(peer.harness.tracks()[0].len(), 1);
}

#[test]
fn stop_while_sound_is_set_up_gives_the_session_back() {
    let mut peer = with_sound(SOUND);
    peer.request("SETUP");
    peer.harness.stop();
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    assert_eq!(peer.harness.outcome(), Some(&Ok(())));
}

#[test]
fn a_session_that_cannot_be_played_is_given_back() {
    let mut peer = Peer::connected("rtsp://cam/stream");
    peer.describe(SDP);
    peer.request("SETUP");
    peer.answer("200 OK", &format!("{AGREED}x\r\n"), "");
    peer.request("TEARDOWN");
    peer.answer("200 OK", "", "");
    assert!(peer.harness.failure().is_some());
}
