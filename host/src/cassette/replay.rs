//! Plays a cassette to an adapter and compares what comes out with what was recorded.
//!
//! There is no network and no clock: events come from the cassette with the time that they had,
//! so the same build says the same. A newer build may say other things; its tracks and packets
//! must be the recorded ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::command::Said;
use super::file::{Cassette, How, Recorded, Step};
use crate::plugins::types::{Command, Event};
use crate::plugins::{Adapter, Guest, GuestError, one_line, reason};

/// Differences that are told one by one; all are counted.
const TOLD: usize = 20;
/// Characters of a command that are shown.
const SHOWN_CHARS: usize = 200;
/// Places behind a gap where the conversation is taken up again, at most: the first ones may
/// lie in the middle of a message.
const LANDINGS: usize = 64;

/// Something that was not as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Number of the event.
    pub event: u64,
    /// What was recorded and what came.
    pub message: String,
}

/// What came of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// Events that were played.
    pub events: u64,
    /// Packets that came.
    pub packets: u64,
    /// Keyframes among them.
    pub keyframes: u64,
    /// Whether the adapter is the very one that was recorded.
    pub same_build: bool,
    /// Events that the cassette does not have; after them the adapter may not find its way.
    pub missing: u64,
    /// How many events at the gap were left out to find a message's beginning.
    pub left_out: u64,
    /// The first track or packet that was not as recorded.
    pub media: Option<Difference>,
    /// Where the adapter began to ask for something else than what was recorded.
    pub diverged: Option<Difference>,
    /// The adapter was stopped.
    pub crashed: Option<Difference>,
    /// How many other commands were not as recorded.
    pub others: u64,
    /// The first of these.
    pub differences: Vec<Difference>,
    /// What the recording ended with, for people.
    pub recorded_end: String,
}

impl Replay {
    /// Whether what counts was as recorded, and nothing crashed.
    pub fn is_good(&self) -> bool {
        self.media.is_none() && self.diverged.is_none() && self.crashed.is_none()
    }
}

/// Plays a cassette to an adapter.
pub async fn replay(adapter: &Arc<Adapter>, cassette: &Cassette) -> Result<Replay, GuestError> {
    let gap = cassette
        .steps
        .iter()
        .position(|step| matches!(step, Step::Gap { .. }));
    let Some(gap) = gap else {
        return pass(adapter, cassette, None).await;
    };
    // Behind a gap the first bytes may be the middle of a message. The best landing is the
    // first that leads to the recorded crash, else the one that leads farthest.
    let mut best: Option<Replay> = None;
    let recorded_crash = cassette
        .end
        .as_ref()
        .is_some_and(|end| end.how == How::Crashed);
    for landing in 0..LANDINGS.min(cassette.steps.len() - gap - 1) {
        let tried = pass(adapter, cassette, Some((gap, landing))).await?;
        let done = tried.is_good() || (recorded_crash && tried.crashed.is_some());
        let better = best.as_ref().is_none_or(|best| {
            (done, tried.events + tried.left_out) > (false, best.events + best.left_out)
        });
        if better {
            best = Some(tried);
        }
        if done {
            break;
        }
    }
    match best {
        Some(best) => Ok(best),
        None => pass(adapter, cassette, None).await,
    }
}

/// One way through. `landing`: the gap's place, and how many turns behind it are left out.
async fn pass(
    adapter: &Arc<Adapter>,
    cassette: &Cassette,
    landing: Option<(usize, usize)>,
) -> Result<Replay, GuestError> {
    let guest = Guest::start(Arc::clone(adapter), cassette.camera.clone(), cassette.seed)?;
    let mut comparison = Comparison::new(adapter, cassette);
    for (at, step) in cassette.steps.iter().enumerate() {
        let turn = match step {
            Step::Gap { events, .. } => {
                comparison.over_gap(*events);
                continue;
            }
            Step::Turn(turn) => turn,
        };
        if landing.is_some_and(|(gap, leave)| at > gap && at <= gap + leave) {
            comparison.replay.left_out += 1;
            continue;
        }
        if !comparison.event(turn) {
            break;
        }
        let event = Arc::new(turn.event.clone());
        match guest.handle(turn.now_us, event).await {
            Ok(answer) => {
                if !comparison.answer(turn, &answer.commands) {
                    break;
                }
            }
            Err(error) => {
                comparison.crashed(turn, &error);
                break;
            }
        }
    }
    Ok(comparison.end())
}

