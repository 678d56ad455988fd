//! RTP and RTCP over UDP: a pair of ports for each stream (RFC 3550 11), and the network between.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use tokio::time::Instant;

use super::group::TTL;
use super::rtp::{Frames, open};
use crate::camera::UdpLog;
use crate::fault::{Fates, Network};
use crate::message::is_receiver_report;

/// How often an even port with a free one behind it is looked for.
const TRIES: usize = 50;
/// Datagrams that wait for their time; more are lost, as in a full queue.
const MAX_WAITING: usize = 20_000;
/// Longer reports than this are cut off; none is.
const REPORT_BYTES: usize = 1500;

/// The ports of one stream and where it goes. Neither sending nor receiving ever waits.
struct Pair {
    /// Of RTP; RTCP has the one after it.
    channel: u8,
    sockets: [UdpSocket; 2],
    to: [SocketAddr; 2],
    fates: [Fates; 2],
    /// Packets that keep their order do not go before this.
    last: Instant,
}

/// What goes out then: time, a number that keeps equal times in order, channel, payload.
type Waiting = Reverse<(Instant, u64, u8, Vec<u8>)>;

/// All streams of one client.
pub(super) struct Udp {
    pairs: Vec<Pair>,
    waiting: BinaryHeap<Waiting>,
    count: u64,
    log: UdpLog,
}

impl Udp {
    pub(super) fn new() -> Self {
        Self {
            pairs: Vec::new(),
            waiting: BinaryHeap::new(),
            count: 0,
            log: UdpLog::default(),
        }
    }

    /// Opens a pair of ports for the stream of this channel. The answer is the camera's ports.
    pub(super) fn open(
        &mut self,
        channel: u8,
        [own, peer]: [IpAddr; 2],
        ports: [u16; 2],
        seed: u64,
    ) -> io::Result<[u16; 2]> {
        let (sockets, own) = pair(own)?;
        self.pairs.push(Pair {
            channel,
            sockets,
            to: ports.map(|port| SocketAddr::new(peer, port)),
            fates: [Fates::new(seed, channel), Fates::new(seed, channel + 1)],
            last: Instant::now(),
        });
        Ok(own)
    }

    /// Sends what is in the frames, or gives it to the network that is between; true where all
    /// of it arrives.
    pub(super) fn send(&mut self, frames: &Frames, network: &Network) -> bool {
        let now = Instant::now();
        let lost = self.log.lost;
        for (channel, payload) in frames.iter().filter_map(open) {
            let Some(pair) = self.pairs.iter_mut().find(|p| p.channel == channel & !1) else {
                continue;
            };
            let fate = pair.fates[usize::from(channel & 1)].next(network);
            if fate.lost || self.waiting.len() >= MAX_WAITING {
                self.log.lost += 1;
                continue;
            }
            let mut due = now + fate.late;
            if fate.overtaken {
                self.log.reordered += 1;
            } else {
                due = due.max(pair.last);
                pair.last = due;
            }
            self.log.duplicated += u64::from(fate.twice);
            for _ in 0..=usize::from(fate.twice) {
                self.count += 1;
                let entry = (due, self.count, channel, payload.to_vec());
                self.waiting.push(Reverse(entry));
            }
        }
        self.flush();
        self.log.lost == lost
    }

    /// When [`Udp::flush`] is to be called.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.peek().map(|Reverse((due, ..))| *due)
    }

    /// Sends what is due.
    pub(super) fn flush(&mut self) {
        let now = Instant::now();
        while self.due().is_some_and(|due| due <= now) {
            let Some(Reverse((_, _, channel, payload))) = self.waiting.pop() else {
                return;
            };
            if let Some(pair) = self.pairs.iter().find(|p| p.channel == channel & !1) {
                let which = usize::from(channel & 1);
                // A client that is gone, and a buffer that is full, lose datagrams.
                let sent = pair.sockets[which].send_to(&payload, pair.to[which]);
                if sent.is_err() {
                    self.log.refused += 1;
                }
            }
        }
    }

    /// Reads what clients reported, and tells how the packets fared so far.
    pub(super) fn log(&mut self) -> (u64, UdpLog) {
        let mut reports = 0;
        let mut buffer = [0; REPORT_BYTES];
        for pair in &self.pairs {
            // To RTP's port clients send only what opens a firewall.
            while pair.sockets[0].recv(&mut buffer).is_ok() {}
            while let Ok(length) = pair.sockets[1].recv(&mut buffer) {
                reports += u64::from(is_receiver_report(&buffer[..length]));
            }
        }
        (reports, self.log)
    }
}

/// An even port and the one after it.
fn pair(own: IpAddr) -> io::Result<([UdpSocket; 2], [u16; 2])> {
    let mut refused = io::ErrorKind::AddrInUse.into();
    for _ in 0..TRIES {
        let first = bind(SocketAddr::new(own, 0))?;
        let port = first.local_addr()?.port();
        let (other, own_port) = if port % 2 == 0 {
            (port.wrapping_add(1), port)
        } else {
            (port - 1, port - 1)
        };
        match bind(SocketAddr::new(own, other)) {
            Ok(second) if own_port == port => return Ok(([first, second], [port, other])),
            Ok(second) => return Ok(([second, first], [other, port])),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn bind(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(addr)?;
    if addr.is_ipv4() {
        // The system's default is 1 too, but for how long nobody says.
        socket.set_multicast_ttl_v4(TTL.into())?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::Udp;
    use crate::fault::Network;
    use crate::rtsp::rtp::Frames;
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;
    use tokio::net::UdpSocket;
    use tokio::time::timeout;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// The first byte of what arrives within half a second.
    async fn received(network: Network, count: u8) -> Vec<u8> {
        let client = UdpSocket::bind((HOME, 0)).await.expect("a port");
        let port = client.local_addr().expect("bound").port();
        let mut udp = Udp::new();
        let own = udp
            .open(0, [HOME, HOME], [port, port], 7)
            .expect("two ports");
        assert_eq!((own[0] % 2, own[1]), (0, own[0] + 1));
        let mut frames = Frames::default();
        for number in 0..count {
            frames.clear();
            frames.push(0, &[&[number]]);
            udp.send(&frames, &network);
        }
        let mut out = Vec::new();
        while let Some(due) = udp.due() {
            tokio::time::sleep_until(due).await;
            udp.flush();
        }
        let mut buffer = [0; 10];
        while let Ok(read) = timeout(Duration::from_millis(200), client.recv(&mut buffer)).await {
            read.expect("a datagram");
            out.push(buffer[0]);
        }
        out
    }

    #[tokio::test]
    async fn a_good_network_brings_all_in_order() {
        assert!(received(Network::default(), 50).await.into_iter().eq(0..50));
        let jitter = Network {
            jitter: Duration::from_millis(40),
            ..Network::default()
        };
        assert!(received(jitter, 50).await.into_iter().eq(0..50));
    }

    #[tokio::test]
    async fn a_bad_one_loses_doubles_and_reorders_the_same_each_time() {
        let bad = Network {
            loss: 0.2,
            reorder: 0.1,
            duplicate: 0.1,
            ..Network::default()
        };
        let first = received(bad, 100).await;
        assert!(!first.is_sorted());
        let mut kinds = first.clone();
        kinds.sort_unstable();
        kinds.dedup();
        assert!((65..95).contains(&kinds.len()), "{first:?}");
        assert!(kinds.len() < first.len(), "{first:?}");
        assert_eq!(first, received(bad, 100).await);
    }
}
