//! The faults in force, shared by all clients of one camera.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{Fault, Network, Spoil};
use crate::rng::Rng;

/// Faults that strike once and are still to come; more are not kept, so that a
/// loop that injects cannot grow the list without end.
const MAX_WAITING: usize = 10_000;
/// RTP ticks a second (RFC 6184 8.2.1).
const CLOCK_RATE: f64 = 90_000.0;

/// A fault that strikes the next message that it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Once {
    TruncateFrame,
    TruncateMessage,
    LengthLie(u64),
    GiantHeader(usize),
    Garbage(usize),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Faults {
    state: Mutex<State>,
    close: watch::Sender<u64>,
    refuse: watch::Sender<Option<Instant>>,
}

#[derive(Debug)]
struct State {
    stall_until: Option<Instant>,
    muted_until: Option<Instant>,
    /// What falls due in the stall is sent after it.
    stall_keeps: bool,
    slow: Option<(usize, Duration, Instant)>,
    jump: i64,
    rate: Rate,
    loss: f64,
    network: Network,
    drop_next: u32,
    reorder_next: u32,
    spoil: Option<(Spoil, Instant)>,
    once: VecDeque<Once>,
    redirect: Option<String>,
    most_clients: usize,
    rng: Rng,
}

/// How RTP's clock runs since when, and what it had won by then, in ticks.
#[derive(Debug, Clone, Copy)]
struct Rate {
    times: f64,
    since: Instant,
    won: f64,
}

impl Rate {
    /// Ticks by which the clock is ahead of a right one; what was due before the last change is
    /// not touched by it.
    fn ahead(&self, at: Instant) -> f64 {
        let passed = at.saturating_duration_since(self.since).as_secs_f64();
        self.won + passed * (self.times - 1.0) * CLOCK_RATE
    }
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                stall_until: None,
                muted_until: None,
                stall_keeps: false,
                slow: None,
                jump: 0,
                rate: Rate {
                    times: 1.0,
                    since: Instant::now(),
                    won: 0.0,
                },
                loss: 0.0,
                network: Network::default(),
                drop_next: 0,
                reorder_next: 0,
                spoil: None,
                once: VecDeque::new(),
                redirect: None,
                most_clients: usize::MAX,
                rng: Rng::new(0x5EED),
            }),
            close: watch::Sender::new(0),
            refuse: watch::Sender::new(None),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clients at a time that there is room for.
    pub(crate) fn most_clients(&self) -> usize {
        self.state().most_clients
    }

    /// Puts a fault in force. A password is the camera's own matter.
    pub(crate) fn inject(&self, fault: Fault) {
        let now = Instant::now();
        let mut state = self.state();
        match fault {
            Fault::Close | Fault::Password(_) => self.close.send_modify(|n| *n += 1),
            Fault::Stall(lasting) => {
                state.stall_until = now.checked_add(lasting);
                state.stall_keeps = false;
            }
            Fault::Mute(lasting) => state.muted_until = now.checked_add(lasting),
            Fault::Late(lasting) => {
                state.stall_until = now.checked_add(lasting);
                state.stall_keeps = true;
            }
            Fault::Refuse(lasting) => drop(self.refuse.send_replace(now.checked_add(lasting))),
            Fault::Outage(lasting) => {
                // The listener first, or a client that is dropped comes back.
                self.refuse.send_replace(now.checked_add(lasting));
                self.close.send_modify(|n| *n += 1);
            }
            Fault::MostClients(count) => state.most_clients = count,
            Fault::SlowBytes {
                bytes,
                pause,
                lasting,
            } => {
                state.slow = now
                    .checked_add(lasting)
                    .map(|end| (bytes.max(1), pause, end));
            }
            Fault::TimestampJump(ticks) => state.jump = state.jump.wrapping_add(ticks),
            Fault::ClockRate(times) => {
                let won = state.rate.ahead(now);
                state.rate = Rate {
                    times,
                    since: now,
                    won,
                };
            }
            Fault::Reorder(count) => {
                state.reorder_next = state.reorder_next.saturating_add(count);
            }
            Fault::Noise(lasting) => state.spoil_for(Spoil::Noise, now, lasting),
            Fault::Rubbish(lasting) => state.spoil_for(Spoil::Rubbish, now, lasting),
            Fault::LossRate(rate) => state.loss = rate,
            Fault::Network(network) => state.network = network,
            Fault::DropNext(count) => state.drop_next = state.drop_next.saturating_add(count),
            Fault::TruncateFrame => state.wait(Once::TruncateFrame),
            Fault::TruncateMessage => state.wait(Once::TruncateMessage),
            Fault::LengthLie(says) => state.wait(Once::LengthLie(says)),
            Fault::GiantHeader(bytes) => state.wait(Once::GiantHeader(bytes)),
            Fault::Garbage(bytes) => state.wait(Once::Garbage(bytes)),
            Fault::Redirect(url) => state.redirect = url,
        }
    }

    /// What is between the camera and clients over UDP.
    pub(crate) fn network(&self) -> Network {
        self.state().network
    }

    /// Changes when all clients are to be dropped.
    pub(crate) fn closing(&self) -> watch::Receiver<u64> {
        self.close.subscribe()
    }

    /// Until when the listener is to be closed.
    pub(crate) fn refusing(&self) -> watch::Receiver<Option<Instant>> {
        self.refuse.subscribe()
    }

    /// Whether something that was due then fell into a stall that is over.
    pub(crate) fn fell_into_stall(&self, due: Instant) -> bool {
        let state = self.state();
        !state.stall_keeps && state.stall_until.is_some_and(|end| due < end)
    }

    /// Whether sound that was due then is not sent.
    pub(crate) fn is_mute(&self, due: Instant) -> bool {
        self.state().muted_until.is_some_and(|end| due < end)
    }

    pub(crate) fn stalled_until(&self) -> Option<Instant> {
        self.state().stall_until.filter(|end| *end > Instant::now())
    }

    /// Bytes a write and the pause after it.
    pub(crate) fn slow(&self) -> Option<(usize, Duration)> {
        let slow = self
            .state()
            .slow
            .filter(|(_, _, end)| *end > Instant::now());
        slow.map(|(bytes, pause, _)| (bytes, pause))
    }

    /// By how much the RTP timestamp of something taken then is off, in ticks of 90 kHz: the sum
    /// of all jumps so far, and what the clock's rate made of the time.
    pub(crate) fn off(&self, at: Instant) -> i64 {
        let state = self.state();
        state.jump.wrapping_add(state.rate.ahead(at) as i64)
    }

    /// What becomes of the pictures that go out now.
    pub(crate) fn spoil(&self) -> Option<Spoil> {
        let spoil = self.state().spoil;
        let lasts = spoil.filter(|(_, end)| *end > Instant::now());
        lasts.map(|(spoil, _)| spoil)
    }

    /// Whether the packet that is about to go out changes places with the next one.
    pub(crate) fn reorders(&self) -> bool {
        let mut state = self.state();
        let reorders = state.reorder_next > 0;
        state.reorder_next = state.reorder_next.saturating_sub(1);
        reorders
    }

    pub(crate) fn redirect(&self) -> Option<String> {
        self.state().redirect.clone()
    }

    /// Whether the packet or frame that is about to go out gets lost.
    pub(crate) fn loses(&self) -> bool {
        let mut state = self.state();
        if state.drop_next > 0 {
            state.drop_next -= 1;
            return true;
        }
        let rate = state.loss;
        rate > 0.0 && state.rng.chance(rate)
    }

    /// Takes the first waiting fault of a kind.
    pub(crate) fn take<T>(&self, fits: impl Fn(&Once) -> Option<T>) -> Option<T> {
        let mut state = self.state();
        let (place, taken) = state
            .once
            .iter()
            .enumerate()
            .find_map(|(i, f)| Some((i, fits(f)?)))?;
        state.once.remove(place);
        Some(taken)
    }

    pub(crate) fn random(&self, bytes: usize) -> Vec<u8> {
        self.state().rng.bytes(bytes)
    }
}

