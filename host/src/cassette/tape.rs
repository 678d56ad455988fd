//! Keeps a conversation while it goes on: all of it, or its beginning and its last seconds.
//!
//! Events are shared with the call that hands them over, pictures are only measured, so keeping
//! a conversation copies next to nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use super::command::{Said, weight};
use crate::plugins::types::{Command, Event};

/// The beginning of a conversation that is always kept, bytes: log-in and description of the
/// streams, without which nothing after it means much.
const HEAD_BYTES: usize = 256 << 10;
/// The last part of it, bytes. With the head it bounds what a session holds; at 2 Mbit/s it is
/// 8 seconds.
const TAIL_BYTES: usize = 2 << 20;
/// The last part of it, microseconds.
const TAIL_US: u64 = 10_000_000;
/// A whole conversation, bytes: stops a recording from filling the memory.
const WHOLE_BYTES: usize = 64 << 20;
/// Commands of one answer that are kept, bytes: stops an adapter that answers giants from
/// having them copied.
const ANSWER_BYTES: usize = 64 << 10;
/// What a turn takes up beside its bytes.
const TURN_BYTES: usize = 160;

/// An event and what was answered.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Counts from 0.
    pub number: u64,
    /// Time of the call, microseconds.
    pub now_us: u64,
    /// What happened.
    pub event: Arc<Event>,
    /// What the adapter answered; none where it did not come back.
    pub said: Option<Vec<Said>>,
    bytes: usize,
}

/// The conversation of one session so far.
#[derive(Debug)]
pub struct Tape {
    seed: [u8; 32],
    /// Most bytes of the beginning, and of what follows.
    limits: (usize, usize),
    digests: bool,
    head: Vec<Turn>,
    head_bytes: usize,
    tail: VecDeque<Turn>,
    tail_bytes: usize,
    turns: u64,
}

impl Tape {
    /// Keeps the beginning and the last seconds.
    pub fn ring(seed: [u8; 32]) -> Self {
        Self::new(seed, (HEAD_BYTES, TAIL_BYTES), false)
    }

    /// Keeps everything until it is [full](Self::is_full), with digests of the pictures.
    pub fn whole(seed: [u8; 32]) -> Self {
        Self::new(seed, (WHOLE_BYTES, 0), true)
    }

    fn new(seed: [u8; 32], limits: (usize, usize), digests: bool) -> Self {
        Self {
            seed,
            limits,
            digests,
            head: Vec::new(),
            head_bytes: 0,
            tail: VecDeque::new(),
            tail_bytes: 0,
            turns: 0,
        }
    }

    /// The seed of the session's random numbers.
    pub fn seed(&self) -> [u8; 32] {
        self.seed
    }

    /// Whether a tape that is to be whole has no room left.
    pub fn is_full(&self) -> bool {
        self.head_bytes >= self.limits.0 && self.limits.1 == 0
    }

    /// An event that is about to be handed over.
    pub fn event(&mut self, now_us: u64, event: &Arc<Event>) {
        let bytes = TURN_BYTES + event_bytes(event);
        let turn = Turn {
            number: self.turns,
            now_us,
            event: Arc::clone(event),
            said: None,
            bytes,
        };
        self.turns += 1;
        if self.tail.is_empty() && self.tail_bytes == 0 && self.head_bytes < self.limits.0 {
            self.head_bytes += bytes;
            self.head.push(turn);
            return;
        }
        if self.limits.1 == 0 {
            return;
        }
        self.tail_bytes += bytes;
        self.tail.push_back(turn);
        self.forget(now_us);
    }

    /// What was answered to it.
    pub fn answer(&mut self, commands: &[Command]) {
        let weights = commands.iter().map(weight).sum::<usize>();
        let said = if weights > ANSWER_BYTES {
            vec![Said::Cut(commands.len())]
        } else {
            commands
                .iter()
                .flat_map(|command| Said::of(command, self.digests))
                .collect()
        };
        let weights = weights.min(ANSWER_BYTES);
        let last = self.turns.saturating_sub(1);
        let (turn, total) = match self.tail.back_mut() {
            Some(turn) => (turn, &mut self.tail_bytes),
            None => match self.head.last_mut() {
                Some(turn) => (turn, &mut self.head_bytes),
                None => return,
            },
        };
        if turn.number == last {
            turn.said = Some(said);
            turn.bytes += weights;
            *total += weights;
        }
    }

