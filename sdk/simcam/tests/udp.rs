//! The RTSP camera over UDP, with FFmpeg and a plain socket as the clients.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::time::Duration;

use common::{Client, Folder, PATIENCE, ffmpeg, frames_follow, small};
use simcam::{Fault, Handle, Network, RtspCamera, RtspConfig, Transports};
use tokio::net::UdpSocket;
use tokio::time::timeout;

async fn start(config: RtspConfig) -> Handle {
    let config = RtspConfig {
        clip: small(),
        transports: Transports::UDP,
        ..config
    };
    RtspCamera::start(config).await.unwrap()
}

/// Two ports of the client's.
async fn ports() -> (UdpSocket, UdpSocket, String) {
    let rtp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let rtcp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = |socket: &UdpSocket| socket.local_addr().unwrap().port();
    let header = format!(
        "Transport: RTP/AVP;unicast;client_port={}-{}\r\n",
        port(&rtp),
        port(&rtcp)
    );
    (rtp, rtcp, header)
}

async fn packet(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 2000];
    let read = timeout(PATIENCE, socket.recv(&mut buffer)).await;
    let length = read.expect("a packet").unwrap();
    buffer.truncate(length);
    buffer
}

/// So many packets' sequence numbers, as they arrive.
async fn sequences(socket: &UdpSocket, count: usize) -> Vec<u16> {
    let mut out = Vec::new();
    for _ in 0..count {
        let packet = packet(socket).await;
        out.push(u16::from_be_bytes([packet[2], packet[3]]));
    }
    out
}

#[tokio::test]
async fn ffmpeg_records_over_udp() {
    let folder = Folder::new("udp");
    let file = folder.file("copy.mkv");
    let camera = start(RtspConfig::default()).await;
    let out = file.to_str().unwrap();
    let input = ["-rtsp_transport", "udp", "-i", camera.url(), "-t", "6"];
    let done = ffmpeg(&[&input, &["-c", "copy", out][..]].concat()).await;
    assert!(done.status.success());
    frames_follow(&camera, &file, 110).await;
    let log = &camera.sent()[0];
    // FFmpeg's first report comes within its first five seconds.
    assert!(log.receiver_reports > 0);
    assert_eq!((log.udp.lost, log.udp.refused), (0, 0));
}

#[tokio::test]
async fn ports_reports_and_refusals() {
    let camera = start(RtspConfig::default()).await;
    let mut client = Client::connect(&camera).await;
    let track = format!("{}/trackID=1", camera.url());
    let tcp = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    assert_eq!(client.ask("SETUP", &track, tcp).await.status, 461);
    let (rtp, rtcp, header) = ports().await;
    let answer = client.set_up("trackID=1", &header).await;
    let transport = answer.header("Transport").unwrap();
    let server = transport.split("server_port=").nth(1).unwrap();
    let server: u16 = server.split('-').next().unwrap().parse().unwrap();
    assert_eq!(server % 2, 0, "{transport}");
    assert_eq!(client.ask("PLAY", camera.url(), "").await.status, 200);
    let first = packet(&rtp).await;
    assert_eq!((first[0], first[1] & 0x7F), (0x80, 96));
    let ssrc = u32::from_be_bytes(first[8..12].try_into().unwrap());
    assert!(
        transport.ends_with(&format!("ssrc={ssrc:08X}")),
        "{transport}"
    );
    let report = packet(&rtcp).await;
    assert_eq!((report[1], &report[4..8]), (200, &first[8..12]));
    let own = [0x81, 201, 0, 7, 0, 0, 0, 1];
    rtcp.send_to(&own, ("127.0.0.1", server + 1)).await.unwrap();
    let counted = async {
        while camera.sent()[0].receiver_reports == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, counted).await.unwrap();
    assert_eq!(client.ask("TEARDOWN", camera.url(), "").await.status, 200);
}

#[tokio::test]
async fn a_bad_network_is_the_same_each_time() {
    let network = Network {
        loss: 0.05,
        reorder: 0.05,
        // Longer than from one frame to the next, so that there is something to overtake.
        delay: Duration::from_millis(150),
        duplicate: 0.05,
        ..Network::default()
    };
    let fates = async |network| {
        let camera = start(RtspConfig {
            network,
            ..RtspConfig::default()
        })
        .await;
        let mut client = Client::connect(&camera).await;
        let (rtp, _rtcp, header) = ports().await;
        client.set_up("trackID=1", &header).await;
        let played = client.ask("PLAY", camera.url(), "").await;
        let info = played.header("RTP-Info").unwrap();
        let first = info.split("seq=").nth(1).unwrap().split(';').next();
        let first: u16 = first.unwrap().parse().unwrap();
        let got = sequences(&rtp, 100).await;
        // What was received of the first packets, without what is still on its way.
        let numbers = got.iter().map(|s| s.wrapping_sub(first));
        let mut numbers: Vec<u16> = numbers.filter(|n| *n < 80).collect();
        assert!(!numbers.is_sorted(), "{numbers:?}");
        numbers.sort_unstable();
        numbers
    };
    let (one, two) = tokio::join!(fates(network), fates(network));
    assert_eq!(one, two);
    let mut kinds = one.clone();
    kinds.dedup();
    assert!(kinds.len() < one.len() && kinds.len() < 80, "{one:?}");
}

#[tokio::test]
async fn the_network_turns_bad_and_good_again() {
    let camera = start(RtspConfig::default()).await;
    let mut client = Client::connect(&camera).await;
    let (rtp, _rtcp, header) = ports().await;
    client.set_up("trackID=1", &header).await;
    client.ask("PLAY", camera.url(), "").await;
    let good = sequences(&rtp, 20).await;
    assert!(good.windows(2).all(|w| w[1].wrapping_sub(w[0]) == 1));
    camera.inject("network:0.5,0,0,0,0".parse::<Fault>().unwrap());
    let bad = sequences(&rtp, 20).await;
    assert!(bad.windows(2).any(|w| w[1].wrapping_sub(w[0]) > 1));
    assert!(camera.sent()[0].frames.iter().any(|f| !f.whole));
    camera.inject(Fault::Network(Network::default()));
    sequences(&rtp, 5).await;
    let good = sequences(&rtp, 20).await;
    assert!(good.windows(2).all(|w| w[1].wrapping_sub(w[0]) == 1));
    camera.stop().await;
}
