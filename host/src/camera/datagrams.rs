//! Pairs of UDP ports (RTP and RTCP) and multicast groups.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::UdpSocket;
use tokio_util::task::AbortOnDropHandle;

use super::connection::resolve;
use super::grants::Grants;
use super::inbox::{Post, io_error};
use crate::clock::now_us;
use crate::plugins::one_line;
use crate::plugins::types::{
    BoundPorts, Component, Datagram, DatagramToSend, Event, FailureClass, IoError,
    MulticastRequest, PortFailure, ReceivedDatagrams,
};

/// Tries to find two neighbouring free ports.
const TRIES: usize = 50;
/// Datagrams in one event.
const MOST: usize = 256;
/// How long the first datagram waits for more.
const COALESCE: Duration = Duration::from_millis(8);
/// The largest datagram that is read (Ethernet's jumbo frames fit).
const DATAGRAM_BYTES: usize = 16 << 10;

/// What may have arrived and not been read.
const RECEIVE_BYTES: usize = 2 << 20;

/// A bound pair. Dropping it gives the ports back.
pub struct Ports {
    sockets: Arc<(UdpSocket, UdpSocket)>,
    _task: AbortOnDropHandle<()>,
}

impl Ports {
    /// Binds an even port and the next one, on all addresses of this machine.
    pub async fn bind(id: u32, grants: Grants, post: Post) -> Result<Self, IoError> {
        for _ in 0..TRIES {
            let Ok(first) = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await else {
                continue;
            };
            make_room(&SockRef::from(&first));
            let Ok(address) = first.local_addr() else {
                continue;
            };
            if address.port() % 2 != 0 || address.port() == u16::MAX {
                continue;
            }
            let next = (Ipv4Addr::UNSPECIFIED, address.port() + 1);
            if let Ok(second) = UdpSocket::bind(next).await {
                return Ok(Self::serve(id, (first, second), grants, None, post));
            }
        }
        Err(io_error(
            FailureClass::Other,
            "no pair of UDP ports is free",
        ))
    }

    /// Joins a granted multicast group (RFC 1112; IPv4).
    pub async fn join(
        request: &MulticastRequest,
        grants: Grants,
        post: Post,
    ) -> Result<Self, IoError> {
        let other = |text: String| io_error(FailureClass::Other, text);
        grants
            .check(&request.group, request.rtp_port)
            .map_err(|refusal| other(refusal.to_string()))?;
        let group: Ipv4Addr = request
            .group
            .parse()
            .ok()
            .filter(Ipv4Addr::is_multicast)
            .ok_or_else(|| other(format!("{} is no IPv4 multicast group", request.group)))?;
        let source = match &request.source {
            None => None,
            Some(text) => Some(
                text.parse::<Ipv4Addr>()
                    .map_err(|_| other(format!("{} is no IPv4 address", one_line(text, 64))))?,
            ),
        };
        let rtcp_port = request
            .rtp_port
            .checked_add(1)
            .ok_or_else(|| other("there is no port after 65535 for RTCP".into()))?;
        let interface = towards_camera(&grants).await?;
        let mut sockets = Vec::new();
        for port in [request.rtp_port, rtcp_port] {
            let joined = join(SocketAddrV4::new(group, port), source, interface);
            sockets.push(joined.map_err(|error| other(format!("{group}:{port}: {error}")))?);
        }
        let rtcp = sockets.pop().expect("two were pushed");
        let rtp = sockets.pop().expect("two were pushed");
        Ok(Self::serve(
            request.port,
            (rtp, rtcp),
            grants,
            Some(group),
            post,
        ))
    }

