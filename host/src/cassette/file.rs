//! A cassette's file: written from a tape, read back for a replay. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use thiserror::Error;

use super::bytes;
use super::event::{self, pairs};
use super::fields::{Fields, class_name, class_of};
use super::mask::Mask;
use super::tape::{Tape, Turn};
use crate::hex;
pub use crate::plugins::types::Camera;
use crate::plugins::types::{Event, FailureClass};
use crate::plugins::{Adapter, Kind};

/// The format's version.
const VERSION: u64 = 1;
/// A cassette that is read, bytes: stops a giant from filling the memory. The largest that is
/// written is about half of it.
const MOST_BYTES: usize = 256 << 20;

/// Why a file is no cassette that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CassetteError {
    /// It does not begin as one.
    #[error("it is no cassette: {0}")]
    Header(String),
    /// Too much of it.
    #[error("it has {0} bytes, {MOST_BYTES} are read")]
    TooLarge(usize),
    /// A line that cannot be read.
    #[error("line {line}: {reason}")]
    Line {
        /// Counts from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The adapter said `finished`.
    Finished,
    /// The adapter said `fail`, or its pictures were of no use.
    Failed,
    /// The adapter trapped, was late, or did what it may not.
    Crashed,
    /// Whoever recorded had enough.
    Stopped,
}

impl How {
    fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
            Self::Stopped => "stopped",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let all = [Self::Finished, Self::Failed, Self::Crashed, Self::Stopped];
        all.into_iter().find(|how| how.name() == name)
    }
}

/// The end of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// In which way.
    pub how: How,
    /// With `failed`: the class.
    pub class: Option<FailureClass>,
    /// For people; may be empty.
    pub message: String,
}

/// What is to be written.
pub struct Recording<'a> {
    /// Who spoke.
    pub adapter: &'a Adapter,
    /// With which camera.
    pub camera: &'a Camera,
    /// What was said.
    pub tape: Tape,
    /// How it ended.
    pub end: End,
}

impl Recording<'_> {
    /// The file, without the secrets that the mask knows.
    pub fn write(self, mask: &Mask) -> Vec<u8> {
        let seed = self.tape.seed();
        let mut turns = self.tape.into_turns();
        let mut hidden = hide_in_streams(&mut turns, mask);
        let complete = turns
            .iter()
            .map(|turn| turn.number)
            .eq(0..turns.len() as u64);
        let mut lines = Vec::new();
        let mut before: Option<(u64, u64)> = None;
        for turn in &turns {
            let (number, now_us) = before.unwrap_or((turn.number, turn.now_us));
            let missing = turn.number.saturating_sub(number + 1);
            if before.is_some() && missing > 0 {
                let us = turn.now_us.saturating_sub(now_us);
                lines.push(json!({ "gap": { "events": missing, "us": us } }).to_string());
            }
            before = Some((turn.number, turn.now_us));
            let (line, found) = turn_line(turn, mask);
            hidden += found;
            lines.push(line);
        }
        let mut end = json!({ "end": {
            "how": self.end.how.name(),
            "class": self.end.class.map(class_name),
            "message": self.end.message,
        }});
        hidden += mask.hide_json(&mut end);
        lines.push(end.to_string());
        let mut camera = json!({
            "url": self.camera.url,
            "has_credentials": self.camera.has_credentials,
            "options": self.camera.options,
            "audio": self.camera.audio,
            "user_agent": self.camera.user_agent,
            "memory": bytes::to_json(&self.camera.memory),
        });
        hidden += mask.hide_json(&mut camera);
        let header = json!({
            "cassette": VERSION,
            "world": Kind::Adapter.world(),
            "host": concat!("padelvar ", env!("CARGO_PKG_VERSION")),
            "adapter": {
                "name": self.adapter.name(),
                "version": self.adapter.description().version,
                "digest": self.adapter.digest(),
            },
            "seed": hex::lower(&seed),
            "camera": camera,
            "hidden": hidden,
            "complete": complete,
        });
        let mut file = Vec::new();
        for line in std::iter::once(header.to_string()).chain(lines) {
            file.extend_from_slice(line.as_bytes());
            file.push(b'\n');
        }
        file
    }
}

/// What arrives on one connection is one stream of bytes, however it was cut into events: a
/// secret that lies across a cut is found as well.
fn hide_in_streams(turns: &mut [Turn], mask: &Mask) -> u64 {
    let mut streams: BTreeMap<(u8, u32), Vec<usize>> = BTreeMap::new();
    for (at, turn) in turns.iter().enumerate() {
        let stream = match &*turn.event {
            Event::Received(it) => (0, it.connection),
            Event::Body(it) => (1, it.id),
            _ => continue,
        };
        streams.entry(stream).or_default().push(at);
    }
    let mut hidden = 0;
    for places in streams.values() {
        let mut stream: Vec<u8> = Vec::new();
        for &at in places {
            stream.extend_from_slice(arrived(&turns[at].event));
        }
        let found = mask.hide(&mut stream);
        hidden += found;
        if found == 0 {
            continue;
        }
        let mut from = 0;
        for &at in places {
            let mut event = (*turns[at].event).clone();
            if let Event::Received(it) = &mut event {
                let to = from + it.bytes.len();
                it.bytes.copy_from_slice(&stream[from..to]);
                from = to;
            } else if let Event::Body(it) = &mut event {
                let to = from + it.bytes.len();
                it.bytes.copy_from_slice(&stream[from..to]);
                from = to;
            }
            turns[at].event = event.into();
        }
    }
    hidden
}

fn arrived(event: &Event) -> &[u8] {
    match event {
        Event::Received(it) => &it.bytes,
        Event::Body(it) => &it.bytes,
        _ => &[],
    }
}

