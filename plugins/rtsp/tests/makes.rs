//! Session descriptions as further makes write them, composed after their manuals and
//! after what users report: what is asked for, and which tracks come of it.

mod common;

use common::Peer;
use padelvar_sdk::FailureClass;
use padelvar_sdk::testing::camera;

const SPROP: &str = "sprop-parameter-sets=Z00AHpWoLQI=,aO48gA==";
const VPS: &str = "QAEMAf//";
const HEVC_SPS: &str = "QgEBAWABAQEBAQEBAQFaoAU=";
const HEVC_PPS: &str = "RAHBcg==";

/// What a camera makes of its description.
struct Played {
    /// URIs of SETUP.
    setups: Vec<String>,
    /// URI of PLAY.
    play: String,
    /// Codec, clock rate and channels of each track; empty until they are known.
    tracks: Vec<(String, u32, u8)>,
    /// Of each track.
    configs: Vec<Vec<u8>>,
    logs: usize,
}

fn uri(request: &str) -> String {
    request.split(' ').nth(1).expect("a URI").to_owned()
}

fn described(headers: &str, sdp: &str) -> Peer {
    let mut wanted = camera("rtsp://cam/live?ch=1");
    wanted.audio = true;
    let mut peer = Peer::of(wanted);
    peer.request("OPTIONS");
    peer.answer("200 OK", "", "");
    peer.request("DESCRIBE");
    peer.answer("200 OK", headers, sdp);
    peer
}

/// With `count` streams to set up.
fn played(count: usize, headers: &str, sdp: &str) -> Played {
    let mut peer = described(headers, sdp);
    let setups = (0..count)
        .map(|_| {
            let request = peer.request("SETUP");
            peer.answer("200 OK", "Session: 1\r\n", "");
            uri(&request)
        })
        .collect();
    let play = uri(&peer.request("PLAY"));
    peer.answer("200 OK", "", "");
    let tracks = peer.harness.tracks().pop().unwrap_or_default();
    Played {
        setups,
        play,
        configs: tracks.iter().map(|track| track.config.clone()).collect(),
        tracks: tracks
            .into_iter()
            .map(|track| (track.codec, track.clock_rate, track.channels))
            .collect(),
        logs: peer.harness.logs().len(),
    }
}

fn refusal(sdp: &str) -> String {
    let peer = described("", sdp);
    let (class, message) = peer.harness.failure().expect("a refusal");
    assert_eq!(class, FailureClass::Unsupported, "{message}");
    message.to_owned()
}

fn track(codec: &str, clock_rate: u32, channels: u8) -> (String, u32, u8) {
    (codec.to_owned(), clock_rate, channels)
}

/// Axis: metadata first, absolute URLs with a query, AAC.
#[test]
fn metadata_first_and_absolute_urls() {
    let base = "rtsp://192.168.0.90/axis-media/media.amp";
    let played = played(
        2,
        "Content-Base: rtsp://192.168.0.90/axis-media/media.amp/\r\n",
        &format!(
            "v=0\r\no=- 1 1 IN IP4 192.168.0.90\r\ns=Session streamed with GStreamer\r\n\
             i=rtsp-server\r\nt=0 0\r\na=tool:GStreamer\r\na=type:broadcast\r\na=range:npt=now-\r\n\
             a=control:{base}?videocodec=h264\r\n\
             m=application 0 RTP/AVP 98\r\nc=IN IP4 0.0.0.0\r\n\
             a=rtpmap:98 vnd.onvif.metadata/90000\r\na=control:{base}/stream=2?videocodec=h264\r\n\
             m=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:50000\r\na=rtpmap:96 H264/90000\r\n\
             a=fmtp:96 packetization-mode=1;profile-level-id=4d0029;{SPROP}\r\na=ts-refclk:local\r\n\
             a=mediaclk:sender\r\na=recvonly\r\na=control:{base}/stream=0?videocodec=h264\r\n\
             a=framerate:25.000000\r\na=transform:1,0,0;0,1,0;0,0,1\r\n\
             m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/1\r\n\
             a=fmtp:97 streamtype=5;profile-level-id=2;mode=AAC-hbr;config=1408;sizelength=13;\
             indexlength=3;indexdeltalength=3;bitrate=32000\r\n\
             a=control:{base}/stream=1?videocodec=h264\r\n"
        ),
    );
    assert_eq!(played.setups[0], format!("{base}/stream=0?videocodec=h264"));
    assert_eq!(played.setups[1], format!("{base}/stream=1?videocodec=h264"));
    assert_eq!(played.play, format!("{base}?videocodec=h264"));
    assert_eq!(
        played.tracks,
        [track("h264", 90_000, 0), track("aac", 16_000, 1)]
    );
    assert_eq!(
        (played.configs[1].as_slice(), played.logs),
        (&[0x14, 0x08][..], 0)
    );
}

