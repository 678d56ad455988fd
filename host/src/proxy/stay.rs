//! One stay at a camera: an attempt, and those of other versions of its adapter that take its
//! place while pictures come.
//!
//! A newer version gets a connection of its own beside the running one, and takes over at its
//! first keyframe; nothing shows. Where a camera allows no second connection, the running one is
//! ended first. Where the newer version then brings no picture, the one before is back.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};
use tracing::{info, warn};

use super::attempt::{Attempt, Camera, Ended, Work};
use super::trace::Way;
use crate::camera::{Budget, Outcome};
use crate::plugins::types::FailureClass;
use crate::plugins::{Adapter, Registry};

/// How long a newer version has to bring a keyframe beside the running one, and again a picture
/// once it is alone.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a change between any two pictures is tried, where no keyframe comes.
const ANYWHERE: Duration = Duration::from_secs(1);
/// How often a change that is under way is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Without a picture for so long, the readers are told that the camera is gone.
const LOST: Duration = Duration::from_secs(2);
/// Pause between two tries of a camera that is still busy with the connection that was ended.
const AGAIN: Duration = Duration::from_millis(300);
/// Attempts that are saying goodbye at once: stops files that change all the time from piling up
/// connections.
const MOST_LEAVING: usize = 2;
/// Pictures for so long, and the next failure is a new story.
const BELIEVED_AFTER: Duration = Duration::from_secs(5);
/// Digits of a digest that log lines show.
const DIGITS: usize = 12;

/// How a stay ended.
pub struct Left {
    /// The last attempt.
    pub ended: Ended,
    /// Pictures came.
    pub was_live: bool,
    /// They came for long enough to be believed.
    pub believed: bool,
    /// The readers were told already that the camera is gone.
    pub told: bool,
}

/// See the module.
pub struct Stay<'a> {
    camera: &'a Camera,
    registry: &'a Registry,
    leaving: FuturesUnordered<Work>,
    was_live: bool,
    believed: bool,
    /// The readers were told that the camera is gone, and it is not back.
    told: bool,
    doubted: Option<Doubt>,
    /// Digest of a version that fell short already.
    passed_over: Option<String>,
}

/// A newer version that brought no picture, so that the one before is tried again. It fell short
/// only if that one brings a picture where it did not.
struct Doubt {
    newer: Arc<Adapter>,
    reason: String,
    /// When the camera itself is taken for gone.
    until: Instant,
}

/// What came of trying another version.
enum Trial {
    /// It runs now.
    Done(Attempt),
    /// This one goes on as before.
    Kept(Attempt),
    /// An attempt with it is alone now, or the next one is; nothing runs beside it.
    Alone(Option<Attempt>, Arc<Adapter>),
    /// The feed is closed.
    Stopped(Ended),
}

impl<'a> Stay<'a> {
    /// Nothing was tried yet.
    pub fn new(camera: &'a Camera, registry: &'a Registry) -> Self {
        Self {
            camera,
            registry,
            leaving: FuturesUnordered::new(),
            was_live: false,
            believed: false,
            told: false,
            doubted: None,
            passed_over: None,
        }
    }

    /// Connects, and stays until an attempt ends with none to follow.
    pub async fn run(
        mut self,
        adapter: &Arc<Adapter>,
        budget: Option<Budget>,
        changes: &mut watch::Receiver<u64>,
    ) -> Left {
        let junction = &self.camera.junction;
        let mut main = self.camera.attempt(adapter, junction.run(), budget);
        let mut tick = ticks();
        let ended = loop {
            if self.leaving.len() < MOST_LEAVING
                && let Some(newer) = self.newer(&main.adapter)
            {
                match self.change(main, newer, changes).await {
                    Ok(attempt) => main = attempt,
                    Err(ended) => break ended,
                }
                continue;
            }
            let waits = junction.has_waiting();
            tokio::select! {
                biased;
                _ = junction.spliced(), if waits => self.is_back(),
                ended = &mut main.work => match self.once_more(ended).await {
                    Ok(attempt) => main = attempt,
                    Err(ended) => break ended,
                },
                () = risen(changes) => {}
                Some(_) = self.leaving.next(), if !self.leaving.is_empty() => {}
                _ = tick.tick(), if waits => junction.tick(),
            }
        };
        self.note_life(&ended);
        // Whoever brought pictures at the end is gone only now.
        let told = self.told && self.camera.junction.live_for(ended.lane).is_none();
        // Each takes a second at most.
        while self.leaving.next().await.is_some() {}
        Left {
            was_live: self.was_live,
            believed: self.believed,
            told,
            ended,
        }
    }

    /// The version in force, where it is another one than this.
    fn newer(&mut self, than: &Adapter) -> Option<Arc<Adapter>> {
        let in_force = self.registry.adapter(than.name())?;
        let doubted = self.doubted.as_ref().map(|doubt| doubt.newer.digest());
        if self.passed_over.as_deref() != Some(in_force.digest()) {
            self.passed_over = None;
        }
        let skipped = [Some(than.digest()), doubted, self.passed_over.as_deref()];
        (!skipped.contains(&Some(in_force.digest()))).then_some(in_force)
    }

