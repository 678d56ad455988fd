//! What a camera said, said otherwise: byte by byte, cut off, with errors in it, without an end.
//! Needs no network and takes no time: a conversation that went well is played on the stage.

use std::sync::Arc;

use super::alone::{judged, said_goodbye};
use super::dice::Dice;
use super::manner::Manner;
use super::report::Case;
use super::stage::{Ended, SECOND_US, Stage};
use crate::cassette::{Cassette, Pictured, replay};
use crate::plugins::Adapter;
use crate::plugins::types::{BodyPart, Event, ReceivedBytes};

/// Bytes of a conversation that come one by one; what follows comes in small pieces.
const SINGLE_BYTES: usize = 12 << 10;
/// Bytes of these pieces.
const PIECE_BYTES: usize = 61;
/// Places at which it is cut off.
const CUTS: usize = 12;
/// Conversations with errors in them, and bytes from one error to the next on average.
const SPOILT: u64 = 16;
const ERROR_EVERY: u64 = 700;
/// Bytes of a message without an end: more than an instance may have.
const ENDLESS_BYTES: usize = 80 << 20;
const ENDLESS_PIECE: usize = 256 << 10;
/// How long a session may last that comes to nothing.
const PATIENCE_US: u64 = 60 * SECOND_US;

/// All cases for a conversation that went well. `who` names its camera.
pub async fn cases(who: &str, adapter: &Arc<Adapter>, cassette: &Cassette) -> Vec<Case> {
    let tape = Tape::new(adapter, cassette).await;
    let tape = match tape {
        Ok(tape) => tape,
        Err(why) => return vec![Case::of(format!("{who}: the same again"), Err(why))],
    };
    let name = |what: &str| format!("{who}: {what}");
    vec![
        Case::of(name("the same again"), tape.again(cassette).await),
        Case::of(name("byte by byte"), tape.byte_by_byte().await),
        Case::of(name("cut off"), tape.cut_off().await),
        Case::of(name("silent in its middle"), tape.silent().await),
        Case::of(name("errors in it"), tape.spoilt().await),
        Case::of(name("a message without an end"), tape.endless().await),
        Case::of(name("stop in its middle"), tape.stopped().await),
    ]
}

struct Tape<'a> {
    adapter: &'a Arc<Adapter>,
    cassette: &'a Cassette,
    script: Vec<(u64, Event)>,
    /// What came of it as it was.
    packets: Vec<Pictured>,
}

impl<'a> Tape<'a> {
    async fn new(adapter: &'a Arc<Adapter>, cassette: &'a Cassette) -> Result<Self, String> {
        // The goodbye at the end is not a camera's.
        let turns = cassette.turns();
        let script = turns.take_while(|turn| turn.event != Event::Stop);
        let script: Vec<(u64, Event)> = script
            .map(|turn| (turn.now_us, turn.event.clone()))
            .collect();
        let mut tape = Self {
            adapter,
            cassette,
            script,
            packets: Vec::new(),
        };
        let (stage, ended) = tape.play(&tape.script).await;
        if let Some(Ended::Crashed(what)) = ended {
            return Err(what);
        }
        tape.packets = stage.packets;
        Ok(tape)
    }

    /// Plays a script: what came of it, and its end where it ended.
    async fn play(&self, script: &[(u64, Event)]) -> (Stage, Option<Ended>) {
        let (camera, seed) = (self.cassette.camera.clone(), self.cassette.seed);
        let mut stage = Stage::new(self.adapter, camera, seed, Manner::Scripted);
        if let Some((now, _)) = script.first() {
            stage.begin_at(*now);
        }
        for (now, event) in script {
            stage.set_now(*now);
            stage.happens(event.clone());
            if let Some(ended) = stage.deliver().await {
                return (stage, Some(ended));
            }
        }
        (stage, None)
    }

    /// The same; where the adapter has not ended by then, the camera hangs up and refuses what
    /// comes.
    async fn play_and_hang_up(&self, script: &[(u64, Event)]) -> (Stage, Ended) {
        let (mut stage, ended) = self.play(script).await;
        let ended = if let Some(ended) = ended {
            ended
        } else {
            stage.turn(Manner::Refuse);
            stage.hang_up();
            stage.run(PATIENCE_US).await
        };
        (stage, ended)
    }

