//! One attempt at a camera, with the host's own look at it.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::ingest::Ingest;
use super::junction::{Junction, LaneId};
use crate::camera::{Budget, CameraSpec, Outcome, attempt};
use crate::clock::now_us;
use crate::plugins::Adapter;
use crate::plugins::types::FailureClass;

/// An attempt without a picture for so long is ended by the host, whatever its adapter hopes.
/// Adapters end it sooner (10 s); a camera that is polled may send one in ten seconds.
const SILENCE: Duration = Duration::from_secs(30);

/// What attempts at one camera have in common.
pub struct Camera {
    /// How to reach it.
    pub spec: Arc<CameraSpec>,
    /// Where its pictures go.
    pub junction: Arc<Junction>,
    /// Ends all attempts.
    pub stop: CancellationToken,
}

/// An attempt under way. It goes on only while `work` is awaited.
pub struct Attempt {
    /// With which version.
    pub adapter: Arc<Adapter>,
    /// How its pictures are known.
    pub lane: LaneId,
    /// Asks it to say goodbye; it takes a second at most.
    pub stop: CancellationToken,
    /// The attempt itself.
    pub work: Work,
    pictures: Box<dyn Fn() -> u64 + Send + Sync>,
}

/// The attempt itself.
pub type Work = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// How an attempt ended.
pub struct Ended {
    /// With which version.
    pub adapter: Arc<Adapter>,
    /// How its pictures were known.
    pub lane: LaneId,
    /// How it ended.
    pub outcome: Outcome,
    /// What is left to this version.
    pub budget: Budget,
}

impl Camera {
    /// Begins an attempt, whose pictures come on this lane. `budget` is what is left of the
    /// version's earlier attempts.
    pub fn attempt(&self, adapter: &Arc<Adapter>, lane: LaneId, budget: Option<Budget>) -> Attempt {
        let stop = self.stop.child_token();
        let mut ingest = Ingest::new(Arc::clone(&self.junction), lane, self.spec.audio);
        let pictures = Box::new(ingest.pictures_so_far());
        let (spec, end) = (Arc::clone(&self.spec), stop.clone());
        let used = Arc::clone(adapter);
        let mut budget = budget.unwrap_or_else(|| Budget::new(now_us()));
        let work = async move {
            let outcome = watched(&spec, Arc::clone(&used), &mut ingest, &mut budget, &end).await;
            Ended {
                adapter: used,
                lane,
                outcome,
                budget,
            }
        };
        Attempt {
            adapter: Arc::clone(adapter),
            lane,
            stop,
            work: Box::pin(work),
            pictures,
        }
    }
}

impl Attempt {
    /// Pictures so far, those included that nobody can show yet.
    pub fn pictures(&self) -> u64 {
        (self.pictures)()
    }
}

/// An attempt, with the host's own look at the silence. Should the host itself stumble over
/// what a camera or an adapter does, that is a failed attempt like others: a camera whose task
/// is gone would never be tried again.
async fn watched(
    spec: &CameraSpec,
    adapter: Arc<Adapter>,
    ingest: &mut Ingest,
    budget: &mut Budget,
    stop: &CancellationToken,
) -> Outcome {
    let watch = ingest.pictures_so_far();
    let silence = async {
        let mut seen = watch();
        loop {
            tokio::time::sleep(SILENCE).await;
            let now = watch();
            if now == seen {
                return;
            }
            seen = now;
        }
    };
    // A connection is given this time before it is ended for another one.
    let keyframe = ingest.keyframe_needed(SILENCE);
    let name = adapter.name().to_owned();
    let attempt = attempt(spec, adapter, ingest, budget, stop);
    // What the panic leaves behind is dropped with the attempt; the feed's locks stand it.
    let attempt = AssertUnwindSafe(attempt).catch_unwind();
    tokio::select! {
        outcome = attempt => outcome.unwrap_or_else(|panic| {
            error!(panic = panic_text(&*panic), adapter = name, "a panic in the host");
            Outcome::Failed {
                class: FailureClass::Other,
                message: "the host made a mistake with this camera; its log says more".to_owned(),
            }
        }),
        () = silence => Outcome::Failed {
            class: FailureClass::Unreachable,
            message: format!("no picture for {} s", SILENCE.as_secs()),
        },
        () = keyframe => Outcome::Failed {
            class: FailureClass::Other,
            message: "the camera sends no keyframe, and one is needed: it is asked anew".to_owned(),
        },
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}
