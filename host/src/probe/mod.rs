//! What a camera sends, and what is to be changed in it, found out by watching it for a while.
//!
//! The camera is watched by the adapter that would record it, in its sandbox and under the same
//! rules for addresses. Where only a host is known, it is asked by ONVIF for its streams; one that
//! does not answer is tried at the makers' usual paths.

mod find;
mod measure;
mod onvif;
mod report;
mod search;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use find::{Finding, Place, device_service};
pub use report::Report;
pub use search::{Searched, Step, search};

use crate::camera::{CameraSpec, Outcome, certificate, record};
use crate::config::CameraUrl;
use crate::conformance::{Seen, Viewer};
use crate::discovery::advice::{Advice, Facts, advice};
use crate::hex;
use crate::media::VideoTrack;
use crate::plugins::Adapter;
use crate::plugins::types::FailureClass;

/// Shortest and longest time that a camera is watched.
pub const SHORTEST: Duration = Duration::from_secs(1);
/// See [`SHORTEST`].
pub const LONGEST: Duration = Duration::from_mins(1);
/// Sessions that are tried at the same time: a camera that serves so many is not short of them.
const MOST_PROGRAMS: usize = 3;
/// How long a camera has to give back what the sessions before took.
const GIVEN_BACK: Duration = Duration::from_secs(1);
/// A camera may take so long to send its first picture, beside the time that it is watched.
const FIRST_PICTURE: Duration = Duration::from_secs(8);

/// What was found out.
#[derive(Debug)]
pub struct Probed {
    /// The URL, without credentials.
    pub url: String,
    /// The adapter that spoke to it.
    pub adapter: String,
    /// What it sends.
    pub facts: Facts,
    /// What to change.
    pub advice: Vec<Advice>,
    /// The certificate that it showed: `pin:…` as `tls` takes it.
    pub pin: Option<String>,
    /// Why no picture came, where none did.
    pub failure: Option<(FailureClass, String)>,
}

/// How much is done to find out about a camera.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How long it is watched.
    pub length: Duration,
    /// How long its streams are searched where only its address is known.
    pub within: Duration,
    /// Whether several sessions are tried at a time. Not with a camera that is in use: some end the
    /// oldest session for a new one.
    pub counts_streams: bool,
}

/// As [`probe`], and where pictures come also by several sessions at the same time, which tells how
/// many programs the camera serves.
pub async fn examine(
    spec: &CameraSpec,
    adapters: &[Arc<Adapter>],
    effort: Effort,
) -> Option<Probed> {
    let mut probed = probe(spec, adapters, effort.length).await?;
    if !effort.counts_streams {
        return Some(probed);
    }
    let used = adapters
        .iter()
        .find(|adapter| adapter.name() == probed.adapter);
    if let (None, Some(adapter)) = (&probed.failure, used) {
        probed.facts.streams_allowed = programs(spec, adapter).await;
        probed.advice = advice(&probed.facts);
    }
    Some(probed)
}

/// How many of several sessions at a time bring pictures; none where none does, which says nothing.
async fn programs(spec: &CameraSpec, adapter: &Arc<Adapter>) -> Option<u32> {
    sleep(GIVEN_BACK).await;
    let sessions = (0..MOST_PROGRAMS).map(|_| watch(spec, adapter, SHORTEST));
    let watched = join_all(sessions).await;
    let served = watched.iter().filter(|watched| watched.failure.is_none());
    u32::try_from(served.count())
        .ok()
        .filter(|served| *served > 0)
}

/// Watches a camera with the first adapter that does not say that it is none for it; none where
/// there is no adapter.
pub async fn probe(
    spec: &CameraSpec,
    adapters: &[Arc<Adapter>],
    length: Duration,
) -> Option<Probed> {
    let length = length.clamp(SHORTEST, LONGEST);
    let pin = pin(spec).await;
    let mut probed = None;
    for adapter in adapters {
        let watched = watch(spec, adapter, length).await;
        let facts = measure::facts(&watched.seen, watched.video.as_ref());
        let failure = watched.failure;
        let unsupported = matches!(failure, Some((FailureClass::Unsupported, _)));
        probed = Some(Probed {
            url: spec.url.clone(),
            adapter: adapter.name().to_owned(),
            advice: if failure.is_none() {
                advice(&facts)
            } else {
                Vec::new()
            },
            facts,
            pin: pin.clone(),
            failure,
        });
        if !unsupported {
            break;
        }
    }
    probed
}

struct Watched {
    seen: Seen,
    video: Option<(u32, VideoTrack)>,
    failure: Option<(FailureClass, String)>,
}

async fn watch(spec: &CameraSpec, adapter: &Arc<Adapter>, length: Duration) -> Watched {
    let mut viewer = Viewer::default();
    let looking = viewer.clone();
    let stop = CancellationToken::new();
    let attempt = record(spec, adapter, &mut viewer, &stop, false);
    let ending = async {
        looking.packets(1, FIRST_PICTURE).await;
        sleep(length).await;
        stop.cancel();
        // The attempt ends by itself within a second.
        std::future::pending::<()>().await;
    };
    let most = FIRST_PICTURE + length + Duration::from_secs(5);
    let outcome = tokio::select! {
        ended = timeout(most, attempt) => ended.map(|recorded| recorded.outcome).ok(),
        () = ending => None,
    };
    let (seen, video) = (viewer.seen(), viewer.video());
    let video = video.map(|(id, track)| (id, track.clone()));
    let came = !seen.packets.is_empty();
    let failure = match (outcome, &seen.refused) {
        (_, Some(refused)) => Some((FailureClass::Protocol, format!("the adapter {refused}"))),
        (Some(Outcome::Failed { class, message }), None) if !came => Some((class, message)),
        (Some(Outcome::Broken { message }), None) => Some((
            FailureClass::Other,
            format!("the adapter was stopped: {message}"),
        )),
        _ if !came => {
            let message = "the camera sends no picture".to_owned();
            Some((FailureClass::Unreachable, message))
        }
        _ => None,
    };
    Watched {
        seen,
        video,
        failure,
    }
}

/// The certificate of a camera that speaks TLS.
async fn pin(spec: &CameraSpec) -> Option<String> {
    let (url, _) = CameraUrl::parse(&spec.url).ok()?;
    if !matches!(url.scheme(), "rtsps" | "https") {
        return None;
    }
    let shown = certificate(spec, url.host(), url.port()).await.ok()?;
    Some(format!("pin:{}", hex::lower(&shown)))
}

impl Probed {
    /// Whether the camera refused the account, so that trying on would lock it.
    pub fn refused_account(&self) -> bool {
        matches!(self.failure, Some((FailureClass::Auth, _)))
    }
}