/// A line, and how many secrets were taken out of it. People read these: the order is that of
/// what happened.
fn turn_line(turn: &Turn, mask: &Mask) -> (String, u64) {
    let mut event = event::to_json(&turn.event);
    let mut hidden = mask.hide_json(&mut event);
    let (number, now_us) = (turn.number, turn.now_us);
    let mut line = format!(r#"{{"n":{number},"now":{now_us},"event":{event}"#);
    if let Some(said) = &turn.said {
        let mut answer: Value = said.iter().map(super::command::Said::to_json).collect();
        hidden += mask.hide_json(&mut answer);
        line.push_str(",\"answer\":");
        line.push_str(&answer.to_string());
    }
    line.push('}');
    (line, hidden)
}

/// A cassette that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Cassette {
    /// Name of the adapter that was recorded.
    pub adapter: String,
    /// Its version, as it said.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: String,
    /// Seed of its random numbers.
    pub seed: [u8; 32],
    /// The camera as it saw it.
    pub camera: Camera,
    /// How many credentials were taken out.
    pub hidden: u64,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// How it ended; none where the file was cut off.
    pub end: Option<End>,
}

/// A line of a cassette.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// An event and its answer.
    Turn(Recorded),
    /// Something that was not kept.
    Gap {
        /// How many events.
        events: u64,
        /// How long, microseconds.
        us: u64,
    },
}

/// An event and what was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Number of the event in its conversation, from 0.
    pub number: u64,
    /// Time of the call, microseconds.
    pub now_us: u64,
    /// What happened.
    pub event: Event,
    /// The commands; none where the adapter did not come back.
    pub answer: Option<Vec<Value>>,
}

impl Cassette {
    /// Reads a file. One that was cut off in its last line is taken without that line.
    pub fn read(file: &[u8]) -> Result<Self, CassetteError> {
        if file.len() > MOST_BYTES {
            return Err(CassetteError::TooLarge(file.len()));
        }
        let text = String::from_utf8_lossy(file);
        let mut lines = text.lines().enumerate().peekable();
        let first = lines.next().map_or("", |(_, line)| line);
        let mut cassette = header(first).map_err(CassetteError::Header)?;
        while let Some((at, line)) = lines.next() {
            let wrong = |reason: String| CassetteError::Line {
                line: at + 1,
                reason,
            };
            let value: Value = match serde_json::from_str(line) {
                Ok(value) => value,
                Err(_) if lines.peek().is_none() && !text.ends_with('\n') => break,
                Err(error) => return Err(wrong(error.to_string())),
            };
            cassette.take(&value).map_err(wrong)?;
        }
        Ok(cassette)
    }

    fn take(&mut self, value: &Value) -> Result<(), String> {
        let it = Fields(value);
        if let Ok(end) = it.inside("end") {
            let how = end.text("how")?;
            let class = end.text("class").ok();
            self.end = Some(End {
                how: How::of(&how).ok_or_else(|| format!("there is no end `{how}`"))?,
                class: class.as_deref().and_then(class_of),
                message: end.text("message")?,
            });
            return Ok(());
        }
        if let Ok(gap) = it.inside("gap") {
            self.steps.push(Step::Gap {
                events: gap.u64("events")?,
                us: gap.u64("us")?,
            });
            return Ok(());
        }
        self.steps.push(Step::Turn(Recorded {
            number: it.u64("n")?,
            now_us: it.u64("now")?,
            event: event::from_json(it.any("event")?)?,
            answer: match value.get("answer") {
                Some(_) => Some(it.list("answer")?.to_vec()),
                None => None,
            },
        }));
        Ok(())
    }

    /// Whether nothing of the conversation is missing.
    pub fn is_complete(&self) -> bool {
        self.end.is_some()
            && !self
                .steps
                .iter()
                .any(|step| matches!(step, Step::Gap { .. }))
    }

    /// The turns, without the gaps.
    pub fn turns(&self) -> impl Iterator<Item = &Recorded> {
        self.steps.iter().filter_map(|step| match step {
            Step::Turn(turn) => Some(turn),
            Step::Gap { .. } => None,
        })
    }
}

fn header(line: &str) -> Result<Cassette, String> {
    let value: Value =
        serde_json::from_str(line).map_err(|_| "its first line is no JSON".to_owned())?;
    let it = Fields(&value);
    let version = it.u64("cassette")?;
    if version != VERSION {
        return Err(format!(
            "it has version {version} of the format, this padelvar knows {VERSION}"
        ));
    }
    let world = it.text("world")?;
    if world != Kind::Adapter.world() {
        return Err(format!(
            "it was recorded with {world:?}, this padelvar has {}",
            Kind::Adapter.world()
        ));
    }
    let (adapter, camera) = (it.inside("adapter")?, it.inside("camera")?);
    let options = camera.any("options")?.as_array();
    // Older cassettes have none.
    let memory = camera.any("memory").ok().and_then(bytes::from_json);
    Ok(Cassette {
        adapter: adapter.text("name")?,
        version: adapter.text("version")?,
        digest: adapter.text("digest")?,
        seed: seed(&it.text("seed")?).ok_or("its seed is not 64 hexadecimal digits")?,
        camera: Camera {
            url: camera.text("url")?,
            has_credentials: camera.flag("has_credentials")?,
            options: pairs(options.map_or(&[][..], Vec::as_slice))?,
            audio: camera.flag("audio")?,
            user_agent: camera.text("user_agent")?,
            memory: memory.unwrap_or_default(),
        },
        hidden: it.u64("hidden")?,
        steps: Vec::new(),
        end: None,
    })
}

fn seed(text: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if text.len() != 2 * seed.len() || !text.is_ascii() {
        return None;
    }
    for (at, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(seed)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
