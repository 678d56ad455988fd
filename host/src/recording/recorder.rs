//! The life of one recording: waits for a picture, feeds FFmpeg, follows the clock, ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use thiserror::Error;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, error, info};

use super::admission::Ticket;
use super::command;
use super::feeding::{Feeding, ask_for_keyframe};
use super::gaps::GapFinder;
use super::part::Part;
use super::plan::{Earlier, Job, Plan};
use super::quality::EndedBy;
use super::sounding::Sounding;
use super::status::{Handover, Mode, RecordingState, RecordingStatus};
use crate::clock::{now_us, reached, to_ms, utc_of};
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
    hand_over: Arc<AtomicBool>,
    _task: AbortOnDropHandle<()>,
}

impl Recording {
    /// Starts, or goes on with what an earlier run of the host recorded. The reader must begin
    /// with the newest keyframe.
    pub fn start(plan: Plan, reader: Reader, ticket: Ticket, span: tracing::Span) -> Self {
        metrics().recordings_started.inc();
        let (sender, status) = watch::channel(first_status(&plan));
        let stop = CancellationToken::new();
        let stop_us = Arc::new(OnceLock::new());
        let hand_over = Arc::new(AtomicBool::new(false));
        let recorder = Recorder(Job {
            plan,
            status: sender,
            stop: stop.clone(),
            stop_us: Arc::clone(&stop_us),
            hand_over: Arc::clone(&hand_over),
            ticket,
        });
        let task = tokio::spawn(recorder.run(reader).instrument(span));
        Self {
            status,
            stop,
            stop_us,
            hand_over,
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
            hand_over: Arc::default(),
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

    /// Ends it for this run of the host and waits until the file can be played; the next run
    /// goes on with it.
    pub async fn hand_over(&self) -> RecordingStatus {
        self.hand_over.store(true, Ordering::Relaxed);
        self.stop_us.get_or_init(now_us);
        self.stop.cancel();
        self.finished().await
    }

    /// Waits until it is over, or handed over to the next run of the host.
    pub async fn finished(&self) -> RecordingStatus {
        let mut status = self.status.clone();
        // An error means that the recorder is gone, and with it any change.
        let _ = status.wait_for(RecordingStatus::is_over).await;
        self.status()
    }
}

/// What is told of a recording at first.
fn first_status(plan: &Plan) -> RecordingStatus {
    let planned = plan.length.as_secs_f64();
    let mut status = RecordingStatus::starting(plan.requested_us, planned);
    if let Some(earlier) = &plan.earlier {
        status.state = RecordingState::Recording;
        status.mode = earlier.mode;
        status.zero_us = Some(earlier.zero_us);
        status.started_at = Some(earlier.started_at);
        status.gaps.clone_from(&earlier.gaps);
        status.quality = Some(Box::new(earlier.meter().quality().clone()));
        status.frames = earlier.cut.samples;
        status.size_bytes = earlier.cut.bytes;
    }
    status
}

/// Runs a job from the first picture to the file.
struct Recorder(Job);

impl Recorder {
    async fn run(self, mut reader: Reader) {
        let ends_us = self.0.plan.ends_us();
        let first = self.first_picture(&mut reader, ends_us).await;
        let earlier = self.0.plan.earlier.clone();
        let Some((track, first, sound)) = first else {
            if let Some(earlier) = earlier {
                return self.end_without_more(&earlier).await;
            }
            info!("the recording ends without a picture");
            return self.fail("the camera sent no picture");
        };
        let zero_us = earlier.as_ref().map_or(first.pts_us, |it| it.zero_us);
        let mode = command::mode_for(track.codec, self.0.plan.encode);
        info!(%mode, codec = %track.codec, resumed = earlier.is_some(), "recording");
        self.0.status.send_modify(|status| {
            status.state = RecordingState::Recording;
            status.mode = Some(mode);
            status.zero_us = Some(zero_us);
            status
                .started_at
                .get_or_insert_with(|| to_ms(utc_of(zero_us)));
        });
        let Some(part) = self.open_part(earlier.as_ref()).await else {
            return;
        };
        let part = Arc::new(Mutex::new(part));
        let gaps = match &earlier {
            Some(earlier) => GapFinder::resumed(zero_us, earlier.end_us()),
            None => GapFinder::new(zero_us),
        };
        let mut feeding = Feeding::new(&self.0, mode, track, gaps, first, sound);
        let problem = feeding.all(&mut reader, ends_us, &part).await;
        let length_us = (!feeding.cut_off).then(|| feeding.end_us() - zero_us);
        self.finalize(part, problem, length_us).await;
    }

    /// The camera did not come back before the end: the recording is what there was.
    async fn end_without_more(&self, earlier: &Earlier) {
        info!("the recording ends without another picture");
        let plan = &self.0.plan;
        let called = self.0.stop_us.get().copied().unwrap_or_else(now_us);
        let end_us = called.min(plan.ends_us()).max(earlier.end_us());
        let gap = GapFinder::resumed(earlier.zero_us, earlier.end_us()).gap_until(end_us);
        let mut meter = earlier.meter();
        if !self.hands_over() {
            let by = if end_us < plan.ends_us() {
                EndedBy::Call
            } else {
                EndedBy::Plan
            };
            meter.ended(end_us, gap.is_some(), by);
        }
        self.0.status.send_modify(|status| {
            status.end_us = Some(end_us);
            status.quality = Some(Box::new(meter.quality().clone()));
            status.gaps.extend(gap);
        });
        if let Some(part) = self.open_part(Some(earlier)).await {
            let part = Arc::new(Mutex::new(part));
            self.finalize(part, None, Some(end_us - earlier.zero_us))
                .await;
        }
    }

    /// The file; without one the recording has failed.
    async fn open_part(&self, earlier: Option<&Earlier>) -> Option<Part> {
        let plan = &self.0.plan;
        let (dir, club, session) = (&plan.videos_dir, &plan.club_id, &plan.session_id);
        let least = plan.min_free_bytes;
        let opened = match earlier {
            Some(earlier) => {
                let (bytes, pictures) = (earlier.cut.bytes, earlier.cut.samples);
                Part::reopen(dir, club, session, bytes, pictures, least).await
            }
            None => Part::create(dir, club, session, least).await,
        };
        match opened {
            Ok(part) => Some(part),
            Err(error) => {
                error!(%error, folder = %dir.display(), "the recording cannot be written");
                let folder = dir.display();
                self.fail(format!(
                    "the recording cannot be written into {folder}: {error}"
                ));
                None
            }
        }
    }

    async fn first_picture(
        &self,
        reader: &mut Reader,
        ends_us: i64,
    ) -> Option<(Arc<VideoTrack>, Packet, Sounding)> {
        let (mut track, mut sound) = (None, Sounding::default());
        let mut ask = ask_for_keyframe();
        loop {
            tokio::select! {
                biased;
                () = self.0.stop.cancelled() => return None,
                () = reached(ends_us) => return None,
                _ = ask.tick() => reader.want_keyframe(),
                item = reader.next() => match item? {
                    Item::Track(now) => track = Some(now),
                    Item::Packet(packet) if packet.keyframe => {
                        if let Some(track) = &track && mkv::header(track).is_ok() {
                            return Some((Arc::clone(track), packet, sound));
                        }
                    }
                    Item::SoundTrack(now) => sound.begin(now),
                    Item::Packet(_) | Item::Sound(_) | Item::Overflow | Item::Lost => {}
                },
            }
        }
    }

    /// `length_us`: how long the file is to be; none where it ends with what is written.
    async fn finalize(
        &self,
        part: Arc<Mutex<Part>>,
        problem: Option<String>,
        length_us: Option<i64>,
    ) {
        self.0.status.send_modify(|status| {
            status.state = RecordingState::Finalizing;
            if self.hands_over() {
                status.handover = Handover::UnderWay;
            }
        });
        let Ok(part) = Arc::try_unwrap(part).map(Mutex::into_inner) else {
            return self.fail("the recording is still being written");
        };
        let copied = self.0.status.borrow().mode == Some(Mode::Copy);
        // A copied picture stays until the end; an encoder has doubled the last one already.
        let end = length_us.filter(|_| copied);
        let summary = match part.finalize(end).await {
            Ok(summary) => summary,
            Err(mp4::Error::Empty) => {
                part.remove().await;
                return self.fail(problem.unwrap_or_else(|| "FFmpeg wrote no picture".into()));
            }
            Err(error) => {
                error!(%error, "the recording cannot be brought into its final form");
                let before = problem.map_or_else(String::new, |problem| format!("{problem}; "));
                return self.fail(format!(
                    "{before}{error}; the file is left as {}",
                    part.path().display()
                ));
            }
        };
        match part.publish().await {
            Ok(path) if self.hands_over() => {
                let seconds = summary.duration_seconds;
                info!(file = %path.display(), seconds, "the recording goes on when the host is back");
                self.0
                    .status
                    .send_modify(|status| status.handover = Handover::Done);
            }
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
                    status.warning = None;
                    status.state = RecordingState::Completed;
                });
            }
            Err(error) => {
                error!(%error, "the finished recording cannot be renamed");
                let problem = problem.unwrap_or_else(|| {
                    format!("the finished recording cannot be renamed: {error}")
                });
                self.fail(problem);
            }
        }
    }

    /// Whether the next run of the host goes on with it.
    fn hands_over(&self) -> bool {
        self.0.hand_over.load(Ordering::Relaxed)
    }

    fn fail(&self, reason: impl Into<String>) {
        if self.hands_over() {
            // The next run finds what there is, and tries again.
            let reason = reason.into();
            info!(reason, "the recording goes on when the host is back");
            self.0
                .status
                .send_modify(|status| status.handover = Handover::Done);
            return;
        }
        metrics().recordings_failed.inc();
        self.0.status.send_modify(|status| {
            status.end_us.get_or_insert_with(now_us);
            status.error = Some(reason.into());
            status.warning = None;
            status.state = RecordingState::Failed;
        });
    }
}
