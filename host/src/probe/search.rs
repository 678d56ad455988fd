//! Trying the streams of a host of which only the address is known.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::find::{Finding, Place, find};
use super::{Effort, Probed, examine, probe};
use crate::camera::{CameraSpec, listens};
use crate::plugins::Adapter;

/// How long a host is asked by ONVIF.
const ASKING: Duration = Duration::from_secs(10);
/// How long a place is watched that may be none.
const LOOK: Duration = Duration::from_secs(2);

/// What happens in a search, as it does.
#[derive(Debug)]
pub enum Step<'a> {
    /// ONVIF told nothing, for this reason.
    Untold(&'a str),
    /// Nobody answers at this port, for this reason.
    Closed(u16, &'a str),
    /// A place is tried.
    Trying(&'a Place),
    /// It is none, for this reason.
    Failed(&'a str),
    /// The account was refused: nothing more is tried.
    Refused,
}

/// What a search brought.
#[derive(Debug)]
pub struct Searched {
    /// What the camera tells of itself.
    pub finding: Finding,
    /// The first place with pictures, or the last one without; none where there was none to try.
    pub probed: Option<Probed>,
}

/// Asks a camera for its streams and examines the first one that there is.
///
/// `base` is the address of its ONVIF service, with account and rules; `adapters` gives those
/// that know a scheme. After `effort.within` nothing more is begun. Ports on which nobody listens are
/// left out.
pub async fn search(
    base: &CameraSpec,
    host: &str,
    adapters: impl Fn(&str) -> Vec<Arc<Adapter>>,
    effort: Effort,
    mut told: impl FnMut(Step<'_>),
) -> Searched {
    let end = Instant::now() + effort.within;
    let finding = find(base, host, ASKING).await;
    if let Some(note) = &finding.note {
        told(Step::Untold(note));
    }
    let mut ports: HashMap<u16, Result<(), String>> = HashMap::new();
    let mut last = None;
    for place in &finding.places {
        let Ok(spec) = base.at(&place.url) else {
            continue;
        };
        if Instant::now() >= end {
            break;
        }
        let port = spec.grants.camera_port();
        if let Entry::Vacant(unknown) = ports.entry(port) {
            let found = listens(host, port, &spec.grants).await;
            if let Err(reason) = unknown.insert(found) {
                told(Step::Closed(port, reason));
            }
        }
        if ports.get(&port).is_none_or(Result::is_err) {
            continue;
        }
        told(Step::Trying(place));
        let adapters = adapters(&spec.scheme);
        let Some(probed) = probe(&spec, &adapters, LOOK).await else {
            continue;
        };
        if let Some((_, message)) = &probed.failure {
            told(Step::Failed(message));
        } else {
            last = examine(&spec, &adapters, effort).await.or(Some(probed));
            break;
        }
        let refused = probed.refused_account();
        last = Some(probed);
        if refused {
            told(Step::Refused);
            break;
        }
    }
    Searched {
        finding,
        probed: last,
    }
}
