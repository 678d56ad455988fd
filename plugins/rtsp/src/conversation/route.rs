//! The way of one stream: where its packets come in, where reports about it go.

use padelvar_sdk::{Component, Datagrams, Microseconds};

use crate::rtp::{Reception, Rtp, receiver_report};

/// Sources other than the announced one are not heard for that long after it was. Stops
/// what a camera still sends to a port for a session that is long gone.
const FAITHFUL_US: Microseconds = 2_000_000;

/// Below it the host lets no datagram out.
const FIRST_PORT: u16 = 1024;

/// How packets come.
pub enum Link {
    /// On these channels of the connection.
    Interleaved([u8; 2]),
    /// To ports of ours; from those of the camera, where it names them.
    Unicast(Datagrams, Option<(u16, u16)>),
    /// To a group. Reports are not sent: a few dozen bytes to all members help nobody, and
    /// the host grants the group's RTP port only.
    Group(Datagrams),
}

/// See the module.
pub struct Route {
    /// How packets come.
    pub link: Link,
    payload_type: u8,
    reception: Reception,
    /// `ssrc` of the `Transport` header, and when it was heard.
    announced: Option<u32>,
    heard: Option<Microseconds>,
    /// Where the camera's RTCP came from.
    rtcp_from: Option<u16>,
}

impl Route {
    /// Agreed on in SETUP, before the first packet. `clock_rate`: ticks a second.
    pub fn new(link: Link, announced: Option<u32>, payload_type: u8, clock_rate: u32) -> Self {
        Self {
            link,
            payload_type,
            reception: Reception::new(clock_rate),
            announced,
            heard: None,
            rtcp_from: None,
        }
    }

    /// The ports, where there are any.
    pub fn datagrams(&mut self) -> Option<&mut Datagrams> {
        match &mut self.link {
            Link::Interleaved(_) => None,
            Link::Unicast(datagrams, _) | Link::Group(datagrams) => Some(datagrams),
        }
    }

    /// Counts an RTP packet. Whether it may belong to the session.
    pub fn packet(&mut self, rtp: &Rtp<'_>, arrived: Microseconds) -> bool {
        if rtp.payload_type != self.payload_type {
            // Of another stream, perhaps: some cameras send all of them to one place.
            return true;
        }
        if self.announced == Some(rtp.ssrc) {
            self.heard = Some(arrived);
        } else if self
            .heard
            .is_some_and(|at| arrived.saturating_sub(at) < FAITHFUL_US)
        {
            return false;
        }
        self.reception.packet(rtp, arrived);
        true
    }

    /// Remembers a sender report.
    pub fn sender_report(&mut self, ssrc: u32, ntp: u64, arrived: Microseconds) {
        self.reception.report(ssrc, ntp, arrived);
    }

    /// Remembers where RTCP comes from.
    pub fn rtcp_came_from(&mut self, port: u16) {
        self.rtcp_from = Some(port);
    }

    /// Whether any packet came.
    pub fn is_begun(&self) -> bool {
        self.reception.is_begun()
    }

    /// Opens firewalls and address translators on the way from the camera by sending
    /// towards it: an RTP packet without payload, and a report of nothing.
    pub fn knock(&mut self, host: &str, ssrc: u32, name: &str) {
        let Link::Unicast(datagrams, Some((rtp, rtcp))) = &mut self.link else {
            return;
        };
        if *rtp >= FIRST_PORT {
            let mut packet = vec![0x80, self.payload_type, 0, 0, 0, 0, 0, 0];
            packet.extend(ssrc.to_be_bytes());
            datagrams.send(Component::Rtp, host, *rtp, &packet);
        }
        if *rtcp >= FIRST_PORT {
            let report = receiver_report(ssrc, None, name);
            datagrams.send(Component::Rtcp, host, *rtcp, &report);
        }
    }

    /// Reports how the stream is received. What is to be sent on the connection, with its
    /// channel.
    pub fn report(
        &mut self,
        host: Option<&str>,
        ssrc: u32,
        name: &str,
        now: Microseconds,
    ) -> Option<(u8, Vec<u8>)> {
        let block = self.reception.block(now);
        let report = receiver_report(ssrc, block.as_ref(), name);
        match &mut self.link {
            Link::Interleaved([_, rtcp]) => Some((*rtcp, report)),
            Link::Unicast(datagrams, announced) => {
                let port = announced.map(|(_, rtcp)| rtcp).or(self.rtcp_from);
                if let (Some(host), Some(port)) = (host, port.filter(|port| *port >= FIRST_PORT)) {
                    datagrams.send(Component::Rtcp, host, port, &report);
                }
                None
            }
            Link::Group(_) => None,
        }
    }
}
