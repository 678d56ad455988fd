//! An adapter without a camera: cameras that refuse, are silent, hang up, send rubbish. Needs no
//! network, takes no time, and works whatever protocol the adapter speaks.

use std::sync::Arc;

use super::manner::Manner;
use super::report::Case;
use super::stage::{Ended, SECOND_US, Stage};
use crate::plugins::types::{Camera, Event, ExtraItem, FailureClass};
use crate::plugins::{Adapter, reason};

/// A session that brings nothing ends by itself within this. The host would end it after 30 s
/// without a picture, but cannot know why.
const PATIENCE_US: u64 = 60 * SECOND_US;
/// What a host waits for a goodbye.
const GOODBYE_US: u64 = SECOND_US;
/// Kinds of rubbish that are tried.
const RUBBISH: u64 = 24;
/// Calls of a session that comes to nothing: more is a circle.
const MOST_CALLS: u64 = 2000;

/// All cases.
pub async fn cases(adapter: &Arc<Adapter>, camera: &Camera) -> Vec<Case> {
    let mut cases = vec![
        Case::of("describe is the same each time", described(adapter)),
        refused(adapter, camera).await,
        denied(adapter, camera).await,
    ];
    for (name, manner) in [
        ("a camera that says nothing", Manner::Silent),
        ("a camera that hangs up", Manner::HangUp),
    ] {
        cases.push(comes_to_an_end(name, adapter, camera, manner).await);
    }
    cases.push(rubbish(adapter, camera).await);
    cases.push(stop(adapter, camera).await);
    cases.push(unknown(adapter, camera).await);
    cases
}

fn described(adapter: &Adapter) -> Result<String, String> {
    for seed in 1..=3 {
        let again = adapter
            .describe_anew([seed; 32])
            .map_err(|trap| format!("it {}", reason(&trap)))?;
        if again != *adapter.description() {
            return Err("it says something else the next time".to_owned());
        }
    }
    Ok(String::new())
}

fn stage(adapter: &Arc<Adapter>, camera: &Camera, manner: Manner) -> Stage {
    let mut stage = Stage::new(adapter, camera.clone(), [7; 32], manner);
    stage.happens(Event::Start);
    stage
}

/// The session ended by itself, and did not turn in circles before.
pub fn judged(stage: &Stage, ended: Ended) -> Result<String, String> {
    let seconds = PATIENCE_US / SECOND_US;
    match ended {
        _ if stage.calls > MOST_CALLS => Err(format!(
            "it turns in circles: {} calls before it ended",
            stage.calls
        )),
        Ended::Finished => Ok("finished".to_owned()),
        Ended::Failed(_, message) => Ok(message),
        Ended::Crashed(what) => Err(what),
        Ended::Stuck => {
            Err("it waits for ever: it set no timer, and nothing can come any more".to_owned())
        }
        Ended::OutOfTime if !stage.packets.is_empty() => Ok(no_network(stage)),
        Ended::OutOfTime => Err(format!("after {seconds} s it had still not given up")),
    }
}

fn no_network(stage: &Stage) -> String {
    format!("it makes pictures all the same: {}", stage.packets.len())
}

async fn comes_to_an_end(
    name: &str,
    adapter: &Arc<Adapter>,
    camera: &Camera,
    manner: Manner,
) -> Case {
    let mut stage = stage(adapter, camera, manner);
    let ended = stage.run(PATIENCE_US).await;
    Case::of(name, judged(&stage, ended))
}

async fn refused(adapter: &Arc<Adapter>, camera: &Camera) -> Case {
    const NAME: &str = "a camera that is not there";
    let mut stage = stage(adapter, camera, Manner::Refuse);
    let ended = stage.run(PATIENCE_US).await;
    let class = match &ended {
        Ended::Failed(class, _) => Some(*class),
        _ => None,
    };
    let judged = judged(&stage, ended);
    match class {
        Some(class) if judged.is_ok() && class != FailureClass::Unreachable => Case::of(
            NAME,
            Err(format!(
                "it failed with the class {class:?}; a refused connection is `unreachable`, or the host tries again at the wrong time"
            )),
        ),
        _ => Case::of(NAME, judged),
    }
}

async fn denied(adapter: &Arc<Adapter>, camera: &Camera) -> Case {
    const NAME: &str = "addresses that are not granted";
    let mut stage = stage(adapter, camera, Manner::Deny);
    let ended = stage.run(PATIENCE_US).await;
    let asks = stage.asks;
    let judged = judged(&stage, ended);
    if judged.is_ok() && asks > 20 {
        return Case::of(NAME, Err(format!("it asked for them {asks} times")));
    }
    Case::of(NAME, judged)
}

async fn rubbish(adapter: &Arc<Adapter>, camera: &Camera) -> Case {
    const NAME: &str = "rubbish instead of a protocol";
    for number in 0..RUBBISH {
        let mut stage = stage(adapter, camera, Manner::rubbish(number));
        let ended = stage.run(PATIENCE_US).await;
        if let Err(why) = judged(&stage, ended) {
            return Case::of(NAME, Err(format!("{why} (rubbish no. {number})")));
        }
    }
    Case::of(NAME, Ok(format!("{RUBBISH} kinds")))
}

/// `stop` at once, and while a camera is silent: early, and when it has been so for a while.
async fn stop(adapter: &Arc<Adapter>, camera: &Camera) -> Case {
    const NAME: &str = "stop while nothing comes";
    for (when, after_us) in [("at once", 0), ("after 2 s", 2 * SECOND_US)] {
        let mut stage = stage(adapter, camera, Manner::Silent);
        if after_us > 0 {
            let ended = stage.run(after_us).await;
            if !matches!(ended, Ended::OutOfTime | Ended::Stuck) {
                continue;
            }
        } else if let Some(Ended::Crashed(what)) = stage.deliver().await {
            return Case::of(NAME, Err(what));
        }
        stage.happens(Event::Stop);
        if let Err(why) = said_goodbye(stage.run(GOODBYE_US).await) {
            return Case::of(NAME, Err(format!("{when}: {why}")));
        }
    }
    Case::of(NAME, Ok(String::new()))
}

/// What became of a `stop`.
pub fn said_goodbye(ended: Ended) -> Result<String, String> {
    match ended {
        Ended::Finished => Ok(String::new()),
        Ended::Failed(_, message) => Err(format!("it did not finish but fail: {message}")),
        Ended::Crashed(what) => Err(what),
        Ended::Stuck | Ended::OutOfTime => {
            Err("it did not answer `finished` within 1 s".to_owned())
        }
    }
}

/// What a newer host may say must not disturb.
async fn unknown(adapter: &Arc<Adapter>, camera: &Camera) -> Case {
    const NAME: &str = "an event that it does not know";
    let mut stage = stage(adapter, camera, Manner::Silent);
    stage.happens(Event::Extra(ExtraItem {
        name: "padelvar-conformance".to_owned(),
        bytes: b"{}".to_vec(),
    }));
    // Numbers of what was never asked for: an old connection's last words.
    for event in [Event::Timer(4_000_000_000), Event::Closed(4_000_000_000)] {
        stage.happens(event);
    }
    match stage.deliver().await {
        None | Some(Ended::Stuck | Ended::OutOfTime) => Case::of(NAME, Ok(String::new())),
        Some(Ended::Crashed(what)) => Case::of(NAME, Err(what)),
        Some(Ended::Finished) => Case::of(NAME, Err("it finished because of it".to_owned())),
        Some(Ended::Failed(_, message)) => {
            Case::of(NAME, Err(format!("it gave up because of it: {message}")))
        }
    }
}
