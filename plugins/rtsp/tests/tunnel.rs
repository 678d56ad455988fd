//! RTSP within two HTTP connections.

mod common;

use core::time::Duration;

use common::{IDR, Peer, SDP, framed, rtp};
use padelvar_sdk::FailureClass;
use padelvar_sdk::testing::{Harness, camera};

const CHALLENGE: &str = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\r\n";
const OPEN: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n";

/// The camera's side of a tunnel.
struct Tunnel {
    harness: Harness,
    down: u32,
    up: u32,
    sequence: String,
    /// Sent together with the head of the POST.
    coded: String,
}

impl Tunnel {
    /// Started; the adapter has asked for the way down.
    fn asked(url: &str) -> Self {
        let mut tunnelled = camera(url);
        tunnelled.options = vec![("transport".to_owned(), "http".to_owned())];
        let mut harness = Harness::new(tunnelled, rtsp::run);
        harness.start();
        let mut this = Self {
            harness,
            down: 0,
            up: 0,
            sequence: String::new(),
            coded: String::new(),
        };
        this.down = this.accept();
        this
    }

    fn accept(&mut self) -> u32 {
        let connect = self.harness.connects().pop();
        let failure = self.harness.failure();
        let id = connect
            .unwrap_or_else(|| panic!("no connection: {failure:?}"))
            .id;
        self.harness.connected(id);
        id
    }

    /// Both ways are open.
    fn opened() -> Self {
        let mut this = Self::asked("rtsp://cam/live?x=1");
        this.harness.sent(this.down);
        this.harness.received(this.down, OPEN);
        let post = this.open_up();
        assert!(post.starts_with("POST /live?x=1 HTTP/1.0\r\n"), "{post}");
        this
    }

    /// Lets the adapter open the way up; the head of its POST.
    fn open_up(&mut self) -> String {
        self.up = self.accept();
        let sent = self.harness.sent(self.up);
        let (head, coded) = sent.split_once("\r\n\r\n").expect("a head");
        coded.clone_into(&mut self.coded);
        format!("{head}\r\n")
    }

    /// The request that waits.
    fn request(&mut self, method: &str) -> String {
        let coded = std::mem::take(&mut self.coded) + &self.harness.sent(self.up);
        // Each message is Base64 of its own.
        let coded = coded.strip_prefix("<base64 ").expect("Base64");
        let coded = coded.strip_suffix('>').expect("an end");
        let text = coded.replace("><base64 ", "");
        assert!(
            text.starts_with(&format!("{method} rtsp://cam/live?x=1")),
            "{method}: {text:?} {:?}",
            self.harness.failure()
        );
        let number = text.split("CSeq: ").nth(1).expect("a number");
        number
            .lines()
            .next()
            .expect("a line")
            .clone_into(&mut self.sequence);
        text
    }

    fn answer(&mut self, status: &str, headers: &str, body: &str) {
        let text = format!(
            "RTSP/1.0 {status}\r\nCSeq: {}\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n{headers}\r\n{body}",
            self.sequence,
            body.len()
        );
        self.harness.received(self.down, text.as_bytes());
    }

    fn playing() -> Self {
        let mut this = Self::opened();
        this.request("OPTIONS");
        this.answer("200 OK", "Public: GET_PARAMETER\r\n", "");
        this.request("DESCRIBE");
        this.answer("200 OK", "", SDP);
        assert!(this.request("SETUP").contains("interleaved=0-1"));
        this.answer("200 OK", "Session: 1\r\n", "");
        this.request("PLAY");
        this.answer("200 OK", "", "");
        this
    }

    fn second(&mut self, number: u16) {
        let packet = rtp(number, u32::from(number) * 90_000, true, &IDR);
        self.harness.received(self.down, &framed(0, &packet));
        self.harness.advance(Duration::from_secs(1));
    }

    fn failure(&self) -> (FailureClass, String) {
        let (class, message) = self.harness.failure().expect("a failure");
        (class, message.to_owned())
    }
}

#[test]
fn ports_and_headers() {
    for (url, port, tls) in [
        ("rtsp://cam/x", 80, false),
        ("rtsp://cam:8080/x", 8080, false),
        ("rtsps://cam/x", 443, true),
    ] {
        let mut tunnelled = camera(url);
        tunnelled.options = vec![("transport".to_owned(), "http".to_owned())];
        let mut harness = Harness::new(tunnelled, rtsp::run);
        harness.start();
        let connect = harness.connects().remove(0);
        assert_eq!((connect.port, connect.tls), (port, tls), "{url}");
        harness.connected(connect.id);
        let named = harness.sent(connect.id).contains("Host: cam:8080\r\n");
        assert_eq!(named, port == 8080);
    }
    let mut tunnel = Tunnel::asked("rtsp://cam/live?x=1");
    let get = tunnel.harness.sent(tunnel.down);
    assert!(
        get.starts_with("GET /live?x=1 HTTP/1.0\r\nHost: cam\r\n"),
        "{get}"
    );
    assert!(get.contains("Accept: application/x-rtsp-tunnelled\r\n"));
    let cookie = |text: &str| {
        let value = text.split("x-sessioncookie: ").nth(1).unwrap();
        value.lines().next().unwrap().to_owned()
    };
    tunnel.harness.received(tunnel.down, OPEN);
    let post = tunnel.open_up();
    assert!(post.contains("Content-Length: 32767\r\n"), "{post}");
    assert!(post.contains("Content-Type: application/x-rtsp-tunnelled"));
    assert_eq!(cookie(&get), cookie(&post));
    assert_eq!(cookie(&get).len(), 16);
}

