//! The RTSP camera's answers and faults, byte by byte.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::time::{Duration, Instant};

use common::{Client, small};
use simcam::{Auth, Fault, Handle, RtspCamera, RtspConfig, Scheme, StartAt};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// RTP ticks from frame to frame.
const FRAME: u32 = 3600;

async fn start() -> Handle {
    start_with(RtspConfig::default()).await
}

async fn start_with(config: RtspConfig) -> Handle {
    RtspCamera::start(RtspConfig {
        clip: small(),
        ..config
    })
    .await
    .unwrap()
}

async fn playing(camera: &Handle) -> Client {
    let mut client = Client::connect(camera).await;
    client.play().await;
    client
}

#[tokio::test]
async fn answers_to_odd_requests() {
    let camera = start().await;
    let url = camera.url().to_owned();
    let track = format!("{url}/trackID=1");
    let mut client = Client::connect(&camera).await;
    let options = client.ask("OPTIONS", "*", "").await;
    assert!(options.header("Public").unwrap().contains("GET_PARAMETER"));
    let udp = "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n";
    let tcp = "Transport: RTP/AVP/TCP;interleaved=0-1\r\n";
    for (method, target, headers, status) in [
        ("SETUP", track.as_str(), udp, 461),
        ("SETUP", &track, "", 461),
        ("SETUP", &url, tcp, 455),
        ("PLAY", &url, "", 455),
        ("DESCRIBE", "rtsp://127.0.0.1/other", "", 404),
        ("RECORD", &url, "", 501),
        ("TEARDOWN", &url, "Session: nobody\r\n", 454),
    ] {
        let answer = client.ask(method, target, headers).await;
        assert_eq!(answer.status, status, "{method} {target}");
    }
    let described = client.ask("DESCRIBE", &url, "").await;
    assert_eq!(
        described.header("Content-Base"),
        Some(format!("{url}/").as_str())
    );
    let sdp = String::from_utf8(described.body).unwrap();
    assert!(sdp.contains("sprop-parameter-sets=Z") && sdp.contains("a=control:trackID=1\r\n"));
    client.setup().await;
    assert_eq!(client.ask("GET_PARAMETER", &url, "").await.status, 200);
    assert_eq!(client.ask("TEARDOWN", &url, "").await.status, 200);
    assert_eq!(client.drain().await, 0);
    let mut client = Client::connect(&camera).await;
    tokio::io::AsyncWriteExt::write_all(&mut client.stream, b"\x16\x03\x01 nonsense\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(client.answer().await.status, 400);
}

#[tokio::test]
async fn rtp_info_names_the_first_packet() {
    let camera = start().await;
    let mut client = Client::connect(&camera).await;
    let played = client.play().await;
    let first = client.rtp().await;
    let info = played.header("RTP-Info").unwrap();
    let wanted = format!(";seq={};rtptime={}", first.sequence, first.timestamp);
    assert!(info.ends_with(&wanted), "{info} {wanted}");
}

#[tokio::test]
async fn who_does_not_keep_the_session_alive_is_dropped() {
    let camera = start_with(RtspConfig {
        session_timeout: Duration::from_millis(600),
        get_parameter: false,
        ..RtspConfig::default()
    })
    .await;
    let (mut silent, mut lively) = (playing(&camera).await, playing(&camera).await);
    let start = Instant::now();
    let keep_alive = async {
        while start.elapsed() < Duration::from_millis(1500) {
            tokio::time::sleep(Duration::from_millis(150)).await;
            assert_eq!(lively.ask("OPTIONS", "*", "").await.status, 200);
        }
        assert_eq!(
            lively.ask("GET_PARAMETER", camera.url(), "").await.status,
            501
        );
    };
    let (bytes, ()) = tokio::join!(silent.drain(), keep_alive);
    assert!(bytes > 1000);
    let log = camera.sent();
    let lasted = log[0].ended.unwrap().saturating_sub(log[0].connected);
    assert!((600..1400).contains(&lasted.as_millis()), "{lasted:?}");
    assert!(log[1].ended.is_none());
}

#[tokio::test]
async fn lost_packets_leave_a_hole_in_the_sequence() {
    let camera = start().await;
    let mut client = playing(&camera).await;
    let mut last = client.rtp().await.sequence;
    camera.inject(Fault::DropNext(3));
    let lost = loop {
        let next = client.rtp().await.sequence;
        let step = next.wrapping_sub(last);
        last = next;
        if step != 1 {
            break step - 1;
        }
    };
    assert_eq!(lost, 3);
    assert!(camera.sent()[0].frames.iter().any(|f| !f.whole));
    camera.inject(Fault::LossRate(0.5));
    let first = client.rtp().await.sequence;
    for _ in 0..20 {
        last = client.rtp().await.sequence;
    }
    let lost = last.wrapping_sub(first) - 20;
    assert!((5..60).contains(&lost), "{lost}");
}

#[tokio::test]
async fn timestamps_wrap_and_jump() {
    let near = RtspConfig::near_wrap(1);
    let camera = start_with(RtspConfig {
        rtp_timestamp: Some(near),
        start_at: StartAt::CachedGop,
        ..RtspConfig::default()
    })
    .await;
    let mut client = playing(&camera).await;
    let mut last = client.rtp().await.timestamp;
    assert_eq!(last, near);
    while last >= near {
        let next = client.rtp().await.timestamp;
        assert!([0, FRAME].contains(&next.wrapping_sub(last)));
        last = next;
    }
    for jump in [900_000_i64, -450_000] {
        camera.inject(Fault::TimestampJump(jump));
        let step = loop {
            let next = client.rtp().await.timestamp;
            let step = next.wrapping_sub(last);
            last = next;
            if ![0, FRAME].contains(&step) {
                break step;
            }
        };
        assert_eq!(step, FRAME.wrapping_add(jump as u32));
    }
}

#[tokio::test]
async fn close_drops_clients_and_outage_also_refuses() {
    let camera = start().await;
    let mut client = playing(&camera).await;
    client.rtp().await;
    camera.inject(Fault::Close);
    client.drain().await;
    let mut client = playing(&camera).await;
    client.rtp().await;
    let start = Instant::now();
    camera.inject(Fault::Outage(Duration::from_millis(500)));
    client.drain().await;
    let mut refused = 0;
    loop {
        match TcpStream::connect(camera.addr()).await {
            Err(_) => refused += 1,
            // A connection may slip into the queue of the listener that goes.
            Ok(_) if start.elapsed() < Duration::from_millis(500) => {}
            Ok(_) => break,
        }
        assert!(start.elapsed() < common::PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(refused > 3);
    playing(&camera).await.rtp().await;
}

#[tokio::test]
async fn a_stall_sends_nothing_and_goes_on_at_a_keyframe() {
    let camera = start().await;
    let mut client = playing(&camera).await;
    client.rtp().await;
    camera.inject(Fault::Stall(Duration::from_millis(1500)));
    let mut longest = Duration::ZERO;
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(2500) {
        let before = Instant::now();
        client.rtp().await;
        longest = longest.max(before.elapsed());
    }
    assert!(longest > Duration::from_millis(1200), "{longest:?}");
    let frames = &camera.sent()[0].frames;
    let jump = frames
        .windows(2)
        .find(|w| w[1].number > w[0].number + 5)
        .unwrap();
    assert!(jump[1].key, "{jump:?}");
}

#[tokio::test]
async fn another_password_drops_and_refuses() {
    let auth = Some(Auth::new(Scheme::DigestMd5, "admin", "pass"));
    let camera = start_with(RtspConfig {
        auth,
        ..RtspConfig::default()
    })
    .await;
    let mut client = playing(&camera).await;
    camera.inject(Fault::Password("changed".into()));
    client.drain().await;
    let mut client = Client::connect(&camera).await;
    let denied = client.ask("DESCRIBE", camera.url(), "").await;
    client.authenticate(&denied);
    assert_eq!(client.ask("DESCRIBE", camera.url(), "").await.status, 401);
    camera.inject(Fault::Password("pass".into()));
    playing(&camera).await.rtp().await;
}

#[tokio::test]
async fn messages_that_lie_are_cut_or_are_garbage() {
    let camera = start().await;
    let url = camera.url().to_owned();
    camera.inject(Fault::LengthLie(1 << 40));
    let mut client = Client::connect(&camera).await;
    client.send("OPTIONS", "*", "").await;
    let mut head = vec![0; 60];
    client.stream.read_exact(&mut head).await.unwrap();
    camera.inject(Fault::Close);
    let mut rest = Vec::new();
    client.stream.read_to_end(&mut rest).await.unwrap();
    let text = String::from_utf8([head, rest].concat()).unwrap();
    assert!(
        text.contains(&format!("Content-Length: {}", 1_u64 << 40)),
        "{text}"
    );

    camera.inject(Fault::GiantHeader(100_000));
    let mut client = Client::connect(&camera).await;
    assert!(client.ask("OPTIONS", "*", "").await.head.len() > 100_000);
    camera.inject(Fault::TruncateMessage);
    client.send("DESCRIBE", &url, "").await;
    assert!((50..1000).contains(&client.drain().await));

    camera.inject(Fault::Garbage(5000));
    let mut client = Client::connect(&camera).await;
    client.send("OPTIONS", "*", "").await;
    let mut garbage = vec![0; 5000];
    client.stream.read_exact(&mut garbage).await.unwrap();
    assert_eq!(client.answer().await.status, 200);

    let mut client = playing(&camera).await;
    client.rtp().await;
    camera.inject(Fault::LengthLie(u64::MAX));
    let lied = loop {
        let mut head = [0; 4];
        client.stream.read_exact(&mut head).await.unwrap();
        let length = u16::from_be_bytes([head[2], head[3]]);
        if length == u16::MAX {
            break true;
        }
        let mut packet = vec![0; usize::from(length)];
        client.stream.read_exact(&mut packet).await.unwrap();
    };
    assert!(lied);
}

#[tokio::test]
async fn truncated_frames_and_slow_bytes_keep_their_form() {
    let camera = start().await;
    let mut client = playing(&camera).await;
    camera.inject(Fault::TruncateFrame);
    camera.inject(Fault::SlowBytes {
        bytes: 100,
        pause: Duration::from_millis(1),
        lasting: Duration::from_millis(500),
    });
    for _ in 0..30 {
        assert!(!client.rtp().await.payload.is_empty());
    }
    let broken = camera.sent()[0].frames.iter().filter(|f| !f.whole).count();
    assert_eq!(broken, 1);
}

#[tokio::test]
async fn stopping_and_dropping_end_all_clients() {
    for stop in [true, false] {
        let camera = start().await;
        let addr = camera.addr();
        let mut client = playing(&camera).await;
        if stop {
            camera.stop().await;
            assert!(TcpStream::connect(addr).await.is_err());
        } else {
            drop(camera);
        }
        client.drain().await;
    }
}