/// What was recorded and what came, side by side.
struct Comparison<'a> {
    replay: Replay,
    /// Tracks and packets that were recorded and have not come yet, and the other way round.
    recorded: Vec<(u64, Value)>,
    came: Vec<(u64, Value)>,
    compared: usize,
    /// The same of what is asked of the host.
    asked_then: Vec<(u64, Value)>,
    asked_now: Vec<(u64, Value)>,
    asks_compared: usize,
    /// What is open, so that no answer is played to a question that was never asked.
    open: BTreeSet<(&'static str, u64)>,
    after_gap: bool,
    /// Behind a gap the first pictures may be halves: what comes is compared from the first one
    /// on that was recorded, too.
    in_step: bool,
    cassette: &'a Cassette,
    last_event: u64,
    ended: bool,
}

impl<'a> Comparison<'a> {
    fn new(adapter: &Adapter, cassette: &'a Cassette) -> Self {
        let recorded_end = match &cassette.end {
            None => "the file was cut off".to_owned(),
            Some(end) if end.message.is_empty() => match end.how {
                How::Finished => "the adapter finished".to_owned(),
                How::Stopped => "the recording was ended".to_owned(),
                How::Failed => "the adapter gave up".to_owned(),
                How::Crashed => "the adapter was stopped".to_owned(),
            },
            Some(end) => end.message.clone(),
        };
        Self {
            replay: Replay {
                same_build: adapter.digest() == cassette.digest,
                recorded_end: reason(&recorded_end),
                ..Replay::default()
            },
            recorded: Vec::new(),
            came: Vec::new(),
            compared: 0,
            asked_then: Vec::new(),
            asked_now: Vec::new(),
            asks_compared: 0,
            open: BTreeSet::new(),
            after_gap: false,
            in_step: true,
            cassette,
            last_event: 0,
            ended: false,
        }
    }

    /// What lies before a gap is judged by itself, since what was said in it is not known.
    fn over_gap(&mut self, events: u64) {
        self.settle();
        self.replay.missing += events;
        self.after_gap = true;
        self.in_step = false;
        self.recorded.clear();
        self.came.clear();
        self.compared = 0;
        self.asked_then.clear();
        self.asked_now.clear();
        self.asks_compared = 0;
    }

    /// False where an event answers what this adapter never asked.
    fn event(&mut self, turn: &Recorded) -> bool {
        self.replay.events += 1;
        self.last_event = turn.number;
        let Some(source) = source(&turn.event) else {
            return true;
        };
        if self.after_gap || self.open.contains(&source) {
            return true;
        }
        let then = self.asked_then.get(self.asked_now.len());
        let asked = then.map_or_else(
            || format!("{} {}", source.0, source.1),
            |(_, asked)| question(asked),
        );
        self.diverge(
            turn.number,
            format!("what it was answered here it has not asked for; recorded was {asked}"),
        );
        false
    }

    /// False where going on makes no sense.
    fn answer(&mut self, turn: &Recorded, commands: &[Command]) -> bool {
        let now: Vec<Value> = commands
            .iter()
            .flat_map(|command| Said::of(command, true))
            .map(|said| said.to_json())
            .collect();
        let mut others_now = Vec::new();
        for value in now {
            match kind(&value) {
                Kind::Media => {
                    self.count(&value);
                    self.came.push((turn.number, value));
                }
                Kind::Ask(what, id) => {
                    self.open.insert((what, id));
                    self.asked_now.push((turn.number, value));
                }
                Kind::Other => others_now.push(value),
            }
        }
        let mut others_then = Vec::new();
        let mut cut = false;
        for value in turn.answer.iter().flatten() {
            match kind(value) {
                _ if value.get("cut").is_some() => cut = true,
                Kind::Media => self.recorded.push((turn.number, value.clone())),
                Kind::Ask(..) => self.asked_then.push((turn.number, value.clone())),
                Kind::Other => others_then.push(value.clone()),
            }
        }
        if cut || turn.answer.is_none() {
            // What was recorded here is not known, so nothing can be said of it.
            self.recorded.clear();
            self.came.clear();
            self.compared = 0;
            self.asked_then.clone_from(&self.asked_now);
            self.asks_compared = self.asked_now.len();
        } else {
            self.compare_others(turn.number, &others_then, &others_now);
        }
        self.compare_asks();
        self.compare_media();
        let over = commands
            .iter()
            .any(|command| matches!(command, Command::Fail(_) | Command::Finished));
        let was_over = turn
            .answer
            .iter()
            .flatten()
            .any(|value| value.get("fail").is_some() || value == "finished");
        if over != was_over && !cut && turn.answer.is_some() {
            let ended = commands.iter().find_map(|command| match command {
                Command::Fail(error) => Some(format!("it gave up: {}", reason(&error.message))),
                Command::Finished => Some("it finished".to_owned()),
                _ => None,
            });
            let message = match ended {
                Some(ended) => format!("{ended}, where it went on when it was recorded"),
                None => "it goes on, where it ended when it was recorded".to_owned(),
            };
            self.diverge(turn.number, message);
        }
        self.ended |= over;
        !over && self.replay.diverged.is_none()
    }