    fn serve(
        id: u32,
        sockets: (UdpSocket, UdpSocket),
        grants: Grants,
        group: Option<Ipv4Addr>,
        post: Post,
    ) -> Self {
        let sockets = Arc::new(sockets);
        let reading = Arc::clone(&sockets);
        let task = tokio::spawn(async move {
            if let Err(error) = read(id, &reading, &grants, group, &post).await {
                let error = io_error(FailureClass::Unreachable, error.to_string());
                post.send(Event::PortFailed(PortFailure { port: id, error }))
                    .await;
            }
        });
        Self {
            sockets,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Sends one datagram to a granted place; errors of single datagrams are the network's way.
    pub async fn send(&self, datagram: &DatagramToSend, grants: &Grants) -> Result<(), IoError> {
        grants
            .check_datagram(&datagram.host, datagram.to_port)
            .map_err(|refusal| io_error(FailureClass::Other, refusal.to_string()))?;
        let to = resolve(&datagram.host, datagram.to_port, grants).await?;
        let socket = match datagram.component {
            Component::Rtp => &self.sockets.0,
            Component::Rtcp => &self.sockets.1,
        };
        if let Some(to) = to.into_iter().find(SocketAddr::is_ipv4) {
            let _ = socket.send_to(&datagram.bytes, to).await;
        }
        Ok(())
    }
}

/// Bound to the group's address, so that nothing else on this port comes in, and beside others that
/// are: two sessions with one camera, while its adapter is replaced.
fn join(
    group: SocketAddrV4,
    source: Option<Ipv4Addr>,
    interface: Ipv4Addr,
) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    make_room(&SockRef::from(&socket));
    socket.set_nonblocking(true)?;
    socket.bind(&group.into())?;
    match source {
        // RFC 4607: only what this one sends.
        Some(source) => socket.join_ssm_v4(&source, group.ip(), &interface)?,
        None => socket.join_multicast_v4(group.ip(), &interface)?,
    }
    UdpSocket::from_std(socket.into())
}

/// Asks for room for a whole key picture, which cameras send at once. Beyond `net.core.rmem_max`
/// only who may administer the network gets it (socket(7)); less room is no reason to give up.
fn make_room(socket: &Socket) {
    use rustix::net::sockopt;
    if sockopt::set_socket_recv_buffer_size_force(socket, RECEIVE_BYTES).is_err() {
        let _ = socket.set_recv_buffer_size(RECEIVE_BYTES);
    }
}

/// This machine's address in the camera's network: groups are joined there, and not on the network
/// of the default route. Nothing is sent.
async fn towards_camera(grants: &Grants) -> Result<Ipv4Addr, IoError> {
    let Some((host, port)) = grants.hosts().next() else {
        return Ok(Ipv4Addr::UNSPECIFIED);
    };
    let addresses = resolve(host, port, grants).await?;
    let camera = addresses.into_iter().find(SocketAddr::is_ipv4);
    let local = async {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.ok()?;
        socket.connect(camera?).await.ok()?;
        socket.local_addr().ok()
    };
    match local.await.map(|address| address.ip()) {
        Some(IpAddr::V4(address)) => Ok(address),
        _ => Ok(Ipv4Addr::UNSPECIFIED),
    }
}

/// Receives from the camera's host, from hosts of `reach`, or from anybody towards a joined
/// group; all else is dropped.
async fn read(
    id: u32,
    sockets: &(UdpSocket, UdpSocket),
    grants: &Grants,
    group: Option<Ipv4Addr>,
    post: &Post,
) -> io::Result<()> {
    let senders: HashSet<IpAddr> = match group {
        Some(_) => HashSet::new(),
        None => sender_addresses(grants).await,
    };
    let port = |socket: &UdpSocket| socket.local_addr().map(|address| address.port());
    let (rtp_port, rtcp_port) = (port(&sockets.0)?, port(&sockets.1)?);
    if !post
        .send(Event::Bound(BoundPorts {
            port: id,
            rtp_port,
            rtcp_port,
        }))
        .await
    {
        return Ok(());
    }
    let mut rtp_buffer = vec![0; DATAGRAM_BYTES];
    let mut rtcp_buffer = vec![0; DATAGRAM_BYTES];
    let mut waiting: Vec<Datagram> = Vec::new();
    let mut deliver_at = tokio::time::Instant::now();
    loop {
        let (component, length, from) = tokio::select! {
            read = sockets.0.recv_from(&mut rtp_buffer) => {
                let (length, from) = read?;
                (Component::Rtp, length, from)
            }
            read = sockets.1.recv_from(&mut rtcp_buffer) => {
                let (length, from) = read?;
                (Component::Rtcp, length, from)
            }
            () = tokio::time::sleep_until(deliver_at), if !waiting.is_empty() => {
                let datagrams = std::mem::take(&mut waiting);
                if !post.send(Event::Datagrams(ReceivedDatagrams { port: id, datagrams })).await {
                    return Ok(());
                }
                continue;
            }
        };
        if group.is_none() && !senders.contains(&from.ip()) {
            continue;
        }
        if waiting.is_empty() {
            deliver_at = tokio::time::Instant::now() + COALESCE;
        }
        let buffer = if component == Component::Rtp {
            &rtp_buffer
        } else {
            &rtcp_buffer
        };
        waiting.push(Datagram {
            component,
            arrived: now_us() as u64,
            host: from.ip().to_string(),
            from_port: from.port(),
            bytes: buffer[..length].to_vec(),
        });
        if waiting.len() >= MOST {
            deliver_at = tokio::time::Instant::now();
        }
    }
}

async fn sender_addresses(grants: &Grants) -> HashSet<IpAddr> {
    let mut addresses = HashSet::new();
    for (host, port) in grants.hosts() {
        // A name that does not resolve now is a camera that cannot send now.
        for address in resolve(host, port, grants).await.unwrap_or_default() {
            addresses.insert(address.ip());
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::super::inbox::{Inbox, Source};
    use super::*;

    async fn bound(inbox: &mut Inbox) -> (Ports, BoundPorts) {
        let (post, _) = inbox.post(Source::Port(7));
        let grants = Grants::new("127.0.0.1", 554, &[]);
        let ports = Ports::bind(7, grants, post).await.unwrap();
        match inbox.next().await.2 {
            Event::Bound(bound) => (ports, bound),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_pair_receives_from_the_camera_and_sends_to_it() {
        let mut inbox = Inbox::new();
        let (ports, bound) = bound(&mut inbox).await;
        assert_eq!(
            (bound.rtp_port % 2, bound.rtcp_port),
            (0, bound.rtp_port + 1)
        );
        let camera = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        camera
            .send_to(b"rtp", ("127.0.0.1", bound.rtp_port))
            .await
            .unwrap();
        let Event::Datagrams(got) = inbox.next().await.2 else {
            panic!("no datagram")
        };
        assert_eq!(got.datagrams[0].bytes, b"rtp");
        assert_eq!(got.datagrams[0].component, Component::Rtp);

        let to_port = camera.local_addr().unwrap().port();
        let mut datagram = DatagramToSend {
            port: 7,
            component: Component::Rtcp,
            host: "127.0.0.1".into(),
            to_port,
            bytes: b"rr".to_vec(),
        };
        let grants = Grants::new("127.0.0.1", 554, &[]);
        ports.send(&datagram, &grants).await.unwrap();
        let mut buffer = [0; 16];
        let (length, from) = camera.recv_from(&mut buffer).await.unwrap();
        assert_eq!(
            (&buffer[..length], from.port()),
            (&b"rr"[..], bound.rtcp_port)
        );
        datagram.to_port = 53;
        assert!(
            ports.send(&datagram, &grants).await.is_err(),
            "a well-known port"
        );
    }

    #[tokio::test]
    async fn strangers_are_not_heard() {
        let mut inbox = Inbox::new();
        let (_ports, bound) = bound(&mut inbox).await;
        let stranger = UdpSocket::bind("127.0.0.2:0").await.unwrap();
        stranger
            .send_to(b"no", ("127.0.0.1", bound.rtp_port))
            .await
            .unwrap();
        let camera = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        camera
            .send_to(b"yes", ("127.0.0.1", bound.rtp_port))
            .await
            .unwrap();
        let Event::Datagrams(got) = inbox.next().await.2 else {
            panic!("no datagram")
        };
        let texts: Vec<&[u8]> = got.datagrams.iter().map(|d| d.bytes.as_slice()).collect();
        assert_eq!(texts, [b"yes"]);
    }
}