    /// The turns that are kept, in order. Where numbers are missing, some were not.
    pub fn into_turns(self) -> Vec<Turn> {
        self.head.into_iter().chain(self.tail).collect()
    }

    /// Lets the oldest go; the newest stays, however large it is.
    fn forget(&mut self, now_us: u64) {
        while self.tail.len() > 1 {
            let Some(oldest) = self.tail.front() else {
                return;
            };
            let old = oldest.now_us.saturating_add(TAIL_US) < now_us;
            if !old && self.tail_bytes <= self.limits.1 {
                return;
            }
            self.tail_bytes -= oldest.bytes;
            self.tail.pop_front();
        }
    }
}

/// What an event takes up in memory, about.
fn event_bytes(event: &Event) -> usize {
    match event {
        Event::Received(it) => it.bytes.capacity(),
        Event::Body(it) => it.bytes.capacity(),
        Event::Datagrams(it) => it.datagrams.iter().map(|it| 96 + it.bytes.capacity()).sum(),
        Event::Response(it) => it
            .headers
            .iter()
            .map(|it| 64 + it.name.len() + it.value.len())
            .sum(),
        Event::Failed(it) => it.error.message.len(),
        Event::PortFailed(it) => it.error.message.len(),
        Event::RequestFailed(it) => it.error.message.len(),
        Event::Extra(it) => it.name.len() + it.bytes.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::types::{LogLevel, LogLine, ReceivedBytes};

    fn received(bytes: usize) -> Arc<Event> {
        Arc::new(Event::Received(ReceivedBytes {
            connection: 1,
            bytes: vec![7; bytes],
            arrived: 0,
        }))
    }

    fn numbers(tape: Tape) -> Vec<u64> {
        tape.into_turns().iter().map(|turn| turn.number).collect()
    }

    #[test]
    fn a_short_conversation_is_whole() {
        let mut tape = Tape::ring([0; 32]);
        for turn in 0..100 {
            tape.event(turn * 1000, &received(1000));
            tape.answer(&[Command::Finished]);
        }
        let turns = tape.into_turns();
        assert!(turns.iter().map(|turn| turn.number).eq(0..100));
        assert!(
            turns
                .iter()
                .all(|turn| turn.said.as_ref().unwrap().len() == 1)
        );
    }

    #[test]
    fn of_a_long_one_the_middle_goes() {
        let mut tape = Tape::ring([0; 32]);
        for turn in 0..10_000 {
            tape.event(turn * 1000, &received(10_000));
            assert!(tape.head_bytes + tape.tail_bytes <= HEAD_BYTES + TAIL_BYTES + 20_000);
        }
        let numbers = numbers(tape);
        assert_eq!(numbers[0], 0);
        assert_eq!(numbers.last(), Some(&9_999));
        let gap = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1);
        assert_eq!(gap.count(), 1, "{numbers:?}");
    }

    #[test]
    fn what_is_old_goes() {
        let mut tape = Tape::ring([0; 32]);
        for turn in 0..1000 {
            tape.event(turn * 1_000_000, &received(1000));
        }
        let tail: Vec<u64> = numbers(tape).into_iter().filter(|n| *n > 500).collect();
        assert_eq!(tail, (989..1000).collect::<Vec<_>>());
    }

    #[test]
    fn giants_are_not_copied() {
        let mut tape = Tape::ring([0; 32]);
        tape.event(0, &Arc::new(Event::Start));
        let line = Command::Log(LogLine {
            level: LogLevel::Info,
            message: "x".repeat(100_000),
        });
        tape.answer(&[line, Command::Finished]);
        assert_eq!(tape.into_turns()[0].said, Some(vec![Said::Cut(2)]));
    }

    #[test]
    fn an_event_that_was_not_answered_is_kept() {
        let mut tape = Tape::ring([0; 32]);
        tape.event(0, &Arc::new(Event::Start));
        tape.answer(&[]);
        tape.event(5, &received(4 << 20));
        let turns = tape.into_turns();
        assert_eq!(turns.len(), 2);
        assert_eq!(turns[1].said, None);
    }

    #[test]
    fn a_whole_tape_ends_when_it_is_full() {
        let mut tape = Tape::whole([0; 32]);
        while !tape.is_full() {
            tape.event(0, &received(8 << 20));
        }
        tape.event(1, &received(1));
        tape.answer(&[Command::Finished]);
        assert!(numbers(tape).len() <= 9);
    }
}
