//! From a feed's reader into FFmpeg: children are started, fed along the clock, and replaced
//! when they die.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior, sleep_until};
use tracing::{error, info, warn};

use super::changes::Changes;
use super::child::{Child, ChildError};
use super::command;
use super::damage::Damage;
use super::gaps::GapFinder;
use super::millis::Millis;
use super::part::Part;
use super::plan::Job;
use super::quality::{EndedBy, Meter};
use super::restarts::{Next, Restarts};
use super::sounding::Sounding;
use super::status::{Gap, Mode, RecordingStatus};
use crate::clock::{now_us, reached};
use crate::media::groups::Groups;
use crate::media::mkv::{self, Writer};
use crate::media::sound::{Sound, SoundTrack};
use crate::media::{Packet, VideoTrack};
use crate::proxy::{Item, Reader};
use crate::telemetry::metrics::metrics;

/// How far back pictures are held for the next child, microseconds: FFmpeg holds back a fragment
/// of a second and what its encoder looks ahead.
const HELD_US: i64 = 4_000_000;
/// What a child reports as written is believed but for this much, microseconds: pictures are
/// written in decoding order.
const UNSURE_US: i64 = 500_000;
/// Bytes of pictures that are held.
const HELD_BYTES: usize = 48 << 20;
/// Without a keyframe for so long, one is asked for, and again.
const ASK_AFTER: Duration = Duration::from_secs(2);
/// What waits for FFmpeg at the end is given to it within this time.
const DRAIN: Duration = Duration::from_secs(10);
/// A file may be so much shorter than its recording, microseconds: pictures that are shown in
/// another order than they are decoded in come some time after they were taken.
const LEFT_SHORT_US: i64 = 250_000;
/// Length of a file whose growth says how it goes on, seconds.
const LEAST_MEASURED_SECONDS: f64 = 30.0;
/// How often a camera that is gone is replaced by its last picture.
const REPEAT: Duration = Duration::from_secs(1);
/// So far behind the time, microseconds: the first pictures of a camera that is back are placed
/// where they were taken, up to 100 ms before they are known, and need that room.
const REPEAT_BEHIND_US: i64 = 200_000;

/// So many children for sound that is another one, no more: a camera that changes it all the time
/// is recorded with what there was.
const SOUND_CHANGES: u32 = 16;

/// Why feeding ended.
enum Ending {
    Stopped,
    /// What comes is another stream: the child is finished and another one begun.
    Changed,
    Child(ChildError),
}

/// The part of a recording's life in which pictures go to FFmpeg.
pub struct Feeding<'a> {
    job: &'a Job,
    mode: Mode,
    zero_us: i64,
    gaps: GapFinder,
    meter: Meter,
    /// What comes from here on; with its next keyframe.
    track: Arc<VideoTrack>,
    /// Pixels of the file's picture, where it is encoded: the first ones stay.
    size: (u32, u32),
    changes: Changes,
    sound: Sounding,
    sound_changes: u32,
    damage: Damage,
    /// What the next child begins with.
    held: Groups,
    /// The keyframe of another stream: what is held is written first, by a child of its own.
    changed: Option<Packet>,
    last_key: Option<(Arc<VideoTrack>, Packet)>,
    last_us: i64,
    /// Distance of the last two pictures in the order in which they are shown.
    usual_us: i64,
    /// Pictures since the one that is shown last, and that one.
    since_last: i64,
    camera_lost: bool,
    /// The file could not be written any more.
    pub cut_off: bool,
    /// Pictures were dropped up to the next keyframe.
    wants_keyframe: bool,
}

/// What one child is fed through.
struct Feeder {
    child: Child,
    /// What it was begun with.
    track: Arc<VideoTrack>,
    writer: Writer,
    /// Zero of its timestamps, on the monotonic clock, microseconds.
    from_us: i64,
    millis: Millis,
    /// The sound that was announced, and the time of its last piece, milliseconds.
    sound: Option<(Arc<SoundTrack>, i64)>,
}