    async fn again(&self, cassette: &Cassette) -> Result<String, String> {
        let replayed = replay(self.adapter, cassette)
            .await
            .map_err(|error| error.to_string())?;
        let different = [&replayed.media, &replayed.diverged, &replayed.crashed];
        if let Some(difference) = different.into_iter().find_map(Option::as_ref) {
            let (event, message) = (difference.event, &difference.message);
            return Err(format!(
                "played again it says something else at event {event}: {message}"
            ));
        }
        if replayed.others > 0 {
            let first = replayed.differences.first();
            let message = first.map_or("", |difference| difference.message.as_str());
            return Err(format!("played again it says something else: {message}"));
        }
        Ok(format!("{} packets", replayed.packets))
    }

    async fn byte_by_byte(&self) -> Result<String, String> {
        let mut left = SINGLE_BYTES;
        let mut script = Vec::new();
        for (now, event) in &self.script {
            let pieces = split(event, &mut left);
            script.extend(pieces.into_iter().map(|piece| (*now, piece)));
        }
        let (stage, ended) = self.play(&script).await;
        Self::not_crashed(ended.as_ref())?;
        let of_it = |packets: &[Pictured]| -> Vec<_> {
            packets
                .iter()
                .map(|it| (it.track, it.timestamp, it.keyframe, it.sha256))
                .collect()
        };
        if of_it(&stage.packets) == of_it(&self.packets) {
            return Ok(format!("the same {} packets", stage.packets.len()));
        }
        let (came, wanted) = (stage.packets.len(), self.packets.len());
        Err(format!(
            "it delivers something else than from larger pieces: {came} packets, {wanted} were expected{}",
            told(ended)
        ))
    }

    async fn cut_off(&self) -> Result<String, String> {
        let whole: usize = self.script.iter().map(|(_, event)| length(event)).sum();
        for cut in 1..=CUTS {
            let script = self.beginning(whole * cut / (CUTS + 1));
            let (stage, ended) = self.play_and_hang_up(&script).await;
            let delivered = stage.packets.len();
            judged(&stage, ended).map_err(|why| format!("cut off after {cut}/{CUTS}: {why}"))?;
            let matching = stage.packets.iter().zip(&self.packets);
            let matching = matching
                .filter(|(came, whole)| came.sha256 == whole.sha256)
                .count();
            if matching < delivered {
                return Err(format!(
                    "cut off after {cut}/{CUTS}: it delivers half a picture as a whole one"
                ));
            }
        }
        Ok(format!("at {CUTS} places"))
    }

    async fn silent(&self) -> Result<String, String> {
        let (mut stage, ended) = self.half().await;
        if let Some(ended) = ended {
            return Err(format!("it ended before that{}", told(Some(ended))));
        }
        let before = stage.packets.len();
        stage.turn(Manner::Silent);
        let ended = stage.run(PATIENCE_US).await;
        if stage.packets.len() > before + 1 && ended == Ended::OutOfTime {
            return Ok("it makes pictures all the same".to_owned());
        }
        stage.packets.clear();
        judged(&stage, ended)
    }

    async fn stopped(&self) -> Result<String, String> {
        let (mut stage, ended) = self.half().await;
        if let Some(ended) = ended {
            return Err(format!("it ended before that{}", told(Some(ended))));
        }
        stage.turn(Manner::Silent);
        stage.happens(Event::Stop);
        said_goodbye(stage.run(SECOND_US).await)
    }

    async fn spoilt(&self) -> Result<String, String> {
        for number in 0..SPOILT {
            let mut dice = Dice::new(number);
            let mut next = dice.below(2 * ERROR_EVERY);
            let mut script = self.script.clone();
            for (_, event) in &mut script {
                for byte in bytes_of(event) {
                    if next == 0 {
                        *byte ^= 1 << dice.below(8);
                        next = dice.below(2 * ERROR_EVERY);
                    } else {
                        next -= 1;
                    }
                }
            }
            let (stage, ended) = self.play_and_hang_up(&script).await;
            judged(&stage, ended).map_err(|why| format!("{why} (errors no. {number})"))?;
        }
        Ok(format!("{SPOILT} times"))
    }

