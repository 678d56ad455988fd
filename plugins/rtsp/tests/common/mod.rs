//! What the tests share: an H.264 stream without a camera, and the camera's side of a
//! conversation.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

pub mod check;

use core::fmt::Write as _;
use std::path::{Path, PathBuf};

use padelvar_sdk::testing::{Harness, camera, render};
use padelvar_sdk::{Component, Segment};

/// 640x480 main profile.
pub const SPS: [u8; 8] = [0x67, 0x4d, 0x00, 0x1e, 0x95, 0xa8, 0x2d, 0x02];
/// Belongs to it.
pub const PPS: [u8; 4] = [0x68, 0xee, 0x3c, 0x80];
/// A slice that begins an IDR picture.
pub const IDR: [u8; 5] = [0x65, 0x88, 0x84, 0x21, 0xa0];
/// A slice that begins another picture.
pub const SLICE: [u8; 4] = [0x41, 0x9a, 0x21, 0x4c];

/// An RTP packet of type 96, source 9.
pub fn rtp(sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, if marker { 0xe0 } else { 0x60 }];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend([0, 0, 0, 9]);
    bytes.extend(payload);
    bytes
}

/// Interleaved on a channel.
pub fn framed(channel: u8, packet: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'$', channel];
    bytes.extend(u16::try_from(packet.len()).unwrap().to_be_bytes());
    bytes.extend(packet);
    bytes
}

/// NAL units behind their lengths.
pub fn prefixed(units: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for unit in units {
        bytes.extend(u32::try_from(unit.len()).unwrap().to_be_bytes());
        bytes.extend(*unit);
    }
    bytes
}

/// A file of `tests/data`.
pub fn data(name: &str) -> Vec<u8> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The RTP packets of a recording.
pub fn recorded(name: &str) -> Vec<Vec<u8>> {
    let bytes = data(&format!("{name}.rtp"));
    let mut rest = bytes.as_slice();
    let mut packets = Vec::new();
    while let Some((len, after)) = rest.split_first_chunk::<2>() {
        let (packet, after) = after.split_at(usize::from(u16::from_be_bytes(*len)));
        packets.push(packet.to_vec());
        rest = after;
    }
    packets
}

/// What `kind` says of each NAL unit; together they must be the whole data, clean.
pub fn unit_kinds(data: &[u8], kind: impl Fn(&[u8]) -> u8) -> Vec<u8> {
    let mut kinds = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (prefix, after) = rest.split_first_chunk::<4>().expect("a length");
        let len = usize::try_from(u32::from_be_bytes(*prefix)).expect("32 bits");
        let (nal, after) = after.split_at(len);
        assert!(
            !nal.windows(3).any(|window| window == [0, 0, 1]),
            "a start code"
        );
        assert_ne!(nal.last(), Some(&0), "trailing zeros");
        kinds.push(kind(nal));
        rest = after;
    }
    assert!(!kinds.is_empty());
    kinds
}

/// Fragments of a NAL unit (FU-A).
pub fn fragments(nal: &[u8], size: usize) -> Vec<Vec<u8>> {
    let pieces: Vec<&[u8]> = nal[1..].chunks(size).collect();
    let last = pieces.len() - 1;
    pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| {
            let start = if index == 0 { 0x80 } else { 0 };
            let end = if index == last { 0x40 } else { 0 };
            let mut bytes = vec![nal[0] & 0xe0 | 0x1c, start | end | nal[0] & 0x1f];
            bytes.extend(*piece);
            bytes
        })
        .collect()
}

/// A session description with one H.264 stream.
pub const SDP: &str = "v=0\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=control:track1\r\n\
    a=rtpmap:96 H264/90000\r\n\
    a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z00AHpWoLQI=,aO48gA==\r\n";

/// Where datagrams of the camera come from.
pub const CAMERA: (&str, u16) = ("10.0.0.9", 6970);

/// A camera that says what it is told to.
pub struct Peer {
    /// The adapter.
    pub harness: Harness,
    /// Its connection.
    pub connection: u32,
    sequence: u32,
}

impl Peer {
    /// Started and connected.
    pub fn connected(url: &str) -> Self {
        Self::of(camera(url))
    }

    /// Started and connected, with that `transport`.
    pub fn with_transport(url: &str, transport: &str) -> Self {
        let mut camera = camera(url);
        camera.options = vec![("transport".to_owned(), transport.to_owned())];
        Self::of(camera)
    }