impl State {
    fn spoil_for(&mut self, spoil: Spoil, now: Instant, lasting: Duration) {
        self.spoil = now.checked_add(lasting).map(|end| (spoil, end));
    }

    fn wait(&mut self, fault: Once) {
        if self.once.len() < MAX_WAITING {
            self.once.push_back(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Once};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_stall_ends_by_itself() {
        let faults = Faults::new();
        faults.inject(Fault::Stall(Duration::from_secs(2)));
        assert!(faults.stalled_until().is_some());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(faults.stalled_until().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_of_another_rate() {
        let faults = Faults::new();
        let start = tokio::time::Instant::now();
        let off = |seconds: u64| faults.off(start + Duration::from_secs(seconds));
        assert_eq!(off(100), 0);
        tokio::time::advance(Duration::from_secs(10)).await;
        faults.inject(Fault::ClockRate(0.0));
        assert_eq!((off(5), off(12)), (0, -180_000));
        tokio::time::advance(Duration::from_secs(2)).await;
        faults.inject(Fault::ClockRate(1.0));
        assert_eq!(off(50), -180_000);
        faults.inject(Fault::TimestampJump(180_000));
        assert_eq!(off(50), 0);
    }

    #[tokio::test]
    async fn drops_are_counted_and_once_is_once() {
        let faults = Faults::new();
        faults.inject(Fault::DropNext(2));
        let lost: Vec<bool> = (0..3).map(|_| faults.loses()).collect();
        assert_eq!(lost, [true, true, false]);
        faults.inject(Fault::TruncateFrame);
        let frame = |f: &Once| (*f == Once::TruncateFrame).then_some(());
        assert!(faults.take(frame).is_some() && faults.take(frame).is_none());
    }
}
