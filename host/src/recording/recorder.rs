//! The life of one recording: waits for a picture, feeds FFmpeg, follows the clock, ends.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, error, info};

use super::admission::Ticket;
use super::command;
use super::feeding::Feeding;
use super::part::Part;
use super::plan::{Job, Plan};
use super::status::{Mode, RecordingState, RecordingStatus};
use crate::clock::{now_us, to_ms, utc_of};
use crate::media::mkv;
use crate::media::{Packet, VideoTrack};
use crate::mp4;
use crate::proxy::{Item, Reader};
use crate::telemetry::metrics::metrics;

/// Why a stop did not end in a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StopError {
    /// The camera never sent a picture.
    #[error("the camera sent no picture: there is nothing to keep")]
    NoPicture,
}

/// A recording under way, or done.
pub struct Recording {
    status: watch::Receiver<RecordingStatus>,
    stop: CancellationToken,
    stop_us: Arc<OnceLock<i64>>,
    _task: AbortOnDropHandle<()>,
}

impl Recording {
    /// Starts. The reader must begin with the newest keyframe.
    pub fn start(plan: Plan, reader: Reader, ticket: Ticket, span: tracing::Span) -> Self {
        metrics().recordings_started.inc();
        let planned = plan.length.as_secs_f64();
        let (sender, status) =
            watch::channel(RecordingStatus::starting(plan.requested_us, planned));
        let stop = CancellationToken::new();
        let stop_us = Arc::new(OnceLock::new());
        let recorder = Recorder(Job {
            plan,
            status: sender,
            stop: stop.clone(),
            stop_us: Arc::clone(&stop_us),
            ticket,
        });
        let task = tokio::spawn(recorder.run(reader).instrument(span));
        Self {
            status,
            stop,
            stop_us,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// A recording that nobody makes, for tests of what follows one, and its status.
    #[cfg(test)]
    pub fn without_recorder() -> (Self, watch::Sender<RecordingStatus>) {
        let (sender, status) = watch::channel(RecordingStatus::starting(0, 60.0));
        let recording = Self {
            status,
            stop: CancellationToken::new(),
            stop_us: Arc::default(),
            _task: AbortOnDropHandle::new(tokio::spawn(std::future::pending())),
        };
        (recording, sender)
    }

    /// The recording, now.
    pub fn status(&self) -> RecordingStatus {
        self.status.borrow().clone()
    }

    /// The recording, followed. Closed once it is over.
    pub fn watch(&self) -> watch::Receiver<RecordingStatus> {
        self.status.clone()
    }

    /// Stops and waits until the file is final. May be called by many and again.
    pub async fn stop(&self) -> Result<RecordingStatus, StopError> {
        // The recording ends with the call, however long FFmpeg takes to notice.
        self.stop_us.get_or_init(now_us);
        self.stop.cancel();
        let status = self.finished().await;
        if status.zero_us.is_none() && status.video_path.is_none() {
            return Err(StopError::NoPicture);
        }
        Ok(status)
    }

    /// Waits until it is over.
    pub async fn finished(&self) -> RecordingStatus {
        let mut status = self.status.clone();
        // An error means that the recorder is gone, and with it any change.
        let _ = status.wait_for(|status| status.state.is_final()).await;
        self.status()
    }
}

/// Runs a job from the first picture to the file.
struct Recorder(Job);

impl Recorder {
    async fn run(self, mut reader: Reader) {
        // The plan counts from the call, which was a moment ago.
        let since_call = Duration::from_micros((now_us() - self.0.plan.requested_us).max(0) as u64);
        let ends_at = Instant::now() + self.0.plan.length.saturating_sub(since_call);
        let Some((track, first)) = self.first_picture(&mut reader, ends_at).await else {
            info!("the recording ends without a picture");
            return self.fail("the camera sent no picture");
        };
        let zero_us = first.pts_us;
        let mode = command::mode_for(track.codec, self.0.plan.encode);
        info!(%mode, codec = %track.codec, "recording");
        self.0.status.send_modify(|status| {
            status.state = RecordingState::Recording;
            status.mode = Some(mode);
            status.zero_us = Some(zero_us);
            status.started_at = Some(to_ms(utc_of(zero_us)));
        });
        let (plan, session) = (&self.0.plan, &self.0.plan.session_id);
        let part = match Part::create(&plan.videos_dir, &plan.club_id, session).await {
            Ok(part) => Arc::new(Mutex::new(part)),
            Err(error) => {
                error!(%error, folder = %plan.videos_dir.display(), "the recording cannot be written");
                return self.fail(format!("the recording cannot be written: {error}"));
            }
        };
        let mut feeding = Feeding::new(&self.0, mode, track, first);
        let problem = feeding.all(&mut reader, ends_at, &part).await;
        let end_us = feeding.end_us();
        self.finalize(part, problem, end_us - zero_us).await;
    }

    async fn first_picture(
        &self,
        reader: &mut Reader,
        ends_at: Instant,
    ) -> Option<(Arc<VideoTrack>, Packet)> {
        let mut track = None;
        loop {
            tokio::select! {
                biased;
                () = self.0.stop.cancelled() => return None,
                () = sleep_until(ends_at) => return None,
                item = reader.next() => match item? {
                    Item::Track(now) => track = Some(now),
                    Item::Packet(packet) if packet.keyframe => {
                        if let Some(track) = &track && mkv::header(track).is_ok() {
                            return Some((Arc::clone(track), packet));
                        }
                    }
                    Item::Packet(_) | Item::Overflow | Item::Lost => {}
                },
            }
        }
    }

    async fn finalize(&self, part: Arc<Mutex<Part>>, problem: Option<String>, length_us: i64) {
        self.0
            .status
            .send_modify(|status| status.state = RecordingState::Finalizing);
        let Ok(part) = Arc::try_unwrap(part).map(Mutex::into_inner) else {
            return self.fail("the recording is still being written");
        };
        let path = part.path().to_owned();
        let copied = self.0.status.borrow().mode == Some(Mode::Copy);
        // A copied picture stays until the end; an encoder has doubled the last one already.
        let end = copied.then_some(length_us);
        let result = tokio::task::spawn_blocking(move || mp4::finalize(&path, true, end)).await;
        let summary = match result {
            Ok(Ok(summary)) => summary,
            Ok(Err(mp4::Error::Empty)) => {
                part.remove().await;
                return self.fail(problem.unwrap_or_else(|| "FFmpeg wrote no picture".into()));
            }
            Ok(Err(error)) => {
                error!(%error, "the recording cannot be brought into its final form");
                return self.fail(format!(
                    "{error}; the file is left as {}",
                    part.path().display()
                ));
            }
            Err(error) => return self.fail(format!("finishing broke off: {error}")),
        };
        match part.publish().await {
            Ok(path) => {
                metrics().recordings_completed.inc();
                let seconds = summary.duration_seconds;
                info!(file = %path.display(), seconds, "recording complete");
                self.0.status.send_modify(|status| {
                    status.video_path = Some(path.display().to_string());
                    status.duration_seconds = Some(seconds);
                    status.frames = summary.samples;
                    status.size_bytes = summary.size_bytes;
                    status.error.clone_from(&problem);
                    status.state = RecordingState::Completed;
                });
            }
            Err(error) => self.fail(format!("the finished recording cannot be renamed: {error}")),
        }
    }

    fn fail(&self, reason: impl Into<String>) {
        metrics().recordings_failed.inc();
        self.0.status.send_modify(|status| {
            status.end_us.get_or_insert_with(now_us);
            status.error = Some(reason.into());
            status.state = RecordingState::Failed;
        });
    }
}
