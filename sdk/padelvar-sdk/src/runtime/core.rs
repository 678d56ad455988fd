//! What a session's futures share: the clock, what is to be answered, and what came
//! in and was not taken yet.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::buffer::{Buffer, Chunk};
use crate::error::Error;
use crate::headers::Headers;
use crate::wit::{Command, Datagram, Event, Microseconds, Packet, TimerRequest};

/// Unread bytes of one connection or answer. An adapter that does not read must not
/// fill its 64 MiB with what a camera pours in.
const MAX_UNREAD_BYTES: usize = 16 * 1024 * 1024;

/// One TCP connection.
#[derive(Debug, Default)]
pub(crate) struct Link {
    pub open: bool,
    /// Why nothing more will come.
    pub end: Option<Error>,
    pub buffer: Buffer,
    /// Bytes ever received, and how many of them `fill` has told of.
    pub received: u64,
    pub reported: u64,
}

/// One HTTP request.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub answer: Option<(u16, Headers)>,
    pub parts: VecDeque<Chunk>,
    pub unread: usize,
    pub complete: bool,
    pub error: Option<Error>,
}

/// One pair of UDP ports.
#[derive(Debug, Default)]
pub(crate) struct Port {
    /// Of RTP and RTCP, once they are bound.
    pub numbers: Option<(u16, u16)>,
    /// Why nothing more will come.
    pub end: Option<Error>,
    pub unread: VecDeque<Datagram>,
    /// What `unread` takes up, bytes.
    weight: usize,
    pub dropped: u64,
}

impl Port {
    /// What a datagram takes up beside its bytes: a flood of empty ones fills memory, too.
    const OVERHEAD_BYTES: usize = 128;

    /// Drops what does not fit any more: losses are what UDP's users are prepared for.
    fn push(&mut self, datagram: Datagram) {
        let weight = Self::OVERHEAD_BYTES + datagram.bytes.len();
        if self.weight + weight > MAX_UNREAD_BYTES {
            self.dropped += 1;
        } else {
            self.weight += weight;
            self.unread.push_back(datagram);
        }
    }

    pub fn take(&mut self) -> Option<Datagram> {
        let datagram = self.unread.pop_front()?;
        self.weight -= Self::OVERHEAD_BYTES + datagram.bytes.len();
        Some(datagram)
    }
}

#[derive(Debug)]
struct Alarm {
    at: Microseconds,
    rung: bool,
}

/// The shared state of one session.
#[derive(Debug, Default)]
pub(crate) struct Core {
    pub now: Microseconds,
    pub stopped: bool,
    /// Whether anybody ever asked for `stopped`.
    pub stop_watched: bool,
    commands: Vec<Command>,
    packets: Vec<Packet>,
    links: BTreeMap<u32, Rc<RefCell<Link>>>,
    requests: BTreeMap<u32, Rc<RefCell<Pending>>>,
    ports: BTreeMap<u32, Rc<RefCell<Port>>>,
    alarms: BTreeMap<u32, Alarm>,
    last_id: u32,
}

impl Core {
    /// A number that nothing of this session had before.
    pub fn next_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// Adds a command; packets said before it stay before it where the order counts.
    pub fn command(&mut self, command: Command) {
        if matches!(
            command,
            Command::Tracks(_) | Command::Fail(_) | Command::Finished
        ) {
            self.flush_packets();
        }
        self.commands.push(command);
    }

    pub fn packet(&mut self, packet: Packet) {
        self.packets.push(packet);
    }

    fn flush_packets(&mut self) {
        if !self.packets.is_empty() {
            let packets = core::mem::take(&mut self.packets);
            self.commands.push(Command::Packets(packets));
        }
    }

    /// The answer to the event.
    pub fn take_commands(&mut self) -> Vec<Command> {
        self.flush_packets();
        core::mem::take(&mut self.commands)
    }

    pub fn open_link(&mut self) -> (u32, Rc<RefCell<Link>>) {
        let id = self.next_id();
        let link = Rc::new(RefCell::new(Link::default()));
        self.links.insert(id, Rc::clone(&link));
        (id, link)
    }

    pub fn drop_link(&mut self, id: u32) {
        let over = self
            .links
            .remove(&id)
            .is_some_and(|link| link.borrow().end.is_some());
        if !over {
            self.command(Command::Close(id));
        }
    }

    pub fn open_request(&mut self) -> (u32, Rc<RefCell<Pending>>) {
        let id = self.next_id();
        let pending = Rc::new(RefCell::new(Pending::default()));
        self.requests.insert(id, Rc::clone(&pending));
        (id, pending)
    }

    pub fn drop_request(&mut self, id: u32) {
        let over = self.requests.remove(&id).is_some_and(|pending| {
            let pending = pending.borrow();
            pending.complete || pending.error.is_some()
        });
        if !over {
            self.command(Command::Cancel(id));
        }
    }

