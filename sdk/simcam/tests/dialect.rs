//! A camera that answers in the words of a real one, with FFmpeg as the client.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::path::{Path, PathBuf};

use common::{Client, Folder, ffmpeg, frames_follow, small};
use simcam::{Codec, Dialect, Handle, RtspCamera, RtspConfig, StartAt, Transports};

const DESCRIBE: &str = "RTSP/1.0 200 OK\nCSeq: 1\nServer: Court Eye/2.1\n\
    Content-Base: rtsp://192.168.9.9:8554/live/main?profile=1/\nContent-Length: 7\n\
    Content-Type: application/sdp\n\nv=0\no=- 5 5 IN IP4 192.168.9.9\ns=Court\nt=0 0\n\
    a=control:rtsp://192.168.9.9:8554/live/main?profile=1\n\
    m=audio 0 RTP/AVP 104\na=rtpmap:104 mpeg4-generic/16000/1\n\
    a=fmtp:104 profile-level-id=15;mode=AAC-hbr;config=1408;SizeLength=13;IndexLength=3;\
    IndexDeltaLength=3\na=control:snd\n\
    m=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\na=control:pic\n\
    m=application 0 RTP/AVP 107\na=rtpmap:107 vnd.onvif.metadata/90000\na=control:meta\n";
const SETUP: &str = "RTSP/1.0 200 OK\nCseq: 2\nSession:     0042;timeout=30\n\
    Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= c0ffee;mode=\"play\"\n";
const PLAY: &str = "RTSP/1.0 200 OK\nCSeq: 4\nSession: 0077\nRange: npt=0.000-\n\
    RTP-Info: url=rtsp://192.168.9.9:8554/live/main?profile=1/pic;seq=65530;rtptime=4294960000,\
    url=snd;seq=7;rtptime=99\n";

fn own() -> Dialect {
    Dialect {
        describe: Some(DESCRIBE.into()),
        setups: vec![SETUP.into()],
        play: Some(PLAY.into()),
        ..Dialect::default()
    }
}

