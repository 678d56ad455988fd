//! One group for all clients, on the loopback interface.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::net::{Ipv4Addr, SocketAddrV4};

use common::{Client, PATIENCE, small};
use simcam::{RtspCamera, RtspConfig, Sound, Transports};
use tokio::net::UdpSocket;
use tokio::time::timeout;

const MULTICAST: &str = "Transport: RTP/AVP;multicast\r\n";

/// The value of a part of a Transport header.
fn part<'a>(transport: &'a str, name: &str) -> &'a str {
    let mut parts = transport.split(';').filter_map(|p| p.split_once('='));
    parts.find(|(n, _)| *n == name).unwrap().1
}

#[tokio::test]
async fn two_clients_share_what_is_sent_once() {
    let camera = RtspCamera::start(RtspConfig {
        clip: small(),
        audio: Some(Sound::Pcmu),
        transports: Transports::ALL,
        ..RtspConfig::default()
    })
    .await
    .unwrap();
    let (mut one, mut two) = (
        Client::connect(&camera).await,
        Client::connect(&camera).await,
    );
    let first = one.set_up("trackID=1", MULTICAST).await;
    let transport = first.header("Transport").unwrap().to_owned();
    assert_eq!(
        two.set_up("trackID=1", MULTICAST).await.header("Transport"),
        Some(transport.as_str())
    );
    let sound = format!("{}/trackID=2", camera.url());
    let sound = one.ask("SETUP", &sound, MULTICAST).await;
    assert!(
        sound
            .header("Transport")
            .unwrap()
            .contains("port=20002-20003")
    );
    let group: Ipv4Addr = part(&transport, "destination").parse().unwrap();
    let port = part(&transport, "port").split('-').next().unwrap();
    assert_eq!(part(&transport, "ttl"), "1");
    let socket = UdpSocket::bind(SocketAddrV4::new(group, port.parse().unwrap()));
    let socket = socket.await.unwrap();
    socket
        .join_multicast_v4(group, Ipv4Addr::LOCALHOST)
        .unwrap();
    for client in [&mut one, &mut two] {
        assert_eq!(client.ask("PLAY", camera.url(), "").await.status, 200);
    }
    let mut last: Option<u16> = None;
    let mut buffer = [0; 2000];
    for count in 0..60 {
        if count == 30 {
            // The first client goes; the second one has the group.
            assert_eq!(one.ask("TEARDOWN", camera.url(), "").await.status, 200);
        }
        let read = timeout(PATIENCE, socket.recv(&mut buffer)).await;
        let length = read.expect("a packet").unwrap();
        assert!(length > 12);
        let ssrc = u32::from_be_bytes(buffer[8..12].try_into().unwrap());
        assert_eq!(format!("{ssrc:08X}"), part(&transport, "ssrc"));
        let sequence = u16::from_be_bytes([buffer[2], buffer[3]]);
        if let Some(last) = last {
            assert_eq!(sequence, last.wrapping_add(1), "sent once");
        }
        last = Some(sequence);
    }
    assert_eq!(two.ask("TEARDOWN", camera.url(), "").await.status, 200);
    two.drain().await;
    // Whoever comes now gets a new one.
    let mut three = Client::connect(&camera).await;
    let again = three.set_up("trackID=1", MULTICAST).await;
    assert_ne!(again.header("Transport"), Some(transport.as_str()));
    camera.stop().await;
}

#[tokio::test]
async fn it_must_be_allowed() {
    let camera = RtspCamera::start(RtspConfig {
        clip: small(),
        ..RtspConfig::default()
    })
    .await
    .unwrap();
    let mut client = Client::connect(&camera).await;
    let track = format!("{}/trackID=1", camera.url());
    assert_eq!(client.ask("SETUP", &track, MULTICAST).await.status, 461);
}