#[test]
fn plays_and_says_goodbye() {
    let mut tunnel = Tunnel::playing();
    for number in 0..30 {
        tunnel.second(number);
    }
    assert_eq!(tunnel.harness.packets().len(), 30);
    // Nothing but signs of life goes up, no reports.
    tunnel.request("GET_PARAMETER");
    tunnel.harness.stop();
    tunnel.request("TEARDOWN");
    tunnel.answer("200 OK", "", "");
    assert_eq!(tunnel.harness.outcome(), Some(&Ok(())));
}

#[test]
fn logs_in_at_both_requests() {
    let mut tunnel = Tunnel::asked("rtsp://cam/live?x=1");
    tunnel.harness.sent(tunnel.down);
    let refusal = format!("HTTP/1.1 401 Unauthorized\r\n{CHALLENGE}\r\n");
    tunnel.harness.received(tunnel.down, refusal.as_bytes());
    tunnel.down = tunnel.accept();
    let get = tunnel.harness.sent(tunnel.down);
    assert!(
        get.contains("Authorization: <authorization GET /live?x=1>\r\n"),
        "{get}"
    );
    tunnel.harness.received(tunnel.down, OPEN);
    let post = tunnel.open_up();
    assert!(
        post.contains("Authorization: <authorization POST /live?x=1>\r\n"),
        "{post}"
    );
    // Refused once more: it wants a new nonce for every connection.
    tunnel.harness.received(tunnel.up, refusal.as_bytes());
    tunnel.open_up();
    tunnel.harness.advance(Duration::from_millis(400));
    tunnel.request("OPTIONS");

    // A second refusal of GET is final.
    let mut tunnel = Tunnel::asked("rtsp://cam/live?x=1");
    for _ in 0..2 {
        tunnel.harness.received(tunnel.down, refusal.as_bytes());
        if tunnel.harness.failure().is_none() {
            tunnel.down = tunnel.accept();
        }
    }
    assert_eq!(tunnel.failure().0, FailureClass::Auth);
}

#[test]
fn a_password_within_the_tunnel() {
    let mut tunnel = Tunnel::opened();
    tunnel.request("OPTIONS");
    tunnel.answer("401 Unauthorized", CHALLENGE, "");
    let again = tunnel.request("OPTIONS");
    assert!(
        again.contains("Authorization: <authorization OPTIONS rtsp://cam/live?x=1>\r\n"),
        "{again}"
    );
    tunnel.answer("401 Unauthorized", CHALLENGE, "");
    assert_eq!(tunnel.failure().0, FailureClass::Auth);
}

#[test]
fn a_password_in_the_url() {
    let mut tunnel = Tunnel::asked("rtsp://cam/x?p={password}");
    let get = tunnel.harness.sent(tunnel.down);
    assert!(get.starts_with("GET /x?p=<password> HTTP/1.0\r\n"), "{get}");
}

#[test]
fn a_way_up_that_is_closed_is_opened_again() {
    let mut tunnel = Tunnel::opened();
    tunnel.request("OPTIONS");
    tunnel.harness.closed(tunnel.up);
    tunnel.answer("200 OK", "", "");
    assert!(tunnel.open_up().starts_with("POST "));
    tunnel.request("DESCRIBE");
    // While nothing is to be said, it may stay closed.
    tunnel.harness.closed(tunnel.up);
    tunnel.harness.advance(Duration::from_secs(2));
    assert!(tunnel.harness.connects().is_empty());
    assert_eq!(tunnel.harness.outcome(), None);
}

#[test]
fn what_is_no_tunnel() {
    for (answer, class) in [
        ("HTTP/1.1 404 Not Found\r\n\r\n", FailureClass::Unsupported),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", FailureClass::Auth),
        ("HTTP/1.1 503 Busy\r\n\r\n", FailureClass::Unreachable),
        (
            "RTSP/1.0 400 Bad Request\r\n\r\n",
            FailureClass::Unsupported,
        ),
        ("220 mail\r\n\r\n", FailureClass::Unsupported),
    ] {
        let mut tunnel = Tunnel::asked("rtsp://cam/x");
        tunnel.harness.received(tunnel.down, answer.as_bytes());
        assert_eq!(tunnel.failure().0, class, "{answer}");
        // As an answer to POST.
        let mut tunnel = Tunnel::opened();
        tunnel.harness.received(tunnel.up, answer.as_bytes());
        assert_eq!(tunnel.failure().0, class, "{answer}");
    }
    let mut tunnel = Tunnel::asked("rtsp://cam/x");
    let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>";
    tunnel.harness.received(tunnel.down, page);
    assert_eq!(tunnel.failure().0, FailureClass::Unsupported);
    let mut tunnel = Tunnel::asked("rtsp://cam/x");
    tunnel.harness.advance(Duration::from_secs(11));
    assert_eq!(tunnel.failure().0, FailureClass::Unreachable);
    let mut tunnel = Tunnel::asked("rtsp://cam/x");
    tunnel.harness.received(tunnel.down, &vec![b'x'; 20_000]);
    assert_eq!(tunnel.failure().0, FailureClass::Protocol);
    let mut tunnel = Tunnel::opened();
    tunnel.harness.received(tunnel.up, &vec![b'x'; 20_000]);
    assert_eq!(tunnel.failure().0, FailureClass::Protocol);
    // A camera that answers POST although it need not.
    let mut tunnel = Tunnel::opened();
    tunnel.harness.received(tunnel.up, OPEN);
    tunnel.request("OPTIONS");
    tunnel.answer("200 OK", "", "");
    tunnel.request("DESCRIBE");
}

#[test]
fn other_transports_open_no_tunnel() {
    let mut peer = Peer::with_transport("rtsp://cam/x", "tcp");
    peer.request("OPTIONS");
}
