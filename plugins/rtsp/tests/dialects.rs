//! What real cameras said, up to PLAY and the first picture.

mod common;

use std::path::{Path, PathBuf};

use common::{IDR, Peer};
use padelvar_sdk::testing::camera;

struct Dialect {
    describe: &'static str,
    setup: Option<&'static str>,
    play: Option<&'static str>,
    /// URIs that SETUP and PLAY must name.
    uris: (&'static str, &'static str),
    payload_type: u8,
}

/// The recordings lie beside the repository and are not part of it. Where they are missing,
/// these tests have nothing to judge and say so.
fn folder() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Beside the repository, or beside the folder of its working trees.
    ["../../../shared", "../../../../shared"]
        .map(|shared| here.join(shared).join("camera-dialects"))
        .into_iter()
        .find(|folder| folder.is_dir())
        .unwrap_or_else(|| here.join("../../../shared/camera-dialects"))
}

fn recordings_are_here() -> bool {
    let here = folder().is_dir();
    if !here {
        eprintln!("skipped: there are no recordings in {}", folder().display());
    }
    here
}

/// One message, with the line ends that it had on the wire.
fn said(name: &str) -> &'static str {
    let path = folder().join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.replace("\r\n", "\n").replace('\n', "\r\n").leak()
}

fn dialects() -> Vec<(&'static str, Dialect)> {
    vec![
        (
            "bunny",
            Dialect {
                describe: said("bunny_describe"),
                setup: Some(said("bunny_setup")),
                play: Some(said("bunny_play")),
                uris: (
                    "rtsp://wowzaec2demo.streamlock.net/vod/mp4:BigBuckBunny_115k.mov/trackID=2",
                    "rtsp://wowzaec2demo.streamlock.net/vod/mp4:BigBuckBunny_115k.mov/",
                ),
                payload_type: 97,
            },
        ),
        (
            "dahua",
            Dialect {
                describe: said("dahua_describe_h264_aac_onvif"),
                setup: Some(said("dahua_setup")),
                play: Some(said("dahua_play")),
                uris: (
                    "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/trackID=0",
                    "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/",
                ),
                payload_type: 96,
            },
        ),
        (
            "foscam",
            Dialect {
                describe: said("foscam_describe"),
                setup: None,
                play: None,
                uris: (
                    "rtsp://192.168.5.107:65534/videoMain/track1",
                    "rtsp://192.168.5.107:65534/videoMain/",
                ),
                payload_type: 96,
            },
        ),
        (
            "gw",
            Dialect {
                describe: said("gw_main_describe"),
                setup: Some(said("gw_main_setup_video")),
                play: Some(said("gw_main_play")),
                uris: (
                    "rtsp://192.168.1.110:5050/H264?channel=1&subtype=0&unicast=true&proto=Onvif/video",
                    "rtsp://192.168.1.110:5050/H264?channel=1&subtype=0&unicast=true&proto=Onvif",
                ),
                payload_type: 96,
            },
        ),
        (
            "hikvision",
            Dialect {
                describe: said("hikvision_describe"),
                setup: Some(said("hikvision_setup")),
                play: Some(said("hikvision_play")),
                uris: (
                    "rtsp://192.168.5.106:554/Streaming/Channels/101/trackID=1?transportmode=unicast&profile=Profile_1",
                    "rtsp://192.168.5.106:554/Streaming/Channels/101/?transportmode=unicast&profile=Profile_1",
                ),
                payload_type: 96,
            },
        ),
        (
            "hikvision, space in ssrc",
            Dialect {
                describe: said("hikvision_describe"),
                setup: Some(said("hikvision_setup_ssrc_space")),
                play: Some(said("hikvision_play")),
                uris: (
                    "rtsp://192.168.5.106:554/Streaming/Channels/101/trackID=1?transportmode=unicast&profile=Profile_1",
                    "rtsp://192.168.5.106:554/Streaming/Channels/101/?transportmode=unicast&profile=Profile_1",
                ),
                payload_type: 96,
            },
        ),
        (
            "reolink",
            Dialect {
                describe: said("reolink_describe"),
                setup: Some(said("reolink_setup")),
                play: Some(said("reolink_play")),
                uris: (
                    "rtsp://192.168.5.206/h264Preview_01_main/trackID=1",
                    "rtsp://192.168.5.206/h264Preview_01_main/",
                ),
                payload_type: 96,
            },
        ),
        (
            "vstarcam",
            Dialect {
                describe: said("vstarcam_describe"),
                setup: None,
                play: None,
                uris: ("rtsp://cam/live/track0", "rtsp://cam/live"),
                payload_type: 96,
            },
        ),
    ]
}

