//! Cameras that are mostly right: the answer that fits to each request, then media, in which
//! chance changes some bytes or puts something else in their place.
//!
//! Longer runs as in `fuzz_stream.rs`.

mod common;

use core::time::Duration;
use std::collections::VecDeque;

use common::{CAMERA, IDR, PPS, SDP, SLICE, SPS, check, fragments, framed, rtp};
use padelvar_sdk::testing::{Edit, Harness, camera, edited};
use padelvar_sdk::{Command, Component, FailureClass};
use rtsp::sdp::decode_base64;

const TRANSPORTS: [&str; 5] = ["tcp", "udp", "multicast", "http", "auto"];

const DESCRIPTIONS: [&str; 4] = [
    SDP,
    "m=video 5000 RTP/AVP 96\r\nc=IN IP4 239.1.1.1/32\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n",
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=fmtp:96 sprop-vps=QAEMAf//;\
     sprop-sps=QgEBAWABAQEBAQEBAQFaoAU=;sprop-pps=RAHBcg==\r\na=control:trackID=1\r\n",
    "m=video 0 RTP/AVP 26\r\na=framesize:26 640-480\r\na=range:npt=0-\r\n",
];

const SOUNDS: [&str; 4] = [
    "",
    "m=audio 0 RTP/AVP 8\r\na=control:track2\r\n",
    "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/16000/1\r\n\
     a=fmtp:97 mode=AAC-hbr;config=1408\r\na=control:track2\r\n",
    "m=audio 5002 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\na=control:track2\r\n",
];

/// Answers that fit to no request, or to another one.
const ODD: [&str; 12] = [
    "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", stale=true",
    "404 Not Found",
    "454 Session Not Found",
    "455 Method Not Valid in This State",
    "461 Unsupported Transport",
    "301 Moved\r\nLocation: rtsp://cam/other",
    "500 Internal Server Error",
    "200 OK\r\nSession: 9;timeout=1\r\nTransport: RTP/AVP/TCP;interleaved=4-5",
    "200 OK\r\nTransport: RTP/AVP;multicast;destination=239.1.1.2;port=5000-5001",
    "200 OK\r\nRTP-Info: url=rtsp://cam/x;seq=65535;rtptime=4294967295",
    "200 OK\r\nContent-Length: 4000000000",
    "100 Continue",
];

/// What a camera says unasked.
const UNASKED: [&str; 4] = [
    "OPTIONS rtsp://cam/x RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "REDIRECT rtsp://cam/x RTSP/1.0\r\nCSeq: 2\r\nLocation: rtsp://cam/y\r\n\r\n",
    "ANNOUNCE rtsp://cam/x RTSP/1.0\r\nCSeq: 3\r\nContent-Length: 3\r\n\r\nv=0",
    "SET_PARAMETER * RTSP/1.0\r\nCSeq: 4\r\n\r\n",
];

/// What the camera does, the time before it, and what is wrong with it.
type Step = (u8, u16, Vec<Edit>);

/// The camera's side, whatever the adapter asks for.
struct Scene {
    harness: Harness,
    /// The connections that are open, the newest last.
    links: Vec<u32>,
    ports: Vec<u32>,
    /// Requests that wait: method, number, and whether it is for multicast.
    asked: VecDeque<(String, String, bool)>,
    description: String,
    /// Which of `DESCRIPTIONS`.
    video: usize,
    sequence: u16,
    picture: u32,
    /// All that the adapter said but for what was taken out of it.
    said: Vec<Command>,
}

impl Scene {
    fn new(way: u8) -> Self {
        let mut wanted = camera("rtsp://cam:554/x");
        let transport = TRANSPORTS[usize::from(way) % 5].to_owned();
        wanted.options = vec![("transport".to_owned(), transport)];
        wanted.audio = way & 0x80 == 0;
        let mut harness = Harness::new(wanted, rtsp::run);
        harness.start();
        let (video, sound) = (usize::from(way >> 3 & 3), usize::from(way >> 5 & 3));
        Self {
            harness,
            links: Vec::new(),
            ports: Vec::new(),
            asked: VecDeque::new(),
            description: [DESCRIPTIONS[video], SOUNDS[sound]].concat(),
            video,
            sequence: 65_530,
            picture: 0,
            said: Vec::new(),
        }
    }

