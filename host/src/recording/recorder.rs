//! The life of one recording: waits for a picture, feeds FFmpeg, follows the clock, ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, error, info, warn};

use super::admission::Ticket;
use super::child::{Child, ChildError};
use super::command::{self, EncodeSettings};
use super::gaps::GapFinder;
use super::part::Part;
use super::status::{Mode, RecordingState, RecordingStatus};
use crate::clock::{now_us, to_ms, utc_of};
use crate::config::Encode;
use crate::media::mkv::{self, Writer};
use crate::media::{Codec, Packet, VideoTrack};
use crate::mp4;
use crate::proxy::{Item, Reader};

/// How often a camera that is gone is replaced by its last picture.
const REPEAT: Duration = Duration::from_secs(1);
/// An encoder is given the last picture again at the end when it is older than this, so that
/// the file is as long as the recording.
const STALE_US: i64 = 60_000;
/// FFmpeg takes its input within this time, or it hangs.
const HANGS_AFTER: Duration = Duration::from_secs(10);
/// Children that end by themselves, before the recording is given up.
const MOST_CHILDREN: u32 = 5;

/// What is to be recorded, and where to.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Names the file.
    pub session_id: String,
    /// Names the folder.
    pub club_id: String,
    /// When it was asked for, on the monotonic clock, microseconds.
    pub requested_us: i64,
    /// Length from then on.
    pub length: Duration,
    /// Root of all recordings.
    pub videos_dir: PathBuf,
    /// Folder of FFmpeg's logs.
    pub logs_dir: PathBuf,
    /// FFmpeg.
    pub ffmpeg_path: PathBuf,
    /// What is copied and what is encoded.
    pub encode: Encode,
    /// How to encode.
    pub settings: EncodeSettings,
}

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
    _task: AbortOnDropHandle<()>,
}

