//! MPEG-TS and FLV as FFmpeg writes them, as one long answer.

mod common;

use core::time::Duration;

use common::{H264, check, file, started, with_audio};
use padelvar_sdk::testing::Harness;
use padelvar_sdk::{FailureClass, Packet};

const H265: &[&str] = &[
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-x265-params",
    "log-level=none:keyint=25",
    "-pix_fmt",
    "yuv420p",
    "-c:a",
    "aac",
];

/// All that comes out of a stream that arrives in pieces.
fn played(bytes: &[u8], size: usize, audio: bool) -> Harness {
    let (mut harness, id) = started(with_audio("http://cam/live", audio));
    harness.response(id, 200, &[("content-type", "application/octet-stream")]);
    for piece in bytes.chunks(size) {
        harness.body(id, piece, false);
    }
    harness
}

fn of_track(packets: &[Packet], track: u32) -> Vec<&Packet> {
    packets
        .iter()
        .filter(|packet| packet.track == track)
        .collect()
}

/// Steps between presentation times in their order, ticks. Without the last ones: a picture
/// that is shown earlier may still wait for its end.
fn steps(packets: &[&Packet]) -> Vec<u64> {
    let mut times: Vec<u64> = packets
        .iter()
        .filter_map(|packet| packet.timestamp)
        .collect();
    times.sort_unstable();
    times.truncate(times.len() - 2);
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn expect(bytes: &[u8], codec: &str, picture_count: usize) {
    for size in [188, 1000, 60_000] {
        let mut harness = played(bytes, size, true);
        let tracks = harness.tracks();
        let last = tracks.last().expect("tracks");
        assert_eq!(
            (last[0].codec.as_str(), last[0].clock_rate),
            (codec, 90_000)
        );
        assert_eq!(
            (last[1].codec.as_str(), last[1].clock_rate),
            ("aac", 44_100)
        );
        assert_eq!(
            (last[1].channels, last[1].config[..2].to_vec()),
            (1, vec![0x12, 0x08])
        );
        let packets = harness.packets();
        let video = of_track(&packets, 0);
        // The last picture may wait for its end.
        assert!(
            (picture_count - 1..=picture_count).contains(&video.len()),
            "{}",
            video.len()
        );
        assert!(video[0].keyframe && video[25].keyframe && !video[1].keyframe);
        assert!(video.iter().all(|packet| packet.lost_before == 0));
        assert!(
            steps(&video)
                .iter()
                .all(|step| (3510..=3690).contains(step)),
            "{:?}",
            steps(&video)
        );
        let audio = of_track(&packets, 1);
        let frames = picture_count * 44_100 / 25 / 1024;
        assert!(
            audio.len() + 8 >= frames && audio.len() <= frames + 2,
            "{}",
            audio.len()
        );
        assert!(
            steps(&audio).iter().all(|step| (980..=1070).contains(step)),
            "{:?}",
            steps(&audio)
        );
        check(&played(bytes, size, true).take());
        assert_eq!(harness.outcome(), None);
    }
}

#[test]
fn transport_streams() {
    expect(&file("ts", 3, H264, "mpegts"), "h264", 75);
    expect(&file("ts5", 3, H265, "mpegts"), "h265", 75);
}

#[test]
fn flash_video() {
    expect(&file("flv", 3, H264, "flv"), "h264", 75);
}

#[test]
fn sound_only_where_it_is_wanted() {
    for format in ["mpegts", "flv"] {
        let bytes = file(&format!("mute-{format}"), 1, H264, format);
        let mut harness = played(&bytes, 5000, false);
        assert!(harness.tracks().iter().all(|tracks| tracks.len() == 1));
        assert!(harness.packets().iter().all(|packet| packet.track == 0));
    }
}

#[test]
fn telephone_sound_in_flv() {
    let codec = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-c:a",
        "pcm_alaw",
        "-ar",
        "8000",
    ];
    let mut harness = played(&file("g711", 1, &codec, "flv"), 5000, true);
    let tracks = harness.tracks().pop().unwrap();
    assert_eq!(
        (tracks[1].codec.as_str(), tracks[1].clock_rate),
        ("pcma", 8000)
    );
    let packets = harness.packets();
    let bytes: usize = of_track(&packets, 1)
        .iter()
        .map(|packet| packet.data.len())
        .sum();
    assert!((7000..=8192).contains(&bytes), "{bytes}");
}

