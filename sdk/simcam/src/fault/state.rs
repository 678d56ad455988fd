//! The faults in force, shared by all clients of one camera.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Fault;
use crate::rng::Rng;

/// Faults that strike once and are still to come; more are not kept, so that a
/// loop that injects cannot grow the list without end.
const MAX_WAITING: usize = 10_000;

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
    /// What falls due in the stall is sent after it.
    stall_keeps: bool,
    slow: Option<(usize, Duration, Instant)>,
    jump: i64,
    loss: f64,
    drop_next: u32,
    once: VecDeque<Once>,
    redirect: Option<String>,
    rng: Rng,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                stall_until: None,
                stall_keeps: false,
                slow: None,
                jump: 0,
                loss: 0.0,
                drop_next: 0,
                once: VecDeque::new(),
                redirect: None,
                rng: Rng::new(0x5EED),
            }),
            close: watch::Sender::new(0),
            refuse: watch::Sender::new(None),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
            Fault::LossRate(rate) => state.loss = rate,
            Fault::DropNext(count) => state.drop_next = state.drop_next.saturating_add(count),
            Fault::TruncateFrame => state.wait(Once::TruncateFrame),
            Fault::TruncateMessage => state.wait(Once::TruncateMessage),
            Fault::LengthLie(says) => state.wait(Once::LengthLie(says)),
            Fault::GiantHeader(bytes) => state.wait(Once::GiantHeader(bytes)),
            Fault::Garbage(bytes) => state.wait(Once::Garbage(bytes)),
            Fault::Redirect(url) => state.redirect = url,
        }
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

    /// Sum of all timestamp jumps so far, in ticks of 90 kHz.
    pub(crate) fn jump(&self) -> i64 {
        self.state().jump
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