/// Plays a dialect up to the first picture.
fn conversation(name: &str, dialect: &Dialect) {
    let mut peer = Peer::connected("rtsp://cam/live");
    peer.request("OPTIONS");
    peer.replay(said("dahua_options"));
    let describe = peer.request("DESCRIBE");
    assert!(
        describe.starts_with("DESCRIBE rtsp://cam/live RTSP/1.0\r\n"),
        "{name}"
    );
    peer.replay(dialect.describe);
    let setup = peer.request("SETUP");
    assert!(
        setup.starts_with(&format!("SETUP {} RTSP/1.0\r\n", dialect.uris.0)),
        "{name}: {setup}"
    );
    match dialect.setup {
        Some(answer) => peer.replay(answer),
        None => peer.answer(
            "200 OK",
            "Transport: RTP/AVP/TCP;interleaved=0-1\r\nSession: 5\r\n",
            "",
        ),
    }
    let play = peer.request("PLAY");
    assert!(
        play.starts_with(&format!("PLAY {} RTSP/1.0\r\n", dialect.uris.1)),
        "{name}: {play}"
    );
    match dialect.play {
        Some(answer) => peer.replay(answer),
        None => peer.answer("200 OK", "", ""),
    }
    let tracks = peer.harness.tracks();
    assert_eq!(
        (tracks[0][0].codec.as_str(), tracks[0][0].clock_rate),
        ("h264", 90_000),
        "{name}"
    );
    // SPS and PPS, each whole and without zeros or start codes behind it.
    let config = &tracks[0][0].config;
    let sps_len = usize::from(config[3]);
    assert_eq!(
        (config[4] & 0x1f, config[4 + sps_len + 4] & 0x1f),
        (7, 8),
        "{name}"
    );
    assert_ne!(
        (config[3 + sps_len], config[config.len() - 1]),
        (0, 0),
        "{name}"
    );
    let mut packet = common::rtp(1, 0, true, &IDR);
    packet[1] = 0x80 | dialect.payload_type;
    peer.say(&common::framed(0, &packet));
    let packets = peer.harness.packets();
    assert!(
        packets[0].keyframe && packets[0].data.starts_with(config),
        "{name}"
    );
    peer.harness.stop();
    peer.request("TEARDOWN");
    peer.replay(said("reolink_teardown"));
    assert_eq!(peer.harness.outcome(), Some(&Ok(())), "{name}");
}

#[test]
fn all_h264_cameras_play() {
    if !recordings_are_here() {
        return;
    }
    for (name, dialect) in dialects() {
        conversation(name, &dialect);
    }
}

#[test]
fn bare_descriptions_of_h264_play() {
    if !recordings_are_here() {
        return;
    }
    let mut peer = Peer::connected("rtsp://cam/s0");
    peer.describe(said("ubiquiti_sdp"));
    let setup = peer.request("SETUP");
    assert!(
        setup.starts_with("SETUP rtsp://cam/s0/trackID=2 RTSP/1.0\r\n"),
        "{setup}"
    );
}