#[test]
fn times_go_on_where_the_counter_of_33_bits_ends() {
    // 2^33 / 90,000 s = 95,443.7 s.
    let codec = [H264, &["-output_ts_offset", "95442"]].concat();
    let mut harness = played(&file("wrap", 3, &codec, "mpegts"), 5000, false);
    let packets = harness.packets();
    let steps = steps(&of_track(&packets, 0));
    assert!(
        steps.len() > 70 && steps.iter().all(|step| *step == 3600),
        "{steps:?}"
    );
}

#[test]
fn lost_packets_cost_their_picture_and_are_told() {
    let bytes = file("lossy", 3, H264, "mpegts");
    // Away with 3 packets in the middle, and with half a packet further on.
    let mut lossy = bytes.clone();
    let middle = bytes.len() / 188 / 2 * 188;
    lossy.drain(middle..middle + 3 * 188);
    lossy.drain(middle + 9 * 188 + 50..middle + 9 * 188 + 144);
    let mut harness = played(&lossy, 4000, false);
    let packets = harness.packets();
    assert!((60..74).contains(&packets.len()), "{}", packets.len());
    assert!(packets.iter().any(|packet| packet.lost_before > 0));
    assert!(!harness.logs().is_empty());
    check(&played(&lossy, 4000, false).take());
}

#[test]
fn other_kinds_are_left_to_others() {
    let jpeg = [0xff, 0xd8, 0xff, 0xe0];
    for (kind, body) in [
        ("image/jpeg", &jpeg[..]),
        ("multipart/x-mixed-replace; boundary=b", b"--b\r\n"),
        ("text/html", b"<html>"),
        ("application/octet-stream", &jpeg),
        ("", b"\r\n--b\r\n"),
        ("video/mp4", b"\0\0\0\x18ftypisom...."),
        ("video/mp2t", &[0x48; 8000]),
        ("video/mp2t", b"end"),
    ] {
        let (mut harness, id) = started(with_audio("http://cam/live.ts", false));
        harness.response(id, 200, &[("content-type", kind)]);
        harness.body(id, body, body == b"end");
        let failure = harness.failure().map(|(class, _)| class);
        assert_eq!(failure, Some(FailureClass::Unsupported), "{kind}");
    }
    // Not even asked.
    let mut harness = Harness::new(with_audio("http://cam/snap.jpg?x", false), http_video::run);
    harness.start();
    assert!(harness.requests().is_empty());
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unsupported);
    let mpeg2 = file("mpeg2", 1, &["-c:v", "mpeg2video"], "mpegts");
    let harness = played(&mpeg2, 5000, false);
    let (class, text) = harness.failure().unwrap();
    assert_eq!(class, FailureClass::Unsupported);
    assert!(text.contains("[2"), "{text}");
}

#[test]
fn refusals_silence_and_ends() {
    for (status, class) in [
        (401, FailureClass::Auth),
        (403, FailureClass::Auth),
        (404, FailureClass::Unreachable),
        (503, FailureClass::Unreachable),
        (418, FailureClass::Protocol),
    ] {
        let (mut harness, id) = started(with_audio("http://cam/live.ts", false));
        harness.response(id, status, &[]);
        assert_eq!(harness.failure().unwrap().0, class, "{status}");
    }
    let bytes = file("ends", 1, H264, "mpegts");
    // Tables alone are no sign of life.
    let mut harness = played(&bytes, 5000, false);
    for _ in 0..11 {
        harness.advance(Duration::from_secs(1));
        harness.body(1, &bytes[..3 * 188], false);
    }
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unreachable);
    let mut harness = played(&bytes, 5000, false);
    harness.body(1, &[], true);
    assert_eq!(
        harness.failure(),
        Some((FailureClass::Protocol, "the camera ended the stream"))
    );
    // Nothing at all, then drops of bytes that say nothing.
    let (mut harness, id) = started(with_audio("http://cam/live.ts", false));
    harness.response(id, 200, &[]);
    for _ in 0..10 {
        harness.body(id, &[0], false);
        harness.advance(Duration::from_secs(1));
    }
    assert_eq!(harness.failure().unwrap().0, FailureClass::Unreachable);
}

#[test]
fn logs_in_as_the_camera_asks() {
    let (mut harness, id) = started(with_audio("http://cam/live.flv", false));
    harness.response(
        id,
        401,
        &[("www-authenticate", "Digest realm=\"x\", nonce=\"1\"")],
    );
    let request = harness.requests().remove(0);
    assert!(
        request
            .headers
            .iter()
            .any(|header| header.name == "Authorization")
    );
    harness.response(request.id, 200, &[("content-type", "video/x-flv")]);
    harness.body(request.id, &file("login", 1, H264, "flv"), false);
    assert!(harness.packets().len() > 20);
    harness.stop();
    assert_eq!(harness.outcome(), Some(&Ok(())));
}