impl<'a> Feeding<'a> {
    /// Begins with a keyframe: second 0 of the recording, or the first one since the host is
    /// back.
    pub fn new(
        job: &'a Job,
        mode: Mode,
        track: Arc<VideoTrack>,
        mut gaps: GapFinder,
        first: Packet,
        sound: Sounding,
    ) -> Self {
        let zero_us = gaps.zero_us();
        let gap = gaps.picture(first.pts_us);
        let meter = match &job.plan.earlier {
            Some(earlier) => {
                let mut meter = earlier.meter();
                meter.picture(&first, gap.is_some());
                meter
            }
            None => Meter::begin(first.pts_us, job.plan.requested_us),
        };
        let mut feeding = Self {
            job,
            mode,
            zero_us,
            gaps,
            meter,
            size: (track.width, track.height),
            changes: Changes::default(),
            sound,
            sound_changes: 0,
            damage: Damage::default(),
            changed: None,
            track,
            held: Groups::new(HELD_US, HELD_BYTES),
            last_key: None,
            last_us: first.pts_us,
            usual_us: i64::MAX / 4,
            since_last: 0,
            camera_lost: false,
            cut_off: false,
            wants_keyframe: false,
        };
        feeding.tell_quality();
        feeding.note(gap);
        feeding.damage.keeps(first.pts_us, true, false);
        feeding.keep(first);
        feeding
    }

    /// Feeds children until the end; tells what went wrong on the way, if it ended early.
    pub async fn all(
        &mut self,
        reader: &mut Reader,
        ends_us: i64,
        part: &Arc<Mutex<Part>>,
    ) -> Option<String> {
        let mut restarts = Restarts::new(self.last_us - self.zero_us);
        let mut at_the_end = false;
        self.look_at_clock(reader);
        loop {
            let ending = match self.start_child(part) {
                Ok(mut feeder) => {
                    let ending = match self.feed_held(&mut feeder).await {
                        Ok(()) if self.changed.is_some() => Ending::Changed,
                        Ok(()) => self.feed(&mut feeder, reader, ends_us).await,
                        Err(error) => Ending::Child(error),
                    };
                    let (written, signs) = (feeder.child.written(), feeder.child.signs());
                    let (reports, from_us) =
                        (feeder.child.reports(), feeder.from_us - self.zero_us);
                    let finished = feeder.child.finish().await;
                    self.meter.ffmpeg_ended(*reports.borrow());
                    restarts.wrote(from_us, written.load(Ordering::Relaxed), signs.begun());
                    self.look_at_clock(reader);
                    match (ending, finished) {
                        // A full disk is no better with another child.
                        (_, Err(error)) | (Ending::Child(error), _) if error.is_the_files() => {
                            error!(%error, "the recording is finished with what is written");
                            return self.cut_off(&error);
                        }
                        (Ending::Stopped, Err(error)) if self.is_missing_after(&written) => {
                            if matches!(error, ChildError::Slow) {
                                return self.ended(Some(&error));
                            }
                            Ending::Child(error)
                        }
                        (Ending::Changed, Err(error)) => Ending::Child(error),
                        (ending, _) => ending,
                    }
                }
                Err(error) => Ending::Child(error),
            };
            let error = match ending {
                Ending::Stopped => return self.ended(None),
                Ending::Changed => {
                    self.begin_changed();
                    continue;
                }
                Ending::Child(error) => error,
            };
            let is_over = self.job.stop.is_cancelled() || now_us() >= ends_us;
            let Next::Again { pause, afresh } = restarts.next() else {
                error!(%error, "FFmpeg keeps ending and has written nothing");
                return self.ended(Some(&error));
            };
            // What is held and not written is written by one more.
            if is_over && std::mem::replace(&mut at_the_end, true) {
                error!(%error, "the last pictures are missing");
                return self.ended(Some(&error));
            }
            warn!(%error, "FFmpeg ended; another one goes on with what was not written");
            self.gaps.blame("ffmpeg");
            self.meter.ffmpeg_replaced();
            if afresh && !is_over {
                warn!("FFmpeg does not get past what was not written: that is left out");
                self.held.clear();
            }
            let written_us = self.zero_us + restarts.until_us();
            self.pause(reader, ends_us, pause, written_us).await;
            let Some(from_us) = self.next_from(reader, ends_us, written_us).await else {
                return self.ended(None);
            };
            restarts.left_out(from_us - self.zero_us);
        }
    }