    /// Started and connected, with that camera.
    pub fn of(camera: padelvar_sdk::Camera) -> Self {
        let mut harness = Harness::new(camera, rtsp::run);
        harness.start();
        let mut peer = Self {
            harness,
            connection: 0,
            sequence: 0,
        };
        peer.accept();
        peer
    }

    /// Accepts the connection that the adapter asked for.
    pub fn accept(&mut self) -> padelvar_sdk::wit::ConnectRequest {
        let connect = self.harness.connects().pop().expect("a connection");
        self.connection = connect.id;
        self.harness.connected(connect.id);
        connect
    }

    /// Requests sent since the last call, without interleaved data.
    pub fn sent(&mut self) -> String {
        let commands = self.harness.sent_segments(self.connection);
        let is_data = |segments: &Vec<Segment>| matches!(&segments[..], [Segment::Bytes(bytes)] if bytes.starts_with(b"$"));
        let requests = commands.into_iter().filter(|segments| !is_data(segments));
        requests.map(|segments| render(&segments)).collect()
    }

    /// Interleaved data sent since the last call, whole frames; requests are lost.
    pub fn sent_data(&mut self) -> Vec<Vec<u8>> {
        let commands = self.harness.sent_segments(self.connection);
        let bytes = commands
            .into_iter()
            .filter_map(|segments| match &segments[..] {
                [Segment::Bytes(bytes)] if bytes.starts_with(b"$") => Some(bytes.clone()),
                _ => None,
            });
        bytes.collect()
    }

    /// Lets the adapter have the pair of ports that it asked for, from that number on.
    pub fn bind(&mut self, rtp_port: u16) -> u32 {
        let port = self.harness.binds().pop().expect("a pair of ports");
        self.harness.bound(port, rtp_port);
        port
    }

    /// Sends RTP to a pair of ports.
    pub fn datagram(&mut self, port: u32, bytes: Vec<u8>) {
        self.harness.datagram(port, Component::Rtp, CAMERA, bytes);
    }

    /// The request that waits, which must be of that method.
    pub fn request(&mut self, method: &str) -> String {
        let request = self.sent();
        assert!(
            request.starts_with(&format!("{method} ")),
            "{method} expected: {request:?}, {:?}",
            self.harness.failure()
        );
        let number = request
            .split("CSeq: ")
            .nth(1)
            .unwrap()
            .lines()
            .next()
            .unwrap();
        self.sequence = number.parse().unwrap();
        request
    }

    /// Says something.
    pub fn say(&mut self, bytes: &[u8]) {
        self.harness.received(self.connection, bytes);
    }

    /// Answers the last request.
    pub fn answer(&mut self, status: &str, headers: &str, body: &str) {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!(
                "Content-Type: application/sdp\r\nContent-Length: {}\r\n",
                body.len()
            )
        };
        let text = format!(
            "RTSP/1.0 {status}\r\nCSeq: {}\r\n{headers}{length}\r\n{body}",
            self.sequence
        );
        self.say(text.as_bytes());
    }

    /// Answers the last request with a recorded message.
    pub fn replay(&mut self, message: &str) {
        let answer = message.replace("\r\n", "\n").replace('\n', "\r\n");
        let mut out = String::new();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        for line in head.lines() {
            match line.split_once(':') {
                Some((name, _)) if name.eq_ignore_ascii_case("cseq") => {
                    write!(out, "{name}: {}\r\n", self.sequence).unwrap();
                }
                _ => write!(out, "{line}\r\n").unwrap(),
            }
        }
        out.push_str("\r\n");
        out.push_str(body);
        self.say(out.as_bytes());
    }

    /// Answers OPTIONS and DESCRIBE.
    pub fn describe(&mut self, sdp: &str) {
        self.request("OPTIONS");
        self.answer("200 OK", "Public: OPTIONS, DESCRIBE, GET_PARAMETER\r\n", "");
        self.request("DESCRIBE");
        self.answer("200 OK", "", sdp);
    }

    /// Answers SETUP and PLAY.
    pub fn play(&mut self) {
        self.request("SETUP");
        self.answer(
            "200 OK",
            "Session: 77;timeout=60\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n",
            "",
        );
        self.request("PLAY");
        self.answer("200 OK", "Session: 77\r\n", "");
    }

    /// A camera that plays.
    pub fn playing() -> Self {
        let mut peer = Self::connected("rtsp://cam/stream");
        peer.describe(SDP);
        peer.play();
        peer
    }

    /// Sends RTP on the video's channel.
    pub fn send(&mut self, sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) {
        let packet = framed(0, &rtp(sequence, timestamp, marker, payload));
        self.say(&packet);
    }
}
