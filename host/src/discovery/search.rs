//! Asking the network: the only file here with a socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::found::{Found, merge, parse};
use super::probe::{self, GROUP, Kind, PORT};

/// Most devices of one search: more is no club but somebody who answers for everyone.
pub const MAX_FOUND: usize = 256;
/// Most datagrams that are looked at, so that a flood does not keep the host busy.
const MAX_DATAGRAMS: usize = 4096;
/// Longest search.
pub const MAX_TIME: Duration = Duration::from_secs(30);
/// When each question is sent: multicast over radio loses some (WS-Discovery, appendix I,
/// repeats for the same reason).
const QUESTIONS_MS: [u64; 3] = [0, 400, 900];

/// Which of the machine's networks is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interface {
    /// The one with this address.
    Address(Ipv4Addr),
    /// The one with this name (Linux: at most 15 bytes): `eth0`.
    Name(String),
    /// The one that the system's routes choose.
    Any,
}

impl Interface {
    /// As people write it: an address, a name, or nothing.
    pub fn named(text: Option<&str>) -> Self {
        match text {
            None => Self::Any,
            Some(text) => match text.parse() {
                Ok(address) => Self::Address(address),
                Err(_) => Self::Name(text.to_owned()),
            },
        }
    }
}

/// Why there was no search.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// No such interface, or it may not be used.
    #[error("cannot use the network {interface}")]
    Interface {
        /// As asked for.
        interface: String,
        /// Why not.
        source: io::Error,
    },
    /// Nothing could be sent: mostly no route for multicast.
    #[error("cannot ask the network for cameras")]
    Send(#[source] io::Error),
    /// No random numbers for the questions.
    #[error("no random numbers")]
    Random(#[source] io::Error),
}

/// Asks for ONVIF devices on a network and collects answers until the time (at most
/// [`MAX_TIME`]) is over or there are [`MAX_FOUND`]. Dropping the future ends the search.
pub async fn discover(interface: &Interface, time: Duration) -> Result<Vec<Found>, SearchError> {
    let group = SocketAddr::from((GROUP, PORT));
    search(interface, group, time).await
}

async fn search(
    interface: &Interface,
    target: SocketAddr,
    time: Duration,
) -> Result<Vec<Found>, SearchError> {
    let socket = socket(interface).map_err(|source| SearchError::Interface {
        interface: match interface {
            Interface::Address(address) => address.to_string(),
            Interface::Name(name) => super::xml::line(name, 32),
            Interface::Any => "of the default route".to_owned(),
        },
        source,
    })?;
    let mut questions = Vec::new();
    for kind in [Kind::NetworkVideoTransmitter, Kind::Device] {
        questions.push(probe::message(kind, random()?));
    }
    let ids: Vec<String> = questions.iter().map(|(id, _)| id.clone()).collect();
    let start = Instant::now();
    let end = start + time.min(MAX_TIME);
    let (mut asked, mut failed) = (false, None);
    let ask = async {
        for at in QUESTIONS_MS {
            sleep_until(start + Duration::from_millis(at)).await;
            for (_, text) in &questions {
                // One that is lost does not matter; that all are does.
                match socket.send_to(text.as_bytes(), target).await {
                    Ok(_) => asked = true,
                    Err(error) => failed = Some(error),
                }
            }
        }
    };
    let (_, found) = tokio::join!(timeout_at(end, ask), collect(&socket, &ids, end));
    match failed {
        Some(error) if !asked => Err(SearchError::Send(error)),
        _ => Ok(found),
    }
}

async fn collect(socket: &UdpSocket, questions: &[String], end: Instant) -> Vec<Found> {
    let mut found = Vec::new();
    let mut buffer = vec![0; usize::from(u16::MAX)];
    for _ in 0..MAX_DATAGRAMS {
        let Ok(received) = timeout_at(end, socket.recv_from(&mut buffer)).await else {
            break;
        };
        // An error is an ICMP answer to one of the questions: others may still come.
        let Ok((length, from)) = received else {
            continue;
        };
        // What is no answer is somebody else's business on this port.
        for device in parse(&buffer[..length], unmapped(from.ip()), questions).unwrap_or_default() {
            merge(&mut found, device, MAX_FOUND);
        }
        if found.len() == MAX_FOUND {
            break;
        }
    }
    found
}

fn unmapped(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn socket(interface: &Interface) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // Not past the next router (WS-Discovery, appendix I: a TTL of 1).
    socket.set_multicast_ttl_v4(1)?;
    let address = match interface {
        Interface::Address(address) => {
            socket.set_multicast_if_v4(address)?;
            *address
        }
        Interface::Name(name) => {
            bind_to(&socket, name)?;
            Ipv4Addr::UNSPECIFIED
        }
        Interface::Any => Ipv4Addr::UNSPECIFIED,
    };
    socket.bind(&SocketAddr::from((address, 0)).into())?;
    UdpSocket::from_std(socket.into())
}

/// Since Linux 5.7 this needs no privilege on a socket that is not bound yet.
#[cfg(target_os = "linux")]
fn bind_to(socket: &Socket, name: &str) -> io::Result<()> {
    const MAX_NAME_BYTES: usize = 15; // IFNAMSIZ without the final zero
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains('\0') {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no interface has such a name",
        ));
    }
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn bind_to(_: &Socket, _: &str) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "name the interface by its address here",
    ))
}