    /// Gives the adapter the connections and ports that it wants, and listens to it.
    fn attend(&mut self) {
        for connect in self.harness.connects() {
            self.links.push(connect.id);
            self.harness.connected(connect.id);
        }
        for port in self.harness.binds() {
            self.ports.push(port);
            self.harness.bound(port, 40_000);
        }
        for join in self.harness.joins() {
            self.ports.push(join.port);
            self.harness.bound(join.port, join.rtp_port);
        }
        for index in 0..self.links.len() {
            let text = self.harness.sent(self.links[index]);
            self.listen(&text);
        }
        self.said.extend(self.harness.take());
    }

    fn listen(&mut self, text: &str) {
        if let Some(coded) = text.strip_prefix("POST ") {
            let (_, coded) = coded.split_once("\r\n\r\n").unwrap_or_default();
            return self.listen(coded);
        }
        if text.starts_with("GET ") {
            self.asked
                .push_back(("GET".to_owned(), String::new(), false));
            return;
        }
        // The way up of a tunnel.
        let decoded;
        let text = if text.is_empty() || text.contains("RTSP/1.0") {
            text
        } else {
            decoded = decode_base64(text);
            &String::from_utf8_lossy(&decoded)
        };
        for request in text.split("\r\n\r\n") {
            if let Some((_, after)) = request.split_once("CSeq: ") {
                let method = request.split(' ').next().unwrap_or_default();
                let number = after.lines().next().unwrap_or_default();
                let multicast = request.contains("multicast");
                self.asked
                    .push_back((method.to_owned(), number.to_owned(), multicast));
            }
        }
    }

    fn say(&mut self, bytes: &[u8]) {
        // The first connection of a tunnel is its way down.
        let index = self.links.len().saturating_sub(2);
        let tunnel = self.links.len() > 1;
        let link = if tunnel {
            self.links.get(index)
        } else {
            self.links.last()
        };
        if let Some(link) = link.copied() {
            self.harness.received(link, bytes);
        }
    }