impl Recording {
    /// Starts. The reader must begin with the newest keyframe.
    pub fn start(plan: Plan, reader: Reader, ticket: Ticket, span: tracing::Span) -> Self {
        let planned = plan.length.as_secs_f64();
        let (sender, status) =
            watch::channel(RecordingStatus::starting(plan.requested_us, planned));
        let stop = CancellationToken::new();
        let recorder = Recorder {
            plan,
            status: sender,
            stop: stop.clone(),
            ticket,
        };
        let task = tokio::spawn(recorder.run(reader).instrument(span));
        Self {
            status,
            stop,
            _task: AbortOnDropHandle::new(task),
        }
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

struct Recorder {
    plan: Plan,
    status: watch::Sender<RecordingStatus>,
    stop: CancellationToken,
    ticket: Ticket,
}

/// Why feeding ended.
enum Ending {
    Stopped,
    Child(ChildError),
}

impl Recorder {
    async fn run(self, mut reader: Reader) {
        let ends_at = Instant::now() + self.plan.length;
        let Some((track, first)) = self.first_picture(&mut reader, ends_at).await else {
            info!("the recording ends without a picture");
            return self.fail("the camera sent no picture");
        };
        let zero_us = first.pts_us;
        let mode = command::mode_for(track.codec, self.plan.encode);
        info!(%mode, codec = %track.codec, "recording");
        self.status.send_modify(|status| {
            status.state = RecordingState::Recording;
            status.mode = Some(mode);
            status.zero_us = Some(zero_us);
            status.started_at = Some(to_ms(utc_of(zero_us)));
        });
        let (plan, session) = (&self.plan, &self.plan.session_id);
        let part = match Part::create(&plan.videos_dir, &plan.club_id, session).await {
            Ok(part) => Arc::new(Mutex::new(part)),
            Err(error) => {
                error!(%error, folder = %plan.videos_dir.display(), "the recording cannot be written");
                return self.fail(format!("the recording cannot be written: {error}"));
            }
        };
        let mut feeding = Feeding {
            recorder: &self,
            mode,
            zero_us,
            gaps: GapFinder::new(zero_us),
            track,
            next: Some(first),
            last_key: None,
            last_us: zero_us,
            camera_lost: false,
        };
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
                () = self.stop.cancelled() => return None,
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
        self.status
            .send_modify(|status| status.state = RecordingState::Finalizing);
        let Ok(part) = Arc::try_unwrap(part).map(Mutex::into_inner) else {
            return self.fail("the recording is still being written");
        };
        let path = part.path().to_owned();
        let copied = self.status.borrow().mode == Some(Mode::Copy);
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
                let seconds = summary.duration_seconds;
                info!(file = %path.display(), seconds, "recording complete");
                self.status.send_modify(|status| {
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
        self.status.send_modify(|status| {
            status.end_us.get_or_insert_with(now_us);
            status.error = Some(reason.into());
            status.state = RecordingState::Failed;
        });
    }
}

/// The part of a recording's life in which pictures go to FFmpeg.
struct Feeding<'a> {
    recorder: &'a Recorder,
    mode: Mode,
    zero_us: i64,
    gaps: GapFinder,
    track: Arc<VideoTrack>,
    /// The keyframe that the next child begins with.
    next: Option<Packet>,
    last_key: Option<Packet>,
    last_us: i64,
    camera_lost: bool,
}

/// What one child is fed through.
struct Feeder {
    child: Child,
    writer: Writer,
    /// Zero of its timestamps, on the monotonic clock, microseconds.
    from_us: i64,
    last_ms: i64,
}

impl Feeding<'_> {
    /// Feeds children until the end; tells what went wrong on the way, if it ended early.
    async fn all(
        &mut self,
        reader: &mut Reader,
        ends_at: Instant,
        part: &Arc<Mutex<Part>>,
    ) -> Option<String> {
        let mut children = 0;
        loop {
            children += 1;
            let ending = match self.start_child(part).await {
                Ok(mut feeder) => {
                    let ending = self.feed(&mut feeder, reader, ends_at).await;
                    let finished = feeder.child.finish().await;
                    match (ending, finished) {
                        (Ending::Stopped, Ok(_)) => Ending::Stopped,
                        (Ending::Stopped, Err(error)) => {
                            return self.ended(Some(error.to_string()));
                        }
                        // A full disk is no better with another child.
                        (_, Err(error @ ChildError::Store(_))) => {
                            return self.ended(Some(error.to_string()));
                        }
                        (ending, _) => ending,
                    }
                }
                Err(error) => Ending::Child(error),
            };
            match ending {
                Ending::Stopped => return self.ended(None),
                Ending::Child(error) if children >= MOST_CHILDREN => {
                    error!(%error, "FFmpeg keeps ending; the recording is finished");
                    return self.ended(Some(error.to_string()));
                }
                Ending::Child(error) => {
                    warn!(%error, "FFmpeg ended; another one goes on with the next keyframe");
                    self.gaps.blame("ffmpeg");
                    if !self.next_keyframe(reader, ends_at).await {
                        return self.ended(None);
                    }
                }
            }
        }
    }

    /// Notes the end and a gap that lasts until it.
    fn ended(&mut self, problem: Option<String>) -> Option<String> {
        let end_us = self.end_us();
        let gap = self.gaps.gap_until(end_us);
        self.recorder.status.send_modify(|status| {
            status.end_us = Some(end_us);
            status.gaps.extend(gap);
        });
        problem
    }

    /// When recording ended or ends: the stop, or the planned end.
    fn end_us(&self) -> i64 {
        let planned = &self.recorder.plan;
        let planned_end = planned.requested_us + planned.length.as_micros() as i64;
        let known = self.recorder.status.borrow().end_us;
        known
            .unwrap_or_else(|| now_us().min(planned_end))
            .max(self.last_us)
    }

    async fn start_child(&mut self, part: &Arc<Mutex<Part>>) -> Result<Feeder, ChildError> {
        let first = self.next.take().or_else(|| self.last_key.clone());
        let first = first.ok_or_else(|| ChildError::Ended("there is no picture".into()))?;
        let recorder = self.recorder;
        let plan = &recorder.plan;
        let arguments = command::recording(self.mode, &plan.settings);
        let log = open_log(&plan.logs_dir, &plan.session_id).map_err(ChildError::Store)?;
        let child = Child::start(
            &plan.ffmpeg_path,
            &arguments,
            log,
            Arc::clone(part),
            recorder.status.clone(),
            first.pts_us - self.zero_us,
        )?;
        let header = mkv::header(&self.track)
            .map_err(|error| ChildError::Ended(format!("its input: {error}")))?;
        let mut feeder = Feeder {
            child,
            writer: Writer::new(),
            from_us: first.pts_us,
            last_ms: -1,
        };
        feeder.child.write(&[&header]).await?;
        self.packet(&mut feeder, first).await?;
        Ok(feeder)
    }

    async fn feed(&mut self, feeder: &mut Feeder, reader: &mut Reader, ends_at: Instant) -> Ending {
        let recorder = self.recorder;
        let mut measure = tokio::time::interval(Duration::from_secs(10));
        loop {
            let repeat_at = Instant::now() + REPEAT;
            let step = tokio::select! {
                biased;
                () = recorder.stop.cancelled() => break,
                () = sleep_until(ends_at) => break,
                error = feeder.child.ended() => Err(error),
                item = reader.next() => match item {
                    Some(item) => self.item(feeder, item).await,
                    None => break,
                },
                _ = measure.tick() => {
                    if let (Mode::Encode, Some(cpu)) = (self.mode, feeder.child.cpu()) {
                        recorder.ticket.measured_cpu(cpu);
                    }
                    Ok(())
                }
                () = sleep_until(repeat_at), if self.camera_lost => {
                    self.repeat(feeder, now_us()).await
                }
            };
            if let Err(error) = step {
                return Ending::Child(error);
            }
        }
        let end_us = self.end_us();
        self.recorder
            .status
            .send_modify(|status| status.end_us = Some(end_us));
        let stale = end_us - self.last_us > STALE_US;
        if self.mode == Mode::Encode && stale {
            if let Err(error) = self.repeat(feeder, end_us).await {
                return Ending::Child(error);
            }
        }
        Ending::Stopped
    }

    async fn item(&mut self, feeder: &mut Feeder, item: Item) -> Result<(), ChildError> {
        match item {
            Item::Track(track) => {
                self.track = track;
                Ok(())
            }
            Item::Overflow => {
                warn!("FFmpeg is too slow; pictures up to the next keyframe are missing");
                self.gaps.blame("overload");
                Ok(())
            }
            Item::Lost => {
                self.gaps.blame("camera_lost");
                self.camera_lost = true;
                Ok(())
            }
            Item::Packet(packet) => {
                self.camera_lost = false;
                let gap = self.gaps.picture(packet.pts_us);
                self.recorder
                    .status
                    .send_modify(|status| status.gaps.extend(gap));
                self.packet(feeder, packet).await
            }
        }
    }

    /// Shows the last picture that can be shown by itself once more.
    async fn repeat(&mut self, feeder: &mut Feeder, at_us: i64) -> Result<(), ChildError> {
        let Some(last) = &self.last_key else {
            return Ok(());
        };
        let repeated = Packet {
            pts_us: at_us,
            ..last.clone()
        };
        self.packet(feeder, repeated).await
    }

    async fn packet(&mut self, feeder: &mut Feeder, packet: Packet) -> Result<(), ChildError> {
        let exact_ms = (packet.pts_us - feeder.from_us + 500).div_euclid(1000);
        // Two pictures never share a millisecond: the muxer wants rising times.
        let pts_ms = exact_ms.max(feeder.last_ms + 1);
        feeder.last_ms = pts_ms;
        let head = feeder
            .writer
            .block_head(pts_ms, packet.keyframe, packet.data.len());
        self.last_us = self.last_us.max(packet.pts_us);
        let pieces: [&[u8]; 2] = [&head, &packet.data];
        let written = tokio::time::timeout(HANGS_AFTER, feeder.child.write(&pieces)).await;
        if packet.keyframe || packet_stands_alone(&self.track) {
            self.last_key = Some(packet);
        }
        match written {
            Ok(result) => result,
            Err(_) => Err(ChildError::Ended(
                "it hangs: it has not taken its input".into(),
            )),
        }
    }

    /// Waits for the keyframe that the next child begins with; false when the end comes first.
    async fn next_keyframe(&mut self, reader: &mut Reader, ends_at: Instant) -> bool {
        loop {
            tokio::select! {
                biased;
                () = self.recorder.stop.cancelled() => return false,
                () = sleep_until(ends_at) => return false,
                item = reader.next() => match item {
                    Some(Item::Packet(packet)) if packet.keyframe => {
                        let gap = self.gaps.picture(packet.pts_us);
                        self.recorder.status.send_modify(|status| status.gaps.extend(gap));
                        self.next = Some(packet);
                        return true;
                    }
                    Some(Item::Track(track)) => self.track = track,
                    Some(_) => {}
                    None => return false,
                },
            }
        }
    }
}

fn packet_stands_alone(track: &VideoTrack) -> bool {
    track.codec == Codec::Mjpeg
}

fn open_log(dir: &std::path::Path, session: &str) -> std::io::Result<std::fs::File> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join(format!("{session}.ffmpeg.log"));
    std::fs::File::options()
        .create(true)
        .append(true)
        .open(path)
}
