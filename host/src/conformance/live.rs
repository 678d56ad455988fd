//! An adapter with a camera over real sockets: the driver, the network's rules and the judge of
//! pictures are the host's own.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::viewer::{Seen, Viewer};
use crate::camera::{CameraSpec, Outcome, Recorded, record};
use crate::plugins::Adapter;
use crate::plugins::types::FailureClass;

/// Until a picture is there, or a reason why not.
pub const FIRST_PICTURE: Duration = Duration::from_secs(15);
/// An attempt that was told to stop is over by then: the host gives it a second, and writing a
/// cassette takes a while.
const STOPPED: Duration = Duration::from_secs(15);

/// An attempt that runs.
pub struct Live {
    /// What it delivered so far.
    pub viewer: Viewer,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Recorded>,
}

impl Live {
    /// Begins an attempt. `keep`: its cassette is wanted.
    pub fn start(adapter: &Arc<Adapter>, spec: CameraSpec, keep: bool) -> Self {
        let (viewer, stop) = (Viewer::default(), CancellationToken::new());
        let (mut sink, ending) = (viewer.clone(), stop.clone());
        let adapter = Arc::clone(adapter);
        let task =
            tokio::spawn(async move { record(&spec, &adapter, &mut sink, &ending, keep).await });
        Self { viewer, stop, task }
    }

    /// Waits for pictures; the error says why they do not come.
    pub async fn pictures(&mut self, count: usize, within: Duration) -> Result<(), Failure> {
        let viewer = self.viewer.clone();
        tokio::select! {
            came = viewer.packets(count, within) => {
                if came {
                    return Ok(());
                }
                let (had, seconds) = (viewer.seen().packets.len(), within.as_secs());
                Err(Failure::other(format!("{had} of {count} pictures came in {seconds} s")))
            }
            recorded = &mut self.task => Err(Failure::of(recorded)),
        }
    }

    /// Waits until the attempt ends by itself; none when it does not.
    pub async fn end(&mut self, within: Duration) -> Option<Failure> {
        let recorded = timeout(within, &mut self.task).await.ok()?;
        Some(Failure::of(recorded))
    }

    /// Tells it to stop. What was seen, and the cassette's file where it was wanted; the error
    /// says what went wrong.
    pub async fn stop(self) -> Result<(Seen, Vec<u8>), Failure> {
        self.stop.cancel();
        let recorded = timeout(STOPPED, self.task)
            .await
            .map_err(|_| Failure::other("it does not stop"))?;
        let Ok(recorded) = recorded else {
            return Err(Failure::of(recorded));
        };
        if let Outcome::Broken { message } = &recorded.outcome {
            return Err(Failure::crash(message));
        }
        let seen = self.viewer.seen();
        if let Some(refused) = &seen.refused {
            return Err(Failure::crash(&format!("it {refused}")));
        }
        Ok((seen, recorded.cassette))
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The class; none where the adapter was stopped, or it finished.
    pub class: Option<FailureClass>,
    /// The adapter was stopped: that is never what is wanted.
    pub crashed: bool,
    /// For people.
    pub message: String,
}

impl Failure {
    /// Neither a class nor a crash.
    pub fn other(message: impl Into<String>) -> Self {
        Self {
            class: None,
            crashed: false,
            message: message.into(),
        }
    }

    fn crash(message: &str) -> Self {
        Self {
            crashed: true,
            ..Self::other(message)
        }
    }

    fn of(recorded: Result<Recorded, tokio::task::JoinError>) -> Self {
        let Ok(recorded) = recorded else {
            return Self::crash("the host stumbled over it");
        };
        match recorded.outcome {
            Outcome::Broken { message } => Self::crash(&message),
            Outcome::Finished => Self::other("it finished"),
            Outcome::Failed { class, message } => Self {
                class: Some(class),
                ..Self::other(message)
            },
        }
    }
}