/// Bosch, Mobotix: JPEG of the static type without a map, G.711 likewise.
#[test]
fn static_types_without_maps() {
    let played = played(
        2,
        "",
        "v=0\r\ns=MxPEG\r\na=control:*\r\nm=video 0 RTP/AVP 26\r\na=control:trackID=1\r\n\
         a=framesize:26 3072-2048\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=2\r\n",
    );
    assert_eq!(played.setups[0], "rtsp://cam/live?ch=1/trackID=1");
    assert_eq!(
        played.tracks,
        [track("mjpeg", 90_000, 0), track("pcmu", 8_000, 1)]
    );
    assert_eq!(played.configs, [[0u8; 0], []]);
}

/// Uniview, Hanwha: H.265 with AAC, parameters with spaces and a `;` at the end.
#[test]
fn h265_and_aac_with_loose_parameters() {
    for fmtp in [
        format!("sprop-vps={VPS};sprop-sps={HEVC_SPS};sprop-pps={HEVC_PPS}"),
        format!(
            "profile-id=1 ; SPROP-VPS = {VPS} ; SPROP-SPS = {HEVC_SPS} ; SPROP-PPS = {HEVC_PPS} ; "
        ),
        format!(
            "sprop-sps={};sprop-pps={};sprop-vps={};;",
            HEVC_SPS.trim_end_matches('='),
            HEVC_PPS.trim_end_matches('='),
            VPS
        ),
    ] {
        let played = played(
            2,
            "",
            &format!(
                "v=0\r\nm=video 0 RTP/AVP 105\r\na=rtpmap:105 H265/90000\r\na=control:media/video1\r\n\
                 a=fmtp:105 {fmtp}\r\nm=audio 0 RTP/AVP 104\r\na=control:media/audio1\r\n\
                 a=rtpmap:104 mpeg4-generic/8000/1\r\na=fmtp:104 profile-level-id=15; \
                 streamtype=5; mode=AAC-hbr; config=1588; SizeLength=13; IndexLength=3; \
                 IndexDeltaLength=3; Profile=1;\r\n"
            ),
        );
        assert_eq!(
            played.tracks,
            [track("h265", 90_000, 0), track("aac", 8_000, 1)],
            "{fmtp}"
        );
        assert_eq!(played.configs[0].len(), 4 + 6 + 4 + 17 + 4 + 4, "{fmtp}");
        assert_eq!(played.configs[1], [0x15, 0x88]);
        assert_eq!(played.play, "rtsp://cam/live?ch=1");
    }
}

/// Wyze, Longse, Xiongmai: no maps, odd maps, empty parameters.
#[test]
fn maps_that_are_missing_or_odd() {
    for (video, codec) in [
        ("m=video 0 RTP/AVP 96\r\n".to_owned(), None),
        (
            format!("m=video 0 RTP/AVP 96\r\na=fmtp:96 {SPROP}\r\n"),
            Some("h264"),
        ),
        (
            format!(
                "m=video 0 RTP/AVP 96\r\na=fmtp:96 sprop-vps={VPS};sprop-sps={HEVC_SPS};\
                 sprop-pps={HEVC_PPS}\r\n"
            ),
            Some("h265"),
        ),
        (
            format!("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000/1\r\na=fmtp:96 {SPROP}\r\n"),
            Some("h264"),
        ),
        (
            format!("m=video 0 RTP/AVP 96\r\na=rtpmap: 96 H264/90000\r\na=fmtp: 96 {SPROP}\r\n"),
            Some("h264"),
        ),
        (
            format!("m=video\t0 RTP/AVP\t96\r\na=rtpmap:96\tH264/90000\r\na=fmtp:96\t{SPROP}\r\n"),
            Some("h264"),
        ),
        (
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 sprop-parameter-sets=;\
             packetization-mode=1\r\n"
                .to_owned(),
            None,
        ),
        (
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=fmtp:96 sprop-vps=;sprop-sps=;\
             sprop-pps=\r\n"
                .to_owned(),
            None,
        ),
        (
            format!("M=video 0 RTP/AVP 96\r\nA=rtpmap:96 h264/90000\r\nA=FMTP:96 {SPROP}\r\n"),
            Some("h264"),
        ),
    ] {
        let played = played(1, "", &format!("v=0\r\ns=x\r\n{video}"));
        let told: Vec<&str> = played.tracks.iter().map(|track| track.0.as_str()).collect();
        assert_eq!(told, Vec::from_iter(codec), "{video}");
        assert_eq!(played.setups, ["rtsp://cam/live?ch=1"]);
    }
}