fn random() -> Result<[u8; 16], SearchError> {
    let mut bytes = [0; 16];
    // Up to 256 bytes come whole or not at all (getrandom(2)).
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| SearchError::Random(error.into()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::found::tests::answer;
    use super::*;

    const LOOPBACK: Interface = Interface::Address(Ipv4Addr::LOCALHOST);

    /// A camera that answers each question, with rubbish before.
    async fn camera(socket: UdpSocket) -> usize {
        let mut buffer = vec![0; 65536];
        let mut asked = 0;
        loop {
            let wait = tokio::time::timeout(Duration::from_secs(2), socket.recv_from(&mut buffer));
            let Ok(Ok((length, from))) = wait.await else {
                return asked;
            };
            asked += 1;
            let text = std::str::from_utf8(&buffer[..length]).unwrap();
            let id = text
                .split("<a:MessageID>")
                .nth(1)
                .unwrap()
                .split('<')
                .next()
                .unwrap();
            let related = format!("<w:RelatesTo>{id}</w:RelatesTo>");
            let right = answer(&related, "uuid:1234abcd", "http://127.0.0.1:8000/onvif");
            let wrong = answer(
                "<w:RelatesTo>uuid:00000000</w:RelatesTo>",
                "uuid:99999999",
                "http://127.0.0.1/",
            );
            for text in ["rubbish", &wrong, &right] {
                socket.send_to(text.as_bytes(), from).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn answers_are_collected_until_the_time_is_over() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let target = socket.local_addr().unwrap();
        let camera = tokio::spawn(camera(socket));
        let time = Duration::from_millis(1200);
        let start = std::time::Instant::now();
        let found = search(&LOOPBACK, target, time).await.unwrap();
        assert!(start.elapsed() >= time);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].uuid.as_deref(), Some("1234abcd"));
        assert_eq!(found[0].services[0].url, "http://127.0.0.1:8000/onvif");
        assert_eq!(camera.await.unwrap(), 6);
    }

    #[tokio::test]
    async fn nobody_there() {
        let target = {
            let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.local_addr().unwrap()
        };
        let found = search(&LOOPBACK, target, Duration::from_millis(50)).await;
        assert_eq!(found.unwrap(), []);
    }

    #[tokio::test]
    async fn interfaces_that_are_none() {
        // An address of documentation (RFC 5737), which no machine has.
        let elsewhere = Interface::Address(Ipv4Addr::new(192, 0, 2, 1));
        for interface in [
            elsewhere,
            Interface::Name("nothing0".into()),
            Interface::Name("x".repeat(99)),
        ] {
            let error = discover(&interface, Duration::from_millis(10))
                .await
                .unwrap_err();
            assert!(matches!(error, SearchError::Interface { .. }), "{error}");
        }
    }

    #[tokio::test]
    async fn an_interface_by_its_name() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let target = socket.local_addr().unwrap();
        let camera = tokio::spawn(camera(socket));
        let lo = Interface::Name("lo".into());
        match search(&lo, target, Duration::from_millis(300)).await {
            Ok(found) => assert_eq!(found.len(), 1),
            // Kernels before 5.7 ask for a privilege.
            Err(SearchError::Interface { source, .. }) => {
                assert_eq!(source.kind(), io::ErrorKind::PermissionDenied);
            }
            Err(error) => panic!("{error}"),
        }
        camera.abort();
    }
}