    /// Keeps what comes for the next child, for so long or until the end.
    async fn pause(&mut self, reader: &mut Reader, ends_us: i64, pause: Duration, written_us: i64) {
        self.held.need_from(written_us - UNSURE_US);
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                biased;
                () = self.job.stop.cancelled() => return,
                () = reached(ends_us) => return,
                () = sleep_until(until) => return,
                // What follows another stream's keyframe waits for its child.
                item = reader.next(), if self.changed.is_none() => match item {
                    Some(item) => {
                        if let Err(error) = self.item(None, item).await {
                            warn!(%error, "while there is no FFmpeg");
                        }
                    }
                    // The end is near: whoever ends the feed stops the recording.
                    None => return sleep_until(until).await,
                },
            }
        }
    }

    /// Where the next child begins; waits for a keyframe where nothing is held, and tells none
    /// when the end comes first. What is neither written nor held is a gap.
    async fn next_from(
        &mut self,
        reader: &mut Reader,
        ends_us: i64,
        written_us: i64,
    ) -> Option<i64> {
        if let Some((_, from_us)) = self.held.first() {
            let gap = self.gaps.hole(written_us, from_us);
            self.note(gap);
        } else {
            self.gaps.missing_from(written_us);
            if self.changed.is_some() {
                self.begin_changed();
            } else if !self.next_keyframe(reader, ends_us).await {
                return None;
            }
        }
        self.held.first().map(|(_, from_us)| from_us)
    }

    /// Notes the end and a gap that lasts until it.
    fn ended(&mut self, problem: Option<&ChildError>) -> Option<String> {
        let end_us = self.end_us();
        let gap = self.gaps.gap_until(end_us);
        let called = self.job.stop_us.get().is_some();
        let by = match problem {
            Some(error) => error.ended_by(),
            None if called && self.job.plan.ends_us() > end_us => EndedBy::Call,
            None => EndedBy::Plan,
        };
        if !self.job.hand_over.load(Ordering::Relaxed) {
            self.meter.ended(end_us, gap.is_some(), by);
        }
        self.job.status.send_modify(|status| {
            status.end_us = Some(end_us);
            self.show_counts(status);
        });
        self.note(gap);
        problem.map(ToString::to_string)
    }

    /// Tells how fast the file grows, once that says something.
    fn measure_rate(&self) {
        let status = self.job.status.borrow();
        let seconds = status.elapsed_seconds(now_us());
        if seconds >= LEAST_MEASURED_SECONDS {
            let bits = status.size_bytes as f64 * 8.0;
            self.job.ticket.measured_rate(bits / seconds);
        }
    }

    /// Notes that the recording ended before its time: with the last picture that is written.
    fn cut_off(&mut self, problem: &ChildError) -> Option<String> {
        self.cut_off = true;
        self.ended(Some(problem))
    }

    /// When recording ended or ends: the call of the stop, or the planned end.
    pub fn end_us(&self) -> i64 {
        let plan = &self.job.plan;
        let called = self.job.stop_us.get().copied().unwrap_or_else(now_us);
        let known = self.job.status.borrow().end_us;
        known
            .unwrap_or_else(|| called.min(plan.ends_us()))
            .max(self.last_us)
    }

    /// Whether pictures are missing in the file, of which so much is written.
    fn is_missing_after(&self, written_us: &AtomicI64) -> bool {
        self.zero_us + written_us.load(Ordering::Relaxed) <= self.last_us
    }

    /// A new child, which begins with what is held.
    fn start_child(&mut self, part: &Arc<Mutex<Part>>) -> Result<Feeder, ChildError> {
        let (track, from_us) = self
            .held
            .first()
            .ok_or_else(|| ChildError::Ended("there is no picture".into()))?;
        let track = Arc::clone(track);
        let job = self.job;
        let plan = &job.plan;
        let sound = self.sound.heard().cloned();
        let heard = sound.as_ref().map(|track| track.codec);
        let codec = track.codec;
        let arguments = command::recording(self.mode, codec, &plan.settings, self.size, heard);
        // A recording without FFmpeg's complaints is better than none.
        let log = open_log(&plan.logs_dir, &plan.session_id);
        let log = log.inspect_err(|error| {
            warn!(%error, folder = %plan.logs_dir.display(), "FFmpeg's log is not kept");
        });
        let child = Child::start(
            &plan.ffmpeg_path,
            &arguments,
            &plan.session_id,
            log.ok(),
            Arc::clone(part),
            job.status.clone(),
            from_us - self.zero_us,
        )?;
        Ok(Feeder {
            child,
            track,
            writer: Writer::new(),
            from_us,
            millis: Millis::default(),
            sound: sound.map(|track| (track, -1)),
        })
    }

    /// Gives a new child what is held: what the one before wrote of it already is left out when
    /// the parts are joined.
    async fn feed_held(&mut self, feeder: &mut Feeder) -> Result<(), ChildError> {
        let sound = feeder.sound.as_ref().map(|(track, _)| &**track);
        let header = mkv::header_with(&feeder.track, sound)
            .map_err(|error| ChildError::Ended(format!("its input: {error}")))?;
        feeder.child.write(&[&header]).await?;
        let sounds = self.sound.begin_child(feeder.from_us);
        let mut sounds = sounds.into_iter().peekable();
        for packet in self.held.packets() {
            while let Some(sound) = sounds.next_if(|sound| sound.pts_us < packet.pts_us) {
                feeder.sound(&sound).await?;
            }
            feeder.packet(&packet).await?;
        }
        for sound in sounds {
            feeder.sound(&sound).await?;
        }
        Ok(())
    }

    async fn feed(&mut self, feeder: &mut Feeder, reader: &mut Reader, ends_us: i64) -> Ending {
        let job = self.job;
        let mut measure = tokio::time::interval(Duration::from_secs(10));
        let mut ask = ask_for_keyframe();
        loop {
            let repeat_at = Instant::now() + REPEAT;
            let step = tokio::select! {
                biased;
                () = job.stop.cancelled() => break,
                () = reached(ends_us) => break,
                error = feeder.child.ended() => Err(error),
                item = reader.next() => match item {
                    // The machine was suspended: the end has passed and no timer has told of it.
                    Some(Item::Packet(packet)) if packet.pts_us > ends_us => break,
                    Some(Item::Sound(sound)) if sound.pts_us > ends_us => Ok(()),
                    Some(item) => self.item(Some(&mut *feeder), item).await,
                    None => break,
                },
                _ = measure.tick() => {
                    self.meter.ffmpeg_reports(*feeder.child.reports().borrow());
                    self.measure_rate();
                    self.look_at_clock(reader);
                    if let (Mode::Encode, Some(cpu)) = (self.mode, feeder.child.cpu()) {
                        job.ticket.measured_cpu(cpu);
                    }
                    Ok(())
                }
                _ = ask.tick(), if self.wants_keyframe => {
                    reader.want_keyframe();
                    Ok(())
                }
                () = sleep_until(repeat_at), if self.camera_lost => {
                    self.meter.repeated();
                    let at_us = now_us() - REPEAT_BEHIND_US;
                    self.repeat(feeder, at_us.max(self.last_us + 1000)).await
                }
            };
            if let Err(error) = step {
                return Ending::Child(error);
            }
            if self.changed.is_some() {
                return Ending::Changed;
            }
        }
        let end_us = self.end_us();
        self.job
            .status
            .send_modify(|status| status.end_us = Some(end_us));
        // What had come by then and waits for FFmpeg belongs to the recording.
        let drain_until = Instant::now() + DRAIN;
        while Instant::now() < drain_until {
            match reader.take_waiting() {
                Some(Item::Packet(packet)) if packet.pts_us > end_us => break,
                Some(Item::Sound(sound)) if sound.pts_us > end_us => {}
                Some(item) => {
                    if let Err(error) = self.item(Some(&mut *feeder), item).await {
                        return Ending::Child(error);
                    }
                    if self.changed.is_some() {
                        return Ending::Changed;
                    }
                }
                None => break,
            }
        }
        if self.mode == Mode::Encode
            && let Err(error) = self.fill_until(feeder, end_us).await
        {
            return Ending::Child(error);
        }
        Ending::Stopped
    }

    /// Takes what comes; a picture is fed to the child, where there is one, and kept.
    async fn item(&mut self, feeder: Option<&mut Feeder>, item: Item) -> Result<(), ChildError> {
        match item {
            Item::Track(track) => {
                self.track = track;
                Ok(())
            }
            Item::SoundTrack(track) => {
                self.sound.begin(track);
                Ok(())
            }
            Item::Sound(sound) => {
                let pieces = self.sound.take(sound);
                self.feed_sound(feeder, &pieces).await
            }
            Item::Overflow => {
                warn!("FFmpeg is too slow; pictures up to the next keyframe are missing");
                self.gaps.blame("overload");
                self.meter.overflow();
                self.damage.interrupted();
                self.wants_keyframe = true;
                Ok(())
            }
            Item::Lost => {
                self.gaps.blame("camera_lost");
                self.meter.camera_lost();
                self.damage.interrupted();
                self.camera_lost = true;
                Ok(())
            }
            Item::Packet(packet) => {
                let begun = match (&feeder, self.held.first()) {
                    (Some(feeder), _) => Arc::clone(&feeder.track),
                    (None, Some((track, _))) => Arc::clone(track),
                    (None, None) => Arc::clone(&self.track),
                };
                let another = packet.keyframe
                    && (self.is_another_stream(&begun, packet.pts_us)
                        || feeder
                            .as_ref()
                            .is_some_and(|feeder| self.is_other_sound(feeder)));
                if another {
                    self.changed = Some(packet);
                    return Ok(());
                }
                self.camera_lost = false;
                self.wants_keyframe = false;
                if !self.is_wanted(&begun, &packet) {
                    self.meter.left_out(&packet);
                    return Ok(());
                }
                self.count(&packet);
                let Some(feeder) = feeder else {
                    self.keep(packet);
                    return Ok(());
                };
                // What the child has not written yet may have to be fed to the next one.
                let written_us = self.zero_us + feeder.child.written_us();
                self.held.need_from(written_us - UNSURE_US);
                self.keep(packet.clone());
                feeder.packet(&packet).await?;
                let silence = self.sound.keep_up(packet.pts_us);
                self.feed_sound(Some(feeder), &silence).await
            }
        }
    }

    /// Whether this keyframe cannot be written by a child that was begun with `begun`. An encoder
    /// takes other sizes and parameter sets as they come.
    fn is_another_stream(&mut self, begun: &VideoTrack, pts_us: i64) -> bool {
        begun.codec != self.track.codec
            || (self.mode == Mode::Copy && self.changes.asks(begun, &self.track, pts_us))
    }

    /// Whether what is heard is not what a child was begun with.
    fn is_other_sound(&mut self, feeder: &Feeder) -> bool {
        let Some(heard) = self.sound.heard() else {
            return false;
        };
        let announced = feeder.sound.as_ref();
        let other = announced.is_none_or(|(track, _)| track != heard);
        let asks = other && self.sound_changes < SOUND_CHANGES;
        self.sound_changes += u32::from(asks);
        asks
    }

    async fn feed_sound(
        &self,
        feeder: Option<&mut Feeder>,
        pieces: &[Sound],
    ) -> Result<(), ChildError> {
        let Some(feeder) = feeder else {
            return Ok(());
        };
        let announced = feeder.sound.as_ref().map(|(track, _)| track);
        if announced != self.sound.heard() {
            return Ok(());
        }
        for sound in pieces {
            feeder.sound(sound).await?;
        }
        Ok(())
    }

    /// Whether a picture goes into the file.
    fn is_wanted(&mut self, begun: &VideoTrack, packet: &Packet) -> bool {
        let lost = packet.lost_before > 0;
        if lost {
            self.gaps.blame("packet_loss");
        }
        // A decoder makes the best of damage by itself.
        let kept = self.damage.keeps(packet.pts_us, packet.keyframe, lost);
        begun.codec == self.track.codec && (kept || self.mode == Mode::Encode)
    }

    /// What was held is written; the next child begins with the keyframe of another stream.
    fn begin_changed(&mut self) {
        let Some(packet) = self.changed.take() else {
            return;
        };
        let VideoTrack {
            codec,
            width,
            height,
            ..
        } = *self.track;
        info!(%codec, width, height, "the camera's stream is another one from here on");
        self.held.clear();
        self.begin_with(packet);
    }

    /// Takes the keyframe that the next child begins with.
    fn begin_with(&mut self, packet: Packet) {
        self.mode = command::mode_for(self.track.codec, self.job.plan.encode);
        self.camera_lost = false;
        self.count(&packet);
        self.damage.keeps(packet.pts_us, true, false);
        self.keep(packet);
    }

    /// Shows the last picture that can be shown by itself once more.
    async fn repeat(&mut self, feeder: &mut Feeder, at_us: i64) -> Result<(), ChildError> {
        let Some((track, last)) = &self.last_key else {
            return Ok(());
        };
        let repeated = Packet {
            pts_us: at_us,
            ..last.clone()
        };
        self.last_us = self.last_us.max(at_us);
        self.held.push(track, repeated.clone());
        let silence = self.sound.silence_until(at_us);
        feeder.packet(&repeated).await?;
        self.feed_sound(Some(feeder), &silence).await
    }

    /// Gives an encoder the last picture until the end, so that the file is as long as the
    /// recording. At the end of its input FFmpeg shows the last picture for as long as those
    /// before it (the middle one of three), so the last three stand at the encoder's own rate.
    async fn fill_until(&mut self, feeder: &mut Feeder, end_us: i64) -> Result<(), ChildError> {
        let step_us = 1_000_000 / i64::from(self.job.plan.settings.fps.max(1));
        let close = |distance_us: i64| distance_us <= step_us * 3 / 2;
        if close(end_us - self.last_us) && close(self.usual_us) {
            return Ok(());
        }
        // What can be repeated of other codecs is the last keyframe: no end is that much nicer.
        let shown_last = self
            .last_key
            .as_ref()
            .is_some_and(|(_, key)| key.pts_us == self.last_us);
        if !shown_last && end_us - self.last_us < LEFT_SHORT_US {
            return Ok(());
        }
        let from_us = self.last_us.max(end_us - 2 * step_us);
        for at_us in [from_us, from_us + step_us, from_us + 2 * step_us] {
            if at_us > self.last_us {
                self.repeat(feeder, at_us).await?;
            }
        }
        Ok(())
    }

    fn look_at_clock(&mut self, reader: &Reader) {
        if let Some(clock) = reader.clock() {
            self.meter.clock(clock);
        }
    }

    /// Counts a picture that goes into the file, and the gap before it.
    fn count(&mut self, packet: &Packet) {
        let gap = self.gaps.picture(packet.pts_us);
        self.meter.picture(packet, gap.is_some());
        self.tell_quality();
        self.note(gap);
    }

    /// Shows the counts, without waking who waits for news.
    fn tell_quality(&self) {
        self.job.status.send_if_modified(|status| {
            self.show_counts(status);
            false
        });
    }

    fn show_counts(&self, status: &mut RecordingStatus) {
        let shown = status.quality.get_or_insert_default();
        (**shown).clone_from(self.meter.quality());
    }

    fn note(&self, gap: Option<Gap>) {
        if let Some(gap) = gap {
            metrics().gap(&gap.cause, gap.seconds);
            self.job.status.send_modify(|status| status.gaps.push(gap));
        }
    }

    /// Remembers a picture, whatever becomes of it.
    fn keep(&mut self, packet: Packet) {
        if packet.pts_us > self.last_us {
            // Those in between are shown before it and decoded after it.
            self.usual_us = (packet.pts_us - self.last_us) / self.since_last.max(1);
            self.since_last = 0;
        }
        self.since_last += 1;
        self.last_us = self.last_us.max(packet.pts_us);
        if packet.keyframe {
            self.last_key = Some((Arc::clone(&self.track), packet.clone()));
        }
        self.held.push(&self.track, packet);
        if let Some((_, from_us)) = self.held.first() {
            self.sound.forget_before(from_us);
        }
    }

    /// Waits for the keyframe that the next child begins with; false when the end comes first.
    async fn next_keyframe(&mut self, reader: &mut Reader, ends_us: i64) -> bool {
        let mut ask = ask_for_keyframe();
        loop {
            tokio::select! {
                biased;
                () = self.job.stop.cancelled() => return false,
                () = reached(ends_us) => return false,
                _ = ask.tick() => reader.want_keyframe(),
                item = reader.next() => match item {
                    Some(Item::Packet(packet)) if packet.keyframe => {
                        self.begin_with(packet);
                        return true;
                    }
                    Some(Item::Track(track)) => self.track = track,
                    Some(Item::SoundTrack(track)) => self.sound.begin(track),
                    Some(Item::Sound(sound)) => drop(self.sound.take(sound)),
                    Some(Item::Packet(packet)) => self.meter.left_out(&packet),
                    Some(Item::Lost) => self.meter.camera_lost(),
                    Some(Item::Overflow) => self.meter.overflow(),
                    None => return false,
                },
            }
        }
    }
}