/// Arlo-like, Sonoff: line ends of CR only; tabs and spaces at the ends of lines.
#[test]
fn line_ends() {
    let sdp = format!(
        "v=0\no=- 0 0 IN IP4 0.0.0.0 \ns=streamed by the RTSP server\t\na=control:*\n\
         m=video 0 RTP/AVP 96 \na=rtpmap:96 H264/90000\t\na=fmtp:96 packetization-mode=1; {SPROP} \n\
         a=control:track0 \nm=audio 0 RTP/AVP 8 \t\na=control:track1\t\n"
    );
    for end in ["\r\n", "\n", "\r"] {
        let played = played(2, "", &sdp.replace('\n', end));
        assert_eq!(
            played.setups,
            ["rtsp://cam/live?ch=1/track0", "rtsp://cam/live?ch=1/track1"]
        );
        assert_eq!(
            played.tracks,
            [track("h264", 90_000, 0), track("pcma", 8_000, 1)]
        );
        assert_eq!(played.configs[0].len(), 4 + 8 + 4 + 4);
    }
}

/// Amcrest, Vivotek: main and sub stream in one description; the first is the main one.
#[test]
fn several_sections_of_video() {
    let section = |control: &str, map: &str| {
        format!("m=video 0 RTP/AVP 96\r\na=rtpmap:96 {map}/90000\r\na=control:{control}\r\n")
    };
    let main = section("main", "H264");
    let sub = section("sub", "H264");
    assert_eq!(
        played(1, "", &format!("{main}{sub}")).setups,
        ["rtsp://cam/live?ch=1/main"]
    );
    // One that nobody knows is stepped over.
    let odd = section("odd", "MP4V-ES");
    assert_eq!(
        played(1, "", &format!("{odd}{sub}")).setups,
        ["rtsp://cam/live?ch=1/sub"]
    );
}

/// Tapo, Unifi: two kinds of sound, and a way back to the camera.
#[test]
fn several_sections_of_sound() {
    let video = format!(
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 {SPROP}\r\na=control:v\r\n"
    );
    let back = "m=audio 0 RTP/AVP 0\r\na=control:back\r\na=rtpmap:0 PCMU/8000\r\na=sendonly\r\n";
    for (sound, expected) in [
        (
            "m=audio 0 RTP/AVP 8\r\na=control:s\r\na=rtpmap:8 PCMA/16000\r\n",
            track("pcma", 16_000, 1),
        ),
        (
            "m=audio 0 RTP/AVP 0 8\r\na=control:s\r\n",
            track("pcmu", 8_000, 1),
        ),
        (
            "m=audio 0 RTP/AVP 97\r\na=control:s\r\na=rtpmap:97 OPUS/48000/2\r\n",
            track("opus", 48_000, 2),
        ),
        (
            "m=audio 0 RTP/AVP 97\r\na=control:s\r\na=rtpmap:97 L16/16000\r\n",
            track("pcm", 16_000, 1),
        ),
        (
            "m=audio 0 RTP/AVP 10\r\na=control:s\r\n",
            track("pcm", 44_100, 2),
        ),
        (
            "m=audio 0 RTP/AVP 2\r\na=control:s\r\n",
            track("pcm", 8_000, 1),
        ),
        (
            "m=audio 0 RTP/AVP 97\r\na=control:s\r\na=rtpmap:97 G726-16/8000/1\r\n",
            track("pcm", 8_000, 1),
        ),
        (
            "m=audio 0 RTP/AVP 97\r\na=control:s\r\na=rtpmap:97 mpeg4-generic/44100/2\r\n",
            track("aac", 44_100, 2),
        ),
        (
            "m=audio 0 RTP/AVP 14\r\na=control:mp3\r\nm=audio 0 RTP/AVP 8\r\na=control:s\r\n",
            track("pcma", 8_000, 1),
        ),
    ] {
        let played = played(2, "", &format!("{video}{back}{sound}{back}"));
        assert_eq!(played.setups[1], "rtsp://cam/live?ch=1/s");
        assert_eq!(played.tracks[1], expected, "{sound}");
        assert_eq!(played.logs, 0);
    }
    // What nobody knows costs the sound only, and is told.
    for unknown in [
        "m=audio 0 RTP/AVP 14\r\n",
        "m=audio 0 RTP/AVP 9\r\n",
        "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MP4A-LATM/16000\r\n",
        "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/16000\r\na=fmtp:97 mode=CELP-cbr\r\n",
        "m=audio 0 RTP/AVP 97\r\n",
    ] {
        let played = played(1, "", &format!("{video}{unknown}"));
        assert_eq!((played.tracks.len(), played.logs), (1, 1), "{unknown}");
    }
}

#[test]
fn refusals_name_the_codec() {
    assert!(refusal("m=video 0 RTP/AVP 33\r\na=control:track1\r\n").contains("MP2T"));
    assert!(refusal("m=video 0 RTP/AVP 33\r\na=rtpmap:33 MP2T/90000\r\n").contains("MP2T"));
    assert!(refusal("m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\n").contains("MP4V-ES"));
    assert!(refusal("m=audio 0 RTP/AVP 0\r\n").contains("no video"));
    assert!(refusal("m=video 0 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\n").contains("encrypted"));
    assert!(
        refusal("m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n")
            .contains("no video")
    );
}