    fn crashed(&mut self, turn: &Recorded, error: &GuestError) {
        self.ended = true;
        self.replay.crashed = Some(Difference {
            event: turn.number,
            message: reason(&error.to_string()),
        });
    }

    fn end(mut self) -> Replay {
        if self.replay.crashed.is_none() && self.replay.diverged.is_none() {
            self.settle();
        }
        self.replay
    }

    /// Judges what one side has and the other has not.
    fn settle(&mut self) {
        let uneven = self.in_step && self.recorded.len() != self.came.len();
        if self.replay.media.is_none() && uneven {
            let (event, message) = if self.recorded.len() > self.came.len() {
                let (event, missing) = &self.recorded[self.came.len()];
                (*event, format!("this did not come: {}", shown(missing)))
            } else {
                let (event, further) = &self.came[self.recorded.len()];
                (*event, format!("this was not recorded: {}", shown(further)))
            };
            self.replay.media = Some(Difference { event, message });
        }
        if self.replay.diverged.is_none() && self.asked_then.len() != self.asked_now.len() {
            let (event, message) = if self.asked_then.len() > self.asked_now.len() {
                let (event, missing) = &self.asked_then[self.asked_now.len()];
                (*event, format!("it did not ask for {}", question(missing)))
            } else {
                let (event, further) = &self.asked_now[self.asked_then.len()];
                (
                    *event,
                    format!("it asked for {}, which was not recorded", question(further)),
                )
            };
            self.diverge(event, message);
        }
    }

    fn compare_asks(&mut self) {
        let both = self.asked_then.len().min(self.asked_now.len());
        while self.asks_compared < both && self.replay.diverged.is_none() {
            let (_, then) = &self.asked_then[self.asks_compared];
            let (event, now) = &self.asked_now[self.asks_compared];
            if essence(then) != essence(now) {
                let message = format!(
                    "it asked for {}, recorded was {}",
                    question(now),
                    question(then)
                );
                self.diverge(*event, message);
            } else if then != now {
                let event = *event;
                let message = format!("{} became {}", shown(then), shown(now));
                self.other(event, message);
            }
            self.asks_compared += 1;
        }
    }

    /// Finds the first picture that both have, and forgets what came before it.
    fn fall_in_step(&mut self) {
        let place = self.came.iter().enumerate().find_map(|(now, (_, came))| {
            let mut then = self.recorded.iter();
            let then = then.position(|(_, recorded)| is_picture_of(recorded, came))?;
            Some((then, now))
        });
        if let Some((then, now)) = place {
            self.recorded.drain(..=then);
            self.came.drain(..=now);
            self.in_step = true;
        }
    }

    fn compare_media(&mut self) {
        if !self.in_step {
            self.fall_in_step();
            return;
        }
        let both = self.recorded.len().min(self.came.len());
        while self.compared < both && self.replay.media.is_none() {
            let (_, then) = &self.recorded[self.compared];
            let (event, now) = &self.came[self.compared];
            if !same_media(then, now) {
                self.replay.media = Some(Difference {
                    event: *event,
                    message: format!("{} came, recorded was {}", shown(now), shown(then)),
                });
            } else if arrival(then) != arrival(now) {
                let event = *event;
                let message = format!("{} came, recorded was {}", shown(now), shown(then));
                self.other(event, message);
            }
            self.compared += 1;
        }
    }

