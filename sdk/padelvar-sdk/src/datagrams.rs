//! UDP: a pair of ports (RTP and RTCP), or a multicast group.

use core::future::poll_fn;
use core::task::Poll;
use std::cell::RefCell;
use std::rc::Rc;

use crate::error::Error;
use crate::io::Io;
use crate::runtime::{Core, Port};
use crate::wit::{Command, Component, Datagram, DatagramToSend, MulticastRequest};

/// Two neighbouring ports of the host, or those of a multicast group. Given up when it is
/// dropped. Only what the camera's own host, hosts of `reach` or senders to the joined group
/// sent comes in.
#[derive(Debug)]
pub struct Datagrams {
    io: Io,
    id: u32,
    port: Rc<RefCell<Port>>,
}

impl Datagrams {
    pub(crate) async fn bind(io: &Io) -> Result<Self, Error> {
        Self::open(io, Command::BindDatagramPair).await
    }

    pub(crate) async fn join(
        io: &Io,
        group: &str,
        rtp_port: u16,
        source: Option<&str>,
    ) -> Result<Self, Error> {
        let (group, source) = (group.to_owned(), source.map(str::to_owned));
        Self::open(io, |port| {
            Command::JoinMulticast(MulticastRequest {
                port,
                group,
                rtp_port,
                source,
            })
        })
        .await
    }

    async fn open(io: &Io, command: impl FnOnce(u32) -> Command) -> Result<Self, Error> {
        let (id, port) = io.with(Core::open_port);
        let this = Self {
            io: io.clone(),
            id,
            port,
        };
        io.command(command(id));
        poll_fn(|_| {
            let port = this.port.borrow();
            match (&port.numbers, &port.end) {
                (Some(_), _) => Poll::Ready(Ok(())),
                (None, Some(error)) => Poll::Ready(Err(error.clone())),
                (None, None) => Poll::Pending,
            }
        })
        .await?;
        Ok(this)
    }

    /// Numbers of the local ports for RTP and RTCP; of a group, the group's own.
    pub fn ports(&self) -> (u16, u16) {
        self.port.borrow().numbers.unwrap_or_default()
    }

    /// Sends one datagram to a name or literal address, from one of the two ports. The host
    /// lets a few hundred a second through; more ends the session. An address that is not
    /// granted breaks these ports, see [`Datagrams::failure`].
    pub fn send(&mut self, component: Component, host: &str, to_port: u16, bytes: &[u8]) {
        self.io.command(Command::SendDatagram(DatagramToSend {
            port: self.id,
            component,
            host: host.to_owned(),
            to_port,
            bytes: bytes.to_vec(),
        }));
    }

    /// The next datagram that is there, in the order of arrival.
    pub fn take(&mut self) -> Option<Datagram> {
        self.port.borrow_mut().take()
    }

    /// Whether datagrams are there.
    pub fn is_filled(&self) -> bool {
        !self.port.borrow().unread.is_empty()
    }

    /// How many datagrams were dropped since the last call, because more than 16 MiB were
    /// not taken.
    pub fn dropped(&mut self) -> u64 {
        core::mem::take(&mut self.port.borrow_mut().dropped)
    }

    /// Why nothing more will come, where the ports broke. What came before can be taken.
    pub fn failure(&self) -> Option<Error> {
        self.port.borrow().end.clone()
    }

    /// Waits until datagrams are there; an error when none are and none will come.
    pub async fn fill(&mut self) -> Result<(), Error> {
        poll_fn(|_| {
            let port = self.port.borrow();
            match &port.end {
                _ if !port.unread.is_empty() => Poll::Ready(Ok(())),
                Some(error) => Poll::Ready(Err(error.clone())),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Waits for the next datagram.
    pub async fn receive(&mut self) -> Result<Datagram, Error> {
        loop {
            if let Some(datagram) = self.take() {
                return Ok(datagram);
            }
            self.fill().await?;
        }
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        self.io.with(|core| core.drop_port(self.id));
    }
}