    /// Puts another version in the place of the running one; what runs after it.
    async fn change(
        &mut self,
        main: Attempt,
        newer: Arc<Adapter>,
        changes: &mut watch::Receiver<u64>,
    ) -> Result<Attempt, Ended> {
        let junction = Arc::clone(&self.camera.junction);
        let before = Arc::clone(&main.adapter);
        if self.doubted.is_some() || !junction.is_live() {
            // There is nothing to lose.
            self.doubted = None;
            info!(
                adapter = newer.name(),
                from = digits(&before),
                to = digits(&newer),
                "the adapter is replaced while no picture comes"
            );
            self.was_live |= junction.live_for(main.lane).is_some();
            junction.give_up();
            main.stop.cancel();
            main.work.await;
            if self.was_live {
                self.lost();
            }
            return Ok(self.camera.attempt(&newer, junction.run(), None));
        }
        match self.beside(main, newer, changes).await {
            Trial::Done(attempt) | Trial::Kept(attempt) => Ok(attempt),
            Trial::Alone(attempt, newer) => self.alone(before, attempt, newer, changes).await,
            Trial::Stopped(ended) => Err(ended),
        }
    }

    /// Tries the newer version beside the running one.
    async fn beside(
        &mut self,
        mut main: Attempt,
        newer: Arc<Adapter>,
        changes: &mut watch::Receiver<u64>,
    ) -> Trial {
        let junction = Arc::clone(&self.camera.junction);
        info!(
            adapter = newer.name(),
            from = digits(&main.adapter),
            to = digits(&newer),
            "another version of the adapter is tried beside the running one"
        );
        self.told = false;
        let mut trial = self.in_place(&newer, None);
        let mut until = Instant::now() + PATIENCE;
        let mut anywhere = false;
        let mut tick = ticks();
        let why = loop {
            tokio::select! {
                biased;
                way = junction.spliced() => {
                    told_replaced(&main.adapter, &trial.adapter, way);
                    self.is_back();
                    self.leave(main);
                    return Trial::Done(trial);
                }
                ended = &mut main.work => {
                    info!("the camera's connection ended while its adapter is being replaced");
                    return self.left_alone(ended, Some(trial), newer);
                }
                ended = &mut trial.work => break Some(ended.outcome),
                () = risen(changes) => {
                    let in_force = self.registry.adapter(newer.name());
                    if in_force.is_some_and(|now| now.digest() != newer.digest()) {
                        junction.give_up();
                        self.leave(trial);
                        return Trial::Kept(main);
                    }
                }
                Some(_) = self.leaving.next(), if !self.leaving.is_empty() => {}
                _ = tick.tick() => junction.tick(),
                () = sleep_until(until) => {
                    if anywhere || trial.pictures() == 0 {
                        break None;
                    }
                    anywhere = true;
                    junction.splice_anywhere();
                    until += ANYWHERE;
                }
            }
        };
        let mut over = why.is_some();
        let (final_word, reason) = judged(why);
        if final_word && !self.camera.stop.is_cancelled() {
            junction.give_up();
            self.fell_short(&newer, &reason);
            return Trial::Kept(main);
        }
        info!(reason, "the running connection is ended for the new one");
        main.stop.cancel();
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut main.work => break ended,
                // It may still take over.
                _ = &mut trial.work, if !over => over = true,
            }
        };
        self.left_alone(ended, (!over).then_some(trial), newer)
    }

    /// The running attempt has ended.
    fn left_alone(&mut self, ended: Ended, trial: Option<Attempt>, newer: Arc<Adapter>) -> Trial {
        self.note_life(&ended);
        self.camera.junction.ended(ended.lane);
        if self.camera.stop.is_cancelled() {
            if let Some(trial) = trial {
                self.leave(trial);
            }
            return Trial::Stopped(ended);
        }
        Trial::Alone(trial, newer)
    }

    /// The version `before` has ended: the newer one has a while to bring a picture.
    async fn alone(
        &mut self,
        before: Arc<Adapter>,
        trial: Option<Attempt>,
        mut newer: Arc<Adapter>,
        changes: &mut watch::Receiver<u64>,
    ) -> Result<Attempt, Ended> {
        let junction = Arc::clone(&self.camera.junction);
        let began = Instant::now();
        let mut tick = ticks();
        let mut trial = trial.unwrap_or_else(|| self.in_place(&newer, None));
        let reason = loop {
            tokio::select! {
                biased;
                way = junction.spliced() => {
                    told_replaced(&before, &trial.adapter, way);
                    self.is_back();
                    return Ok(trial);
                }
                ended = &mut trial.work => {
                    if self.camera.stop.is_cancelled() {
                        return Err(ended);
                    }
                    let (final_word, why) = judged(Some(ended.outcome));
                    if final_word || began.elapsed() + AGAIN >= PATIENCE {
                        break why;
                    }
                    sleep(AGAIN).await;
                    trial = self.in_place(&newer, Some(ended.budget));
                }
                () = risen(changes) => {
                    let in_force = self.registry.adapter(newer.name());
                    if let Some(now) = in_force.filter(|now| now.digest() != newer.digest()) {
                        trial.stop.cancel();
                        trial.work.await;
                        newer = now;
                        trial = self.in_place(&newer, None);
                    }
                }
                Some(_) = self.leaving.next(), if !self.leaving.is_empty() => {}
                _ = tick.tick() => junction.tick(),
                () = sleep_until(began + LOST), if !self.told => self.lost(),
                () = sleep_until(began + PATIENCE) => {
                    if trial.pictures() > 0 {
                        // It lives; its keyframe will come.
                        return Ok(trial);
                    }
                    trial.stop.cancel();
                    let ended = trial.work.await;
                    if self.camera.stop.is_cancelled() {
                        return Err(ended);
                    }
                    break format!("{} s have passed", PATIENCE.as_secs());
                }
            }
        };
        warn!(
            adapter = newer.name(),
            from = digits(&newer),
            to = digits(&before),
            reason,
            "no picture comes with this version; the one before is tried again"
        );
        if newer.digest() != before.digest() {
            self.doubted = Some(Doubt {
                newer,
                reason,
                until: Instant::now() + PATIENCE,
            });
        }
        if !self.told {
            self.lost();
        }
        Ok(self.in_place(&before, None))
    }

    /// An attempt that takes the place of one that has ended.
    fn in_place(&self, adapter: &Arc<Adapter>, budget: Option<Budget>) -> Attempt {
        let lane = self.camera.junction.wait();
        if self.told {
            self.camera.junction.begin_afresh();
        }
        self.camera.attempt(adapter, lane, budget)
    }

    /// An attempt has ended. Where it was to show that a newer version fell short, the camera may
    /// still be busy with the connection of that one.
    async fn once_more(&mut self, ended: Ended) -> Result<Attempt, Ended> {
        let doubt = self.doubted.as_ref();
        let in_time = doubt.is_some_and(|doubt| Instant::now() + AGAIN < doubt.until);
        if !in_time || self.camera.stop.is_cancelled() {
            return Err(ended);
        }
        sleep(AGAIN).await;
        Ok(self.in_place(&ended.adapter, Some(ended.budget)))
    }

    /// Tells the readers that the camera is gone.
    fn lost(&mut self) {
        self.told = true;
        self.camera.junction.lost();
    }

    /// The attempt that waited brings pictures now. If a newer version did not, that one fell
    /// short.
    fn is_back(&mut self) {
        self.was_live = true;
        self.told = false;
        if let Some(doubt) = self.doubted.take() {
            self.fell_short(&doubt.newer, &doubt.reason);
        }
    }

    /// A newer version brings no picture where the one before does.
    fn fell_short(&mut self, adapter: &Adapter, reason: &str) {
        warn!(
            adapter = adapter.name(),
            digest = digits(adapter),
            reason,
            "this version is not used: the one before brings pictures"
        );
        self.passed_over = Some(adapter.digest().to_owned());
        let reason = format!("brought no picture ({reason})");
        self.registry.fell_short(adapter, &reason);
    }

    /// Says goodbye to an attempt.
    fn leave(&mut self, attempt: Attempt) {
        attempt.stop.cancel();
        self.leaving.push(attempt.work);
    }

    /// Remembers whether pictures came.
    fn note_life(&mut self, ended: &Ended) {
        let lived = self.camera.junction.live_for(ended.lane);
        self.was_live |= lived.is_some();
        self.believed |= lived.is_some_and(|lived| lived >= BELIEVED_AFTER);
    }
}

/// Whether an attempt's end says all there is to say of its version, and the reason.
fn judged(outcome: Option<Outcome>) -> (bool, String) {
    match outcome {
        None => (
            false,
            format!(
                "no keyframe in {} s beside the running one",
                PATIENCE.as_secs()
            ),
        ),
        Some(Outcome::Finished) => (false, "it ended the stream".to_owned()),
        Some(Outcome::Failed { class, message }) => (class == FailureClass::Unsupported, message),
        Some(Outcome::Broken { message }) => (true, message),
    }
}

fn told_replaced(before: &Adapter, now: &Adapter, way: Way) {
    info!(
        adapter = now.name(),
        from = digits(before),
        to = digits(now),
        by = way.name(),
        "adapter replaced"
    );
}

fn digits(adapter: &Adapter) -> &str {
    let digest = adapter.digest();
    digest.get(..DIGITS).unwrap_or(digest)
}

fn ticks() -> Interval {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Resolves when what is in force has changed.
pub async fn risen(changes: &mut watch::Receiver<u64>) {
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