#[test]
fn h265_cameras_play() {
    if !recordings_are_here() {
        return;
    }
    for (name, first, id) in [
        ("dahua_describe_h265_pcma", "trackID=0", 98),
        ("tplink_sdp", "track1", 96),
    ] {
        let said = said(name);
        let sdp = said.split("\r\n\r\n").nth(1).unwrap_or(said);
        let mut peer = Peer::connected("rtsp://cam/s0");
        peer.describe(sdp);
        let setup = peer.request("SETUP");
        assert!(
            setup.starts_with(&format!("SETUP rtsp://cam/s0/{first} RTSP/1.0\r\n")),
            "{setup}"
        );
        peer.answer("200 OK", "Session: 5\r\n", "");
        peer.request("PLAY");
        peer.answer("200 OK", "", "");
        let tracks = peer.harness.tracks();
        assert_eq!(
            (tracks[0][0].codec.as_str(), tracks[0][0].clock_rate),
            ("h265", 90_000),
            "{name}"
        );
        let config = &tracks[0][0].config;
        assert_eq!(config[..5], [0, 0, 0, config[3], 32 << 1], "{name}");
        let mut packet = common::rtp(1, 0, true, &[19 << 1, 1, 0xaf, 0x08]);
        packet[1] = 0x80 | id;
        peer.say(&common::framed(0, &packet));
        let packets = peer.harness.packets();
        assert!(
            packets[0].keyframe && packets[0].data.starts_with(config),
            "{name}"
        );
    }
}

/// Codec, ticks a second, channels, configuration; of the sound.
type Sound = (&'static str, u32, u8, &'static [u8]);

#[test]
fn all_cameras_play_with_their_sound() {
    if !recordings_are_here() {
        return;
    }
    let expected: [(&str, &str, Option<Sound>); 10] = [
        (
            "bunny_describe",
            "h264",
            Some(("aac", 12_000, 2, &[0x14, 0x90])),
        ),
        (
            "dahua_describe_h264_aac_onvif",
            "h264",
            Some(("aac", 48_000, 1, &[0x11, 0x88])),
        ),
        (
            "dahua_describe_h265_pcma",
            "h265",
            Some(("pcma", 8_000, 1, &[])),
        ),
        ("foscam_describe", "h264", Some(("pcmu", 8_000, 1, &[]))),
        // Type 8 would be A-law; `a=rtpmap` says otherwise.
        ("gw_main_describe", "h264", Some(("pcmu", 8_000, 1, &[]))),
        ("hikvision_describe", "h264", None),
        (
            "reolink_describe",
            "h264",
            Some(("aac", 16_000, 1, &[0x14, 0x08])),
        ),
        ("tplink_sdp", "h265", Some(("pcma", 8_000, 1, &[]))),
        (
            "ubiquiti_sdp",
            "h264",
            Some(("aac", 48_000, 1, &[0x11, 0x88])),
        ),
        ("vstarcam_describe", "h264", Some(("pcma", 8_000, 1, &[]))),
    ];
    for (name, video, sound) in expected {
        let mut wanted = camera("rtsp://cam/live");
        wanted.audio = true;
        let mut peer = Peer::of(wanted);
        peer.request("OPTIONS");
        peer.answer("200 OK", "", "");
        peer.request("DESCRIBE");
        let message = said(name);
        if message.starts_with("RTSP/") {
            peer.replay(message);
        } else {
            peer.answer("200 OK", "", message);
        }
        peer.request("SETUP");
        peer.answer("200 OK", "Session: 5\r\n", "");
        if sound.is_some() {
            let setup = peer.request("SETUP");
            assert!(setup.contains("interleaved=2-3"), "{name}: {setup}");
            if name.starts_with("gw") {
                peer.replay(said("gw_main_setup_audio"));
            } else {
                peer.answer("200 OK", "Session: 5\r\n", "");
            }
        }
        peer.request("PLAY");
        peer.answer("200 OK", "", "");
        let tracks = peer.harness.tracks().remove(0);
        assert_eq!(tracks[0].codec, video, "{name}");
        assert!(!tracks[0].config.is_empty(), "{name}");
        let told = tracks.get(1).map(|track| {
            (
                track.codec.as_str(),
                track.clock_rate,
                track.channels,
                track.config.as_slice(),
            )
        });
        assert_eq!(told, sound, "{name}");
        assert!(peer.harness.logs().is_empty(), "{name}");
    }
}

/// A recording that these tests do not know proves nothing.
#[test]
fn no_recording_is_forgotten() {
    if !recordings_are_here() {
        return;
    }
    let this = include_str!("dialects.rs");
    for entry in std::fs::read_dir(folder()).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_str().expect("a plain name");
        if let Some(name) = name
            .strip_suffix(".txt")
            .filter(|name| !name.contains("LICENSE"))
        {
            assert!(this.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
