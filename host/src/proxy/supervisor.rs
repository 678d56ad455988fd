//! Keeps a camera connected: chooses its adapter, tries, waits, tries again, for as long as
//! the feed lives.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::backoff::Backoff;
use super::feed::Shared;
use super::ingest::Ingest;
use super::status::CameraState;
use crate::camera::{Budget, CameraSpec, Outcome, attempt};
use crate::clock::now_us;
use crate::plugins::types::FailureClass;
use crate::plugins::{Adapter, Registry, reason};
use crate::telemetry::metrics::metrics;

/// Pictures for so long, and the next failure is a new story.
const BELIEVED_AFTER: Duration = Duration::from_secs(5);
/// An attempt without a picture for so long is ended by the host, whatever its adapter hopes.
/// Adapters end it sooner (10 s); a camera that is polled may send one in ten seconds.
const SILENCE: Duration = Duration::from_secs(30);

/// The adapters that may suit a camera.
pub struct Candidates {
    adapters: Vec<Arc<Adapter>>,
    /// The configuration named it: no other one is tried.
    named: bool,
    wanted: String,
    /// Why the file that the configuration names is not used.
    rejection: Option<String>,
}

impl Candidates {
    /// The adapter that the configuration names, or those that know the URL's scheme.
    pub fn choose(spec: &CameraSpec, registry: &Registry) -> Self {
        match &spec.adapter {
            Some(name) => Self {
                adapters: registry.adapter(name).into_iter().collect(),
                named: true,
                wanted: format!("of the name `{name}`"),
                rejection: registry.rejection(name),
            },
            None => Self {
                adapters: registry.for_scheme(&spec.scheme),
                named: false,
                wanted: format!("for {}://", spec.scheme),
                rejection: None,
            },
        }
    }

    /// What a session shows before the first attempt.
    pub fn first_name<'a>(&'a self, spec: &'a CameraSpec) -> &'a str {
        let wanted = spec.adapter.as_ref().unwrap_or(&spec.scheme);
        self.adapters
            .first()
            .map_or(wanted.as_str(), |adapter| adapter.name())
    }

    /// What is told where there is none to try.
    fn none(&self) -> String {
        match &self.rejection {
            Some(why) => format!("no adapter {}: its file is rejected: {why}", self.wanted),
            None => format!("no adapter {}; see `padelvar plugin list`", self.wanted),
        }
    }
}

/// Runs until `stop`.
pub async fn run(
    spec: CameraSpec,
    candidates: Candidates,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    if candidates.adapters.is_empty() {
        let reason = reason(&candidates.none());
        warn!(reason, "camera cannot be reached");
        told(&shared, reason);
        stop.cancelled().await;
        return;
    }
    let mut backoff = Backoff::default();
    let mut budget = Budget::new(now_us());
    let mut chosen = 0;
    // Adapters that said "not for me" since one did not.
    let mut refusals = 0;
    while !stop.is_cancelled() {
        let adapter = Arc::clone(&candidates.adapters[chosen]);
        shared.status.send_if_modified(|status| {
            let changed = status.adapter != adapter.name();
            adapter.name().clone_into(&mut status.adapter);
            changed
        });
        let mut ingest = Ingest::new(Arc::clone(&shared));
        let outcome = watched_attempt(&spec, adapter, &mut ingest, &mut budget, &stop).await;
        if stop.is_cancelled() {
            break;
        }
        let was_live = ingest.live_for();
        if was_live.is_some() {
            shared.lost();
        }
        if was_live.is_some_and(|lasted| lasted >= BELIEVED_AFTER) {
            backoff.succeeded();
        }
        let (class, reason) = explain(outcome);
        let labels = [("class", class_name(class))];
        metrics().camera_failures.get_or_create(&labels).inc();
        if class == FailureClass::Unsupported && !candidates.named && was_live.is_none() {
            refusals += 1;
            chosen = (chosen + 1) % candidates.adapters.len();
            if refusals < candidates.adapters.len() {
                info!(
                    reason,
                    next = candidates.adapters[chosen].name(),
                    "another adapter is tried"
                );
                continue;
            }
        }
        refusals = 0;
        let wait = backoff.failed(class, dice());
        warn!(
            reason,
            retry_in_ms = wait.as_millis() as u64,
            "camera not connected"
        );
        told(&shared, reason);
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// An attempt, with the host's own look at the silence. Should the host itself stumble over
/// what a camera or an adapter does, that is a failed attempt like others: a camera whose task
/// is gone would never be tried again.
async fn watched_attempt(
    spec: &CameraSpec,
    adapter: Arc<Adapter>,
    ingest: &mut Ingest,
    budget: &mut Budget,
    stop: &CancellationToken,
) -> Outcome {
    let end = stop.child_token();
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
    let attempt = attempt(spec, adapter, ingest, budget, &end);
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

fn explain(outcome: Outcome) -> (FailureClass, String) {
    match outcome {
        Outcome::Finished => (
            FailureClass::Protocol,
            "the camera ended the stream".to_owned(),
        ),
        Outcome::Failed { class, message } => (class, message),
    }
}

/// A class as metrics name it.
fn class_name(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Unreachable => "unreachable",
        FailureClass::Auth => "auth",
        FailureClass::Unsupported => "unsupported",
        FailureClass::Protocol => "protocol",
        FailureClass::Other => "other",
    }
}

fn told(shared: &Shared, reason: String) {
    shared.status.send_modify(|status| {
        if status.state == CameraState::Live {
            status.state = CameraState::Lost;
        }
        status.last_error = Some(reason);
        status.failures += 1;
    });
}

/// A number in 0.0 to 1.0 to spread tries with; its quality does not matter.
fn dice() -> f64 {
    let mut bytes = [0; 2];
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX)
}