    pub fn open_port(&mut self) -> (u32, Rc<RefCell<Port>>) {
        let id = self.next_id();
        let port = Rc::new(RefCell::new(Port::default()));
        self.ports.insert(id, Rc::clone(&port));
        (id, port)
    }

    pub fn drop_port(&mut self, id: u32) {
        let never_bound = self.ports.remove(&id).is_some_and(|port| {
            let port = port.borrow();
            port.end.is_some() && port.numbers.is_none()
        });
        if !never_bound {
            self.command(Command::Unbind(id));
        }
    }

    pub fn set_alarm(&mut self, id: u32, at: Microseconds) {
        let alarm = Alarm { at, rung: false };
        self.alarms.insert(id, alarm);
        self.command(Command::SetTimer(TimerRequest { id, at }));
    }

    /// Whether the alarm's time has come. Both the clock and the event count: the
    /// event of a timer may carry a `now` that was taken a little before it.
    pub fn alarm_rung(&self, id: u32) -> bool {
        self.alarms
            .get(&id)
            .is_some_and(|alarm| alarm.rung || alarm.at <= self.now)
    }

    pub fn clear_alarm(&mut self, id: u32) {
        let Some(alarm) = self.alarms.remove(&id) else {
            return;
        };
        if alarm.rung {
            return;
        }
        // An alarm that was set and given up within one call need not be mentioned.
        let unsent = |command: &Command| matches!(command, Command::SetTimer(set) if set.id == id);
        let before = self.commands.len();
        self.commands.retain(|command| !unsent(command));
        if self.commands.len() == before {
            self.command(Command::ClearTimer(id));
        }
    }

    /// Takes in what happened. Events about things that were given up are ignored.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Connected(id) => self.with_link(id, |link| link.open = true),
            Event::Received(piece) => {
                let mut full = false;
                self.with_link(piece.connection, |link| {
                    if link.end.is_some() {
                        return;
                    }
                    link.received += piece.bytes.len() as u64;
                    link.buffer.push(piece.bytes, piece.arrived);
                    full = link.buffer.len() > MAX_UNREAD_BYTES;
                    link.end = full.then(unread);
                });
                if full {
                    self.command(Command::Close(piece.connection));
                }
            }
            Event::Closed(id) => self.with_link(id, |link| {
                let reason = || Error::protocol("the camera closed the connection");
                link.end.get_or_insert_with(reason);
            }),
            Event::Failed(failure) => self.with_link(failure.connection, |link| {
                link.end.get_or_insert_with(|| failure.error.into());
            }),
            Event::Response(response) => {
                let headers = response
                    .headers
                    .into_iter()
                    .map(|field| (field.name, field.value));
                let answer = (response.status, headers.collect());
                self.with_request(response.id, |pending| pending.answer = Some(answer));
            }
            Event::Body(part) => {
                let mut full = false;
                self.with_request(part.id, |pending| {
                    if pending.error.is_some() {
                        return;
                    }
                    pending.complete |= part.last;
                    pending.unread += part.bytes.len();
                    full = pending.unread > MAX_UNREAD_BYTES;
                    pending.error = full.then(unread);
                    if !full && !part.bytes.is_empty() {
                        let (bytes, arrived) = (part.bytes, part.arrived);
                        pending.parts.push_back(Chunk { bytes, arrived });
                    }
                });
                if full {
                    self.command(Command::Cancel(part.id));
                }
            }
            Event::RequestFailed(failure) => self.with_request(failure.id, |pending| {
                pending.error.get_or_insert_with(|| failure.error.into());
            }),
            Event::Timer(id) => {
                if let Some(alarm) = self.alarms.get_mut(&id) {
                    alarm.rung = true;
                }
            }
            Event::Stop => self.stopped = true,
            Event::Bound(bound) => self.with_port(bound.port, |port| {
                port.numbers = Some((bound.rtp_port, bound.rtcp_port));
            }),
            Event::Datagrams(received) => self.with_port(received.port, |port| {
                received
                    .datagrams
                    .into_iter()
                    .for_each(|datagram| port.push(datagram));
            }),
            Event::PortFailed(failure) => self.with_port(failure.port, |port| {
                port.end.get_or_insert_with(|| failure.error.into());
            }),
            Event::Start | Event::Extra(_) => {}
        }
    }

    fn with_link(&self, id: u32, change: impl FnOnce(&mut Link)) {
        if let Some(link) = self.links.get(&id) {
            change(&mut link.borrow_mut());
        }
    }

    fn with_port(&self, id: u32, change: impl FnOnce(&mut Port)) {
        if let Some(port) = self.ports.get(&id) {
            change(&mut port.borrow_mut());
        }
    }

    fn with_request(&self, id: u32, change: impl FnOnce(&mut Pending)) {
        if let Some(pending) = self.requests.get(&id) {
            change(&mut pending.borrow_mut());
        }
    }
}

fn unread() -> Error {
    Error::protocol("more than 16 MiB came unread")
}