impl Feeder {
    async fn packet(&mut self, packet: &Packet) -> Result<(), ChildError> {
        let after_us = packet.pts_us - self.from_us;
        let Some(pts_ms) = self.millis.place(after_us, packet.keyframe) else {
            return Ok(());
        };
        let head = self
            .writer
            .block_head(pts_ms, packet.keyframe, packet.data.len());
        self.child.write(&[&head, &packet.data]).await
    }

    /// A piece of what was announced. What belongs before the child's first picture is left out.
    async fn sound(&mut self, sound: &Sound) -> Result<(), ChildError> {
        let Some((_, last_ms)) = &mut self.sound else {
            return Ok(());
        };
        let ms = (sound.pts_us - self.from_us)
            .saturating_add(500)
            .div_euclid(1000);
        if ms <= *last_ms {
            return Ok(());
        }
        *last_ms = ms;
        let head = self.writer.sound_head(ms, sound.data.len());
        self.child.write(&[&head, &sound.data]).await
    }
}

/// When a recording that waits for a keyframe asks for one.
pub fn ask_for_keyframe() -> tokio::time::Interval {
    let mut ask = tokio::time::interval_at(Instant::now() + ASK_AFTER, ASK_AFTER);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ask
}

fn open_log(dir: &std::path::Path, session: &str) -> std::io::Result<std::fs::File> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join(format!("{session}.ffmpeg.log"));
    std::fs::File::options()
        .create(true)
        .append(true)
        .open(path)
}