    fn answer(&mut self, asked: &(String, String, bool), choice: u8, edits: &[Edit]) {
        let (method, number, multicast) = asked;
        let fitting = match method.as_str() {
            "GET" => {
                let head = b"HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n";
                return self.say(&edited(head, edits));
            }
            "OPTIONS" => "200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER",
            "SETUP" if *multicast => {
                "200 OK\r\nSession: 77\r\n\
                 Transport: RTP/AVP;multicast;destination=239.1.1.1;port=5000-5001;source=10.0.0.9"
            }
            "SETUP" if self.ports.is_empty() => {
                "200 OK\r\nSession: 77;timeout=60\r\nTransport: RTP/AVP/TCP;interleaved=0-1;ssrc=9"
            }
            "SETUP" => "200 OK\r\nSession: 77\r\nTransport: RTP/AVP;unicast;server_port=6970-6971",
            _ => "200 OK\r\nSession: 77",
        };
        let status = match choice {
            // Most answers fit.
            0..12 => ODD[usize::from(choice)],
            _ => fitting,
        };
        let body = if method == "DESCRIBE" {
            self.description.as_str()
        } else {
            ""
        };
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("\r\nContent-Length: {}", body.len())
        };
        let text = format!("RTSP/1.0 {status}\r\nCSeq: {number}{length}\r\n\r\n{body}");
        self.say(&edited(text.as_bytes(), edits));
    }

    /// Pictures on the way that was agreed, whole but for the edits; sound and reports between.
    fn media(&mut self, choice: u8, edits: &[Edit]) {
        let sets = [&[0x18, 0, 8][..], &SPS, &[0, 4], &PPS].concat();
        let h265 = [0x26, 0x01, 0xaf, 1, 2, 3, 4, 5];
        let jpeg = [&[0; 4][..], &[1, 64, 80, 60, 1, 2, 3]].concat();
        let payloads = match (self.video, choice & 7) {
            (2, 0..6) => vec![h265.to_vec()],
            (2, _) => vec![vec![0x62, 0x01, 0x93, 1, 2], vec![0x62, 0x01, 0x53, 3, 4]],
            (3, _) => vec![jpeg],
            (_, 0 | 1) => vec![sets, IDR.to_vec()],
            (_, 2) => vec![SPS.to_vec(), PPS.to_vec(), IDR.to_vec()],
            (_, 3) => fragments(&IDR, 2),
            (_, 4) => fragments(&SLICE, 1),
            _ => vec![SLICE.to_vec()],
        };
        let last = payloads.len() - 1;
        for (index, payload) in payloads.iter().enumerate() {
            self.sequence = self.sequence.wrapping_add(1);
            let time = self.picture.wrapping_mul(3000);
            let mut packet = rtp(self.sequence, time, index == last, payload);
            packet[1] = packet[1] & 0x80 | if self.video == 3 { 26 } else { 96 };
            // One of them is spoiled.
            let edits = if index == usize::from(choice >> 3) % payloads.len() {
                edits
            } else {
                &[]
            };
            self.send(Component::Rtp, 0, &edited(&packet, edits));
        }
        self.picture = self.picture.wrapping_add(1);
        if choice & 0x30 == 0x30 {
            let report = [
                0x80, 200, 0, 6, 0, 0, 0, 9, 0xec, 1, 2, 3, 4, 5, 6, 7, 0, 0, choice, 9, 0, 0, 0,
                1, 0, 0, 0, 5,
            ];
            self.send(Component::Rtcp, 0, &edited(&report, edits));
        }
        if choice & 0xc0 == 0xc0 {
            let mut packet = rtp(self.sequence, self.picture, true, &[0, 16, 0, 24, 1, 2, 3]);
            packet[1] = 0x80 | if choice & 8 == 0 { 97 } else { 8 };
            self.send(Component::Rtp, 1, &edited(&packet, edits));
        }
    }

    /// Of the first stream or the second.
    fn send(&mut self, component: Component, stream: u8, packet: &[u8]) {
        if self.ports.is_empty() {
            let channel = 2 * stream + u8::from(component == Component::Rtcp);
            self.say(&framed(channel, packet));
        } else if let Some(port) = self.ports.get(usize::from(stream)).copied() {
            self.harness
                .datagram(port, component, CAMERA, packet.to_vec());
        }
    }

    fn step(&mut self, (choice, ms, edits): &Step) {
        self.attend();
        let pause = Duration::from_millis(u64::from(*ms % 300));
        self.harness.advance(pause);
        // Most of what is said is as it should be, and little is wrong with the rest.
        let edits = match choice % 8 {
            0 => &edits[..edits.len().min(1 + usize::from(choice >> 6))],
            _ => &[],
        };
        let link = self.links.last().copied();
        match (self.asked.pop_front(), choice) {
            (_, 254) => link.into_iter().for_each(|link| self.harness.closed(link)),
            (_, 255) => link.into_iter().for_each(|link| {
                self.harness
                    .failed(link, FailureClass::Unreachable, "broken");
            }),
            (Some(asked), _) => self.answer(&asked, *choice, edits),
            (None, 250..254) => self.say(UNASKED[usize::from(*choice - 250)].as_bytes()),
            (None, _) => self.media(*choice, edits),
        }
        self.attend();
    }
}

#[test]
fn fuzz_conversations() {
    bolero::check!()
        .with_type::<(u8, Vec<Step>, Vec<Step>, Vec<Edit>)>()
        .for_each(|(way, opening, playing, edits)| {
            let mut scene = Scene::new(*way);
            if edits.len() % 8 < 4 {
                let spoiled = edited(scene.description.as_bytes(), &edits[..edits.len() % 8]);
                scene.description = String::from_utf8_lossy(&spoiled).into_owned();
            }
            for step in opening.iter().chain(playing) {
                scene.step(step);
            }
            // However short it was: to the answer of PLAY, and some pictures.
            for choice in [100; 6].into_iter().chain([17, 21, 18, 21, 19, 20, 21, 17]) {
                scene.step(&(choice, 40, Vec::new()));
            }
            for _ in 0..60 {
                scene.harness.advance(Duration::from_secs(1));
                scene.attend();
            }
            assert!(
                scene.harness.outcome().is_some(),
                "a silent camera is given up"
            );
            check::commands(&scene.said);
            let is_log = |command: &&Command| matches!(command, Command::Log(_));
            assert!(scene.said.iter().filter(is_log).count() <= 60);
        });
}
