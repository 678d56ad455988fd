//! Keeps a camera connected: chooses its adapter, tries, waits, tries again, for as long as
//! the feed lives.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::attempt::Camera;
use super::backoff::Backoff;
use super::candidates::Candidates;
use super::feed::Shared;
use super::junction::Junction;
use super::status::CameraState;
use super::stay::{Stay, risen};
use crate::camera::{Budget, CameraSpec, Outcome};
use crate::plugins::types::FailureClass;
use crate::plugins::{Adapter, Registry, reason};
use crate::telemetry::metrics::metrics;

/// Runs until `stop`.
pub async fn run(
    spec: CameraSpec,
    registry: Arc<Registry>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    let camera = Camera {
        spec: Arc::new(spec),
        junction: Arc::new(Junction::new(Arc::clone(&shared))),
        stop: stop.clone(),
    };
    let mut changes = registry.changes();
    let mut backoff = Backoff::default();
    // What is left to the version that was tried last.
    let mut left: Option<(Arc<Adapter>, Budget)> = None;
    let mut next: Option<String> = None;
    // Adapters that said "not for me" since one did not, and why.
    let mut refused: BTreeMap<String, String> = BTreeMap::new();
    while !stop.is_cancelled() {
        changes.borrow_and_update();
        let in_use = left.as_ref().map(|(adapter, _)| adapter);
        let candidates = Candidates::choose(&camera.spec, &registry, in_use);
        let Some(adapter) = candidates.preferring(next.as_deref()).cloned() else {
            no_adapter(&shared, &candidates);
            tokio::select! {
                () = stop.cancelled() => break,
                () = risen(&mut changes) => continue,
            }
        };
        shared.status.send_if_modified(|status| {
            let changed = status.adapter != adapter.name();
            adapter.name().clone_into(&mut status.adapter);
            changed
        });
        let budget = left
            .take()
            .filter(|(tried, _)| tried.digest() == adapter.digest())
            .map(|(_, budget)| budget);
        let stay = Stay::new(&camera, &registry);
        let end = stay.run(&adapter, budget, &mut changes).await;
        if stop.is_cancelled() {
            break;
        }
        if end.was_live && !end.told {
            shared.lost();
        }
        if end.believed {
            backoff.succeeded();
        }
        let (class, mut reason) = explain(end.ended.outcome);
        let adapter = end.ended.adapter;
        left = Some((Arc::clone(&adapter), end.ended.budget));
        let labels = [("class", class_name(class))];
        metrics().camera_failures.get_or_create(&labels).inc();
        next = Some(adapter.name().to_owned());
        if class == FailureClass::Unsupported && !candidates.named && !end.was_live {
            refused.insert(adapter.name().to_owned(), reason.clone());
            let other = candidates.after(adapter.name());
            next = other.map(|other| other.name().to_owned());
            if refused.len() < candidates.count() {
                info!(reason, next, "another adapter is tried");
                continue;
            }
            reason = of_all(&refused).unwrap_or(reason);
        }
        refused.clear();
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
            // An account may be locked by tries: another version changes nothing of that.
            () = replaced(&adapter, &registry, &mut changes), if class != FailureClass::Auth => {}
        }
    }
}

/// Resolves when another version of an adapter is in force.
async fn replaced(adapter: &Adapter, registry: &Registry, changes: &mut watch::Receiver<u64>) {
    loop {
        let now = registry.adapter(adapter.name());
        if now.is_some_and(|now| now.digest() != adapter.digest()) {
            return;
        }
        risen(changes).await;
    }
}

/// Tells that there is nothing to try with, once for each reason.
fn no_adapter(shared: &Shared, candidates: &Candidates) {
    let reason = reason(&candidates.none());
    if shared.status.borrow().last_error.as_ref() != Some(&reason) {
        warn!(reason, "camera cannot be reached");
        told(shared, reason);
    }
}

/// What each of several adapters says; none where there is only one.
fn of_all(refused: &BTreeMap<String, String>) -> Option<String> {
    let all = refused
        .iter()
        .map(|(name, reason)| format!("{name}: {reason}"));
    let all: Vec<String> = all.collect();
    (all.len() > 1).then(|| reason(&all.join("; ")))
}

fn explain(outcome: Outcome) -> (FailureClass, String) {
    match outcome {
        Outcome::Finished => (
            FailureClass::Protocol,
            "the camera ended the stream".to_owned(),
        ),
        Outcome::Failed { class, message } => (class, message),
        Outcome::Broken { message } => (FailureClass::Other, message),
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