    async fn endless(&self) -> Result<String, String> {
        for filling in [b'x', 0] {
            let (mut stage, ended) = self.half().await;
            let mut ended = ended;
            let mut fed = 0;
            while ended.is_none() && fed < ENDLESS_BYTES {
                let Some(event) = stage.receives(vec![filling; ENDLESS_PIECE]) else {
                    return Ok("nothing is open that it could come on".to_owned());
                };
                stage.happens(event);
                ended = stage.deliver().await;
                fed += ENDLESS_PIECE;
            }
            Self::not_crashed(ended.as_ref())?;
        }
        Ok(format!("{} MiB", ENDLESS_BYTES >> 20))
    }

    /// The first half of the conversation, by its bytes.
    async fn half(&self) -> (Stage, Option<Ended>) {
        let whole: usize = self.script.iter().map(|(_, event)| length(event)).sum();
        self.play(&self.beginning(whole / 2)).await
    }

    /// The conversation up to so many bytes of the camera; the last event is cut.
    fn beginning(&self, bytes: usize) -> Vec<(u64, Event)> {
        let mut left = bytes;
        let mut script = Vec::new();
        for (now, event) in &self.script {
            let mut event = event.clone();
            let length = length(&event);
            if length > left {
                cut(&mut event, left);
                if left > 0 {
                    script.push((*now, event));
                }
                return script;
            }
            left -= length;
            script.push((*now, event));
        }
        script
    }

    fn not_crashed(ended: Option<&Ended>) -> Result<(), String> {
        match ended {
            Some(Ended::Crashed(what)) => Err(what.clone()),
            _ => Ok(()),
        }
    }
}

fn told(ended: Option<Ended>) -> String {
    match ended {
        Some(Ended::Failed(_, message) | Ended::Crashed(message)) => format!(": {message}"),
        Some(Ended::Finished) => ": it finished".to_owned(),
        _ => String::new(),
    }
}

/// Bytes of the camera in an event.
fn length(event: &Event) -> usize {
    match event {
        Event::Received(it) => it.bytes.len(),
        Event::Body(it) => it.bytes.len(),
        Event::Datagrams(it) => it.datagrams.iter().map(|it| it.bytes.len()).sum(),
        _ => 0,
    }
}

fn bytes_of(event: &mut Event) -> Vec<&mut u8> {
    match event {
        Event::Received(it) => it.bytes.iter_mut().collect(),
        Event::Body(it) => it.bytes.iter_mut().collect(),
        Event::Datagrams(it) => it
            .datagrams
            .iter_mut()
            .flat_map(|it| it.bytes.iter_mut())
            .collect(),
        _ => Vec::new(),
    }
}

fn cut(event: &mut Event, left: usize) {
    match event {
        Event::Received(it) => it.bytes.truncate(left),
        Event::Body(it) => {
            it.bytes.truncate(left);
            it.last = false;
        }
        // A datagram comes whole or not at all.
        Event::Datagrams(it) => it.datagrams.truncate(1),
        _ => {}
    }
}

/// An event in small pieces; what is no stream stays whole.
fn split(event: &Event, left: &mut usize) -> Vec<Event> {
    let mut pieces = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let single = bytes.len().min(*left);
        *left -= single;
        let (single, rest) = bytes.split_at(single);
        let pieces = single.chunks(1).chain(rest.chunks(PIECE_BYTES));
        pieces.map(<[u8]>::to_vec).collect()
    };
    match event {
        Event::Received(it) => pieces(&it.bytes)
            .into_iter()
            .map(|bytes| {
                Event::Received(ReceivedBytes {
                    bytes,
                    connection: it.connection,
                    arrived: it.arrived,
                })
            })
            .collect(),
        Event::Body(it) => {
            let pieces = pieces(&it.bytes);
            let last = pieces.len().saturating_sub(1);
            if pieces.is_empty() {
                return vec![event.clone()];
            }
            pieces
                .into_iter()
                .enumerate()
                .map(|(at, bytes)| {
                    Event::Body(BodyPart {
                        bytes,
                        id: it.id,
                        arrived: it.arrived,
                        last: it.last && at == last,
                    })
                })
                .collect()
        }
        other => vec![other.clone()],
    }
}