    fn compare_others(&mut self, event: u64, then: &[Value], now: &[Value]) {
        for at in 0..then.len().max(now.len()) {
            let message = match (then.get(at), now.get(at)) {
                (Some(then), Some(now)) if then == now => continue,
                (Some(then), Some(now)) => format!("{} became {}", shown(then), shown(now)),
                (Some(then), None) => format!("{} did not come", shown(then)),
                (None, Some(now)) => format!("{} is new", shown(now)),
                (None, None) => continue,
            };
            self.other(event, message);
        }
    }

    fn other(&mut self, event: u64, message: String) {
        self.replay.others += 1;
        if self.replay.differences.len() < TOLD {
            self.replay.differences.push(Difference { event, message });
        }
    }

    fn diverge(&mut self, event: u64, message: String) {
        let message = if self.cassette.is_complete() || !self.after_gap {
            message
        } else {
            format!("{message} (behind a gap of the cassette)")
        };
        self.replay.diverged = Some(Difference { event, message });
    }

    fn count(&mut self, value: &Value) {
        if let Some(packet) = value.get("packet") {
            self.replay.packets += 1;
            self.replay.keyframes += u64::from(packet["keyframe"] == true);
        }
    }
}

enum Kind {
    Media,
    /// Something that events will answer: what, and its number.
    Ask(&'static str, u64),
    Other,
}

fn kind(value: &Value) -> Kind {
    let number = |what: &str, key: &str| value[what][key].as_u64().unwrap_or_default();
    let plain = |what: &str| value[what].as_u64().unwrap_or_default();
    match name(value) {
        "packet" | "tracks" | "reference" => Kind::Media,
        "connect" => Kind::Ask("connection", number("connect", "id")),
        "request" => Kind::Ask("request", number("request", "id")),
        "bind-datagram-pair" => Kind::Ask("port", plain("bind-datagram-pair")),
        "join-multicast" => Kind::Ask("port", number("join-multicast", "port")),
        _ => Kind::Other,
    }
}

fn name(value: &Value) -> &str {
    let member = value.as_object().and_then(|object| object.keys().next());
    member.map_or("", String::as_str)
}

/// Of a question what decides about its answer: a request's headers may change with a version.
fn essence(ask: &Value) -> Value {
    let mut essence = ask.clone();
    if let Some(request) = essence.get_mut("request").and_then(Value::as_object_mut) {
        for key in ["headers", "header_timeout_ms", "idle_timeout_ms"] {
            request.remove(key);
        }
    }
    essence
}

fn same_media(then: &Value, now: &Value) -> bool {
    let measured = |value: &Value, digest: bool| {
        let mut value = value.clone();
        if let Some(packet) = value.get_mut("packet").and_then(Value::as_object_mut) {
            packet.remove("arrived");
            if !digest {
                packet.remove("sha256");
            }
        }
        value
    };
    // A crash's cassette has no digests.
    let digest = then["packet"].get("sha256").is_some();
    measured(then, digest) == measured(now, digest)
}

/// Whether two packets are the same picture; what was lost before it is another question.
fn is_picture_of(then: &Value, now: &Value) -> bool {
    let (then, now) = (&then["packet"], &now["packet"]);
    let same = |key: &str| then[key] == now[key];
    then.is_object()
        && ["track", "timestamp", "keyframe", "bytes"]
            .into_iter()
            .all(same)
}

fn arrival(value: &Value) -> &Value {
    &value["packet"]["arrived"]
}

/// The question that an event answers.
fn source(event: &Event) -> Option<(&'static str, u64)> {
    let (what, id) = match event {
        Event::Connected(id) | Event::Closed(id) => ("connection", *id),
        Event::Received(it) => ("connection", it.connection),
        Event::Failed(it) => ("connection", it.connection),
        Event::Bound(it) => ("port", it.port),
        Event::Datagrams(it) => ("port", it.port),
        Event::PortFailed(it) => ("port", it.port),
        Event::Response(it) => ("request", it.id),
        Event::Body(it) => ("request", it.id),
        Event::RequestFailed(it) => ("request", it.id),
        Event::Start | Event::Stop | Event::Timer(_) | Event::Extra(_) => return None,
    };
    Some((what, u64::from(id)))
}

/// A question for people: what decides about its answer.
fn question(ask: &Value) -> String {
    shown(&essence(ask))
}

/// A command for people.
fn shown(value: &Value) -> String {
    one_line(&value.to_string(), SHOWN_CHARS)
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