async fn start(dialect: Dialect) -> Handle {
    RtspCamera::start(RtspConfig {
        clip: small(),
        transports: Transports::ALL,
        start_at: StartAt::NextKeyframe,
        dialect: Some(dialect),
        ..RtspConfig::default()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn its_words_numbers_and_payload_types() {
    let camera = start(own()).await;
    assert_eq!(camera.clip().params().codec, Codec::H265);
    let url = camera.url().to_owned();
    assert!(url.ends_with("/live/main?profile=1"), "{url}");
    let mut client = Client::connect(&camera).await;
    let described = client.ask("DESCRIBE", &url, "").await;
    assert_eq!(described.header("Server"), Some("Court Eye/2.1"));
    let sdp = String::from_utf8(described.body).unwrap();
    assert!(
        sdp.contains(&format!("a=control:{url}\r\nm=audio")),
        "{sdp}"
    );
    let tcp = |c: u8| format!("Transport: RTP/AVP/TCP;interleaved={c}-{}\r\n", c + 1);
    let setup = client.set_up("pic", &tcp(4)).await;
    let transport = "RTP/AVP/TCP;unicast;interleaved=4-5;ssrc= c0ffee;mode=\"play\"";
    assert_eq!(setup.header("Transport"), Some(transport));
    assert!(setup.head.contains("\r\nSession:     0042;timeout=30\r\n"));
    assert!(setup.head.contains("\r\nCseq: 2\r\n"), "{}", setup.head);
    let track = format!("{url}/snd");
    assert_eq!(client.ask("SETUP", &track, &tcp(6)).await.status, 200);
    assert_eq!(client.ask("SETUP", &track, &tcp(8)).await.status, 455);
    let played = client.ask("PLAY", &url, "").await;
    assert_eq!(played.header("Session"), Some("0077"));
    let (mut video, mut sound) = (None, None);
    while video.is_none() || sound.is_none() {
        let (channel, packet) = client.frame().await;
        let start = (
            packet[1] & 0x7F,
            u16::from_be_bytes([packet[2], packet[3]]),
            u32::from_be_bytes(packet[4..8].try_into().unwrap()),
            packet[8..12].to_vec(),
        );
        match channel {
            4 => _ = video.get_or_insert(start),
            6 => _ = sound.get_or_insert(start),
            _ => {}
        }
    }
    let ssrc = vec![0x00, 0xC0, 0xFF, 0xEE];
    assert_eq!(video, Some((98, 65530, 4_294_960_000, ssrc.clone())));
    assert_eq!(sound, Some((104, 7, 99, ssrc)));
    camera.stop().await;
}

async fn records(name: &str, dialect: Dialect, transport: &str) {
    let folder = Folder::new(&format!("dialect-{name}-{transport}"));
    let file = folder.file("copy.mkv");
    let camera = start(dialect).await;
    let out = file.to_str().unwrap();
    let input = [
        "-rtsp_transport",
        transport,
        "-i",
        camera.url(),
        "-t",
        "2.5",
    ];
    let maps = ["-map", "0:v:0", "-map", "0:a:0?", "-c", "copy", out];
    let done = ffmpeg(&[&input[..], &maps].concat()).await;
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{name}: {complaint}");
    frames_follow(&camera, &file, 40).await;
    let read = ["-i", out, "-map", "0", "-f", "null", "-"];
    let decoded = ffmpeg(&read).await;
    let complaint = String::from_utf8_lossy(&decoded.stderr);
    assert!(decoded.status.success(), "{name}: {complaint}");
    camera.stop().await;
}

#[tokio::test]
async fn ffmpeg_records_over_both_transports() {
    tokio::join!(records("own", own(), "tcp"), records("own", own(), "udp"));
    // Only a description: the answers are those of every simulated camera.
    let sdp = DESCRIBE.split("\n\n").nth(1).unwrap().to_owned();
    let bare = Dialect {
        sdp: Some(sdp),
        ..Dialect::default()
    };
    records("bare", bare, "tcp").await;
}

#[test]
fn files_of_a_make() {
    let folder = Folder::new("dialect-files");
    let path = folder.file("");
    assert!(Dialect::read(&path, "eye").is_err());
    for (name, text) in [
        ("eye_describe_b.txt", "b"),
        ("eye_describe_a.txt", "a"),
        ("eye_setup_video.txt", "1"),
        ("eye_setup_audio.txt", "2"),
        ("eye_play.txt", "p"),
    ] {
        std::fs::write(folder.file(name), text).unwrap();
    }
    let read = Dialect::read(&path, "eye").unwrap();
    assert_eq!(read.describe.as_deref(), Some("a"));
    assert_eq!(read.setups, ["1", "2"]);
    assert_eq!((read.play.as_deref(), read.options), (Some("p"), None));
}

#[tokio::test]
async fn a_description_without_video_is_refused() {
    let config = RtspConfig {
        dialect: Some(Dialect {
            sdp: Some("v=0\nm=audio 0 RTP/AVP 0\n".into()),
            ..Dialect::default()
        }),
        ..RtspConfig::default()
    };
    assert!(RtspCamera::start(config).await.is_err());
}

/// Needs a folder with the answers of real cameras, which `CAMERA_DIALECTS` names.
#[tokio::test]
async fn ffmpeg_records_every_make_there_is() {
    let Some(folder) = std::env::var_os("CAMERA_DIALECTS").map(PathBuf::from) else {
        return;
    };
    for make in [
        "bunny",
        "dahua",
        "foscam",
        "gw_main",
        "hikvision",
        "reolink",
        "tplink",
        "ubiquiti",
        "vstarcam",
    ] {
        let dialect = Dialect::read(Path::new(&folder), make).unwrap();
        eprintln!("{make}");
        records(make, dialect, "tcp").await;
    }
    let mut dahua = Dialect::read(&folder, "dahua").unwrap();
    let text = std::fs::read_to_string(folder.join("dahua_describe_h265_pcma.txt"));
    dahua.describe = Some(text.unwrap());
    records("dahua-h265", dahua, "tcp").await;
}
