//! What the tests of all cameras need.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use http_auth::{PasswordClient, PasswordParams};
use simcam::{ClipParams, Handle, judge, strip};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Bound of everything that waits: a test fails rather than hangs.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn small() -> ClipParams {
    ClipParams {
        width: 320,
        height: 180,
        gop: 10,
        seconds: 4,
        ..ClipParams::default()
    }
}

/// A folder that goes when the test ends.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("simcam-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub async fn ffmpeg(args: &[&str]) -> Output {
    let mut command = tokio::process::Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y"]).args(args);
    command.stdin(Stdio::null()).kill_on_drop(true);
    timeout(PATIENCE, command.output())
        .await
        .expect("ffmpeg ends")
        .unwrap()
}

/// The camera's URL with user and password in it.
pub fn with_password(camera: &Handle, password: &str) -> String {
    camera
        .url()
        .replacen("://", &format!("://admin:{password}@"), 1)
}

/// Decodes what was recorded: every strip reads, each frame follows the one
/// before it, and all of them were sent by the camera.
pub async fn frames_follow(camera: &Handle, file: &Path, at_least: usize) {
    let params = camera.clip().params();
    let size = (params.width, params.height);
    let strips = judge::strips_of_file("ffmpeg".as_ref(), file, size)
        .await
        .unwrap();
    let strips: Vec<u32> = strips
        .into_iter()
        .map(|s| s.expect("a readable strip"))
        .collect();
    assert!(strips.len() >= at_least, "{} frames", strips.len());
    for pair in strips.windows(2) {
        assert_eq!(
            strip::advance(pair[0], pair[1], params.frames()),
            1,
            "{strips:?}"
        );
    }
    let sent: Vec<u32> = camera
        .sent()
        .iter()
        .flat_map(|c| &c.frames)
        .map(|f| f.index)
        .collect();
    assert!(strips.iter().all(|s| sent.contains(s)));
}

/// A client that does exactly what it is told.
pub struct Client {
    pub stream: TcpStream,
    url: String,
    protocol: &'static str,
    cseq: u32,
    session: Option<String>,
    auth: Option<PasswordClient>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().filter_map(|l| l.split_once(": "));
        line.into_iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }
}

/// An interleaved RTP packet.
#[derive(Debug)]
pub struct Rtp {
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
}

impl Client {
    pub async fn connect(camera: &Handle) -> Self {
        let stream = TcpStream::connect(camera.addr()).await.unwrap();
        let rtsp = camera.url().starts_with("rtsp");
        Self {
            stream,
            url: camera.url().to_owned(),
            protocol: if rtsp { "RTSP/1.0" } else { "HTTP/1.1" },
            cseq: 0,
            session: None,
            auth: None,
        }
    }

    /// As [`Client::connect`], to speak HTTP whatever the camera's URL says.
    pub async fn connect_http(camera: &Handle) -> Self {
        Self {
            protocol: "HTTP/1.0",
            ..Self::connect(camera).await
        }
    }

    /// Asks and reads the answer; what is interleaved before it is passed over.
    pub async fn ask(&mut self, method: &str, target: &str, headers: &str) -> Answer {
        self.send(method, target, headers).await;
        self.answer().await
    }

    pub async fn send(&mut self, method: &str, target: &str, headers: &str) {
        self.cseq += 1;
        let (cseq, protocol) = (self.cseq, self.protocol);
        let mut text = format!("{method} {target} {protocol}\r\nCSeq: {cseq}\r\n{headers}");
        if let Some(session) = &self.session {
            text.extend(["Session: ", session, "\r\n"]);
        }
        if let Some(auth) = &mut self.auth {
            let params = PasswordParams {
                username: "admin",
                password: "pass",
                uri: target,
                method,
                body: Some(&[]),
            };
            let value = auth.respond(&params).unwrap();
            text.extend(["Authorization: ", &value, "\r\n"]);
        }
        text += "\r\n";
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Answers the challenge of a 401 from now on.
    pub fn authenticate(&mut self, denied: &Answer) {
        assert_eq!(denied.status, 401);
        let challenge = denied.header("WWW-Authenticate").unwrap();
        self.auth = Some(PasswordClient::try_from(challenge).unwrap());
    }

    async fn byte(&mut self) -> u8 {
        let read = timeout(PATIENCE, self.stream.read_u8()).await;
        read.expect("the camera answers").unwrap()
    }

    async fn exactly(&mut self, count: usize) -> Vec<u8> {
        let mut out = vec![0; count];
        let read = timeout(PATIENCE, self.stream.read_exact(&mut out)).await;
        read.expect("the camera answers").unwrap();
        out
    }

    pub async fn answer(&mut self) -> Answer {
        let mut head = vec![loop {
            let first = self.byte().await;
            if first != b'$' {
                break first;
            }
            let frame = self.exactly(3).await;
            self.exactly(usize::from(u16::from_be_bytes([frame[1], frame[2]])))
                .await;
        }];
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte().await);
        }
        let head = String::from_utf8(head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            body: Vec::new(),
        };
        let length = answer
            .header("Content-Length")
            .map_or(0, |l| l.parse().unwrap());
        answer.body = self.exactly(length).await;
        answer
    }

    /// The next interleaved frame: its channel and what is in it.
    pub async fn frame(&mut self) -> (u8, Vec<u8>) {
        let first = self.byte().await;
        assert_eq!(first, b'$', "an interleaved frame");
        let head = self.exactly(3).await;
        let length = usize::from(u16::from_be_bytes([head[1], head[2]]));
        (head[0], self.exactly(length).await)
    }

    /// The next RTP packet of the video; RTCP is passed over.
    pub async fn rtp(&mut self) -> Rtp {
        loop {
            let (channel, packet) = self.frame().await;
            if channel == 0 {
                return Rtp {
                    marker: packet[1] & 0x80 != 0,
                    sequence: u16::from_be_bytes([packet[2], packet[3]]),
                    timestamp: u32::from_be_bytes(packet[4..8].try_into().unwrap()),
                    payload: packet[12..].to_vec(),
                };
            }
        }
    }

    /// DESCRIBE (with authentication where it is asked for), SETUP, PLAY.
    pub async fn play(&mut self) -> Answer {
        let url = self.url.clone();
        let mut described = self.ask("DESCRIBE", &url, "").await;
        if described.status == 401 {
            self.authenticate(&described);
            described = self.ask("DESCRIBE", &url, "").await;
        }
        assert_eq!(described.status, 200, "{}", described.head);
        self.setup().await;
        let played = self.ask("PLAY", &url, "").await;
        assert_eq!(played.status, 200);
        played
    }

    pub async fn setup(&mut self) {
        let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
        self.set_up("trackID=1", transport).await;
    }

    /// SETUP of a track with this Transport header.
    pub async fn set_up(&mut self, track: &str, transport: &str) -> Answer {
        let track = format!("{}/{track}", self.url);
        let answer = self.ask("SETUP", &track, transport).await;
        assert_eq!(answer.status, 200, "{}", answer.head);
        let session = answer.header("Session").unwrap();
        self.session = session.split(';').next().map(str::to_owned);
        answer
    }

    /// Reads until the camera closes; how many bytes that were.
    pub async fn drain(&mut self) -> usize {
        let mut rest = Vec::new();
        // A reset is an end too.
        let read = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await;
        let _ = read.expect("the camera closes");
        rest.len()
    }
}
