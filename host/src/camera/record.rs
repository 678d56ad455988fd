//! One attempt with all of its conversation on a cassette, or none of it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::budget::Budget;
use super::driver::{Outcome, Sink, converse, seen_by_adapter};
use super::spec::CameraSpec;
use crate::cassette::{End, How, Recording, Tape};
use crate::clock::now_us;
use crate::plugins::{Adapter, fresh_seed};

/// What came of it.
pub struct Recorded {
    /// How the attempt ended.
    pub outcome: Outcome,
    /// The cassette's file, without secrets; empty where none was wanted.
    pub cassette: Vec<u8>,
}

/// Runs an attempt until `stop`, under the same rules as any other. `keep`: what was said is
/// wanted.
pub async fn record(
    spec: &CameraSpec,
    adapter: &Arc<Adapter>,
    sink: &mut dyn Sink,
    stop: &CancellationToken,
    keep: bool,
) -> Recorded {
    // Before the attempt, which may remember something else.
    let camera = seen_by_adapter(spec, adapter);
    let mut tape = keep.then(|| Tape::whole(fresh_seed()));
    let mut budget = Budget::new(now_us());
    let (outcome, mask) = converse(spec, adapter, sink, &mut budget, stop, tape.as_mut()).await;
    let mut cassette = Vec::new();
    if let Some(tape) = tape {
        let end = end(&outcome, stop.is_cancelled());
        let camera = &camera;
        let recording = Recording {
            adapter,
            camera,
            tape,
            end,
        };
        cassette = recording.write(&mask);
    }
    Recorded { outcome, cassette }
}

fn end(outcome: &Outcome, stopped: bool) -> End {
    let (how, class, message) = match outcome {
        Outcome::Broken { message } => (How::Crashed, None, message.as_str()),
        _ if stopped => (How::Stopped, None, ""),
        Outcome::Finished => (How::Finished, None, ""),
        Outcome::Failed { class, message } => (How::Failed, Some(*class), message.as_str()),
    };
    End {
        how,
        class,
        message: message.to_owned(),
    }
}
