//! Writes changes one after the other, off everybody's way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, info};

use super::change::Change;
use super::error::Error;
use super::pending::Pending;
use super::records::{AuditRecord, FileRecord, RecordingRecord, SessionRecord};
use super::store::Catalogue;

/// Changes of a transaction at most.
const BATCH: usize = 256;
/// How long [`Journal::written`] waits, and how long it is waited after failures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    pub written: Duration,
    /// After the first failure; each next pause is twice as long, up to the last.
    pub first_pause: Duration,
    pub last_pause: Duration,
}

const WAITS: Waits = Waits {
    written: Duration::from_secs(2),
    first_pause: Duration::from_millis(100),
    last_pause: Duration::from_secs(10),
};
/// Failures, once the host is going down, after which it is left.
const TRIES_AT_END: u32 = 3;

/// "Done" of a journal that has ended: nobody waits for it any more.
const ENDED: u64 = u64::MAX;

/// What a journal has done, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalCounts {
    /// Changes that wait.
    pub waiting: u64,
    /// Changes that were written.
    pub written: u64,
    /// Attempts that failed and were repeated.
    pub failures: u64,
    /// Changes that were lost: no room, refused, or never written before the end.
    pub lost: u64,
}

/// A change's place in the queue, if it got one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued(Option<u64>);

/// The way of changes into a [`Catalogue`]: a bounded queue and one task that writes it in
/// transactions. A slow or full disk delays nobody; what fails is tried again, for as long as
/// the host runs.
pub struct Journal {
    shared: Arc<Shared>,
    task: Mutex<Option<AbortOnDropHandle<()>>>,
}

struct Shared {
    pending: Mutex<Pending>,
    wake: Notify,
    /// Up to which number all changes are written (or lost).
    done: watch::Sender<u64>,
    closing: CancellationToken,
    written: AtomicU64,
    failures: AtomicU64,
    lost: AtomicU64,
    waits: Waits,
}

impl Journal {
    /// Starts the task. Its owner must await [`close`](Self::close): dropped, it loses what
    /// waits.
    pub fn start(catalogue: Arc<dyn Catalogue>) -> Arc<Self> {
        Self::start_with(catalogue, WAITS)
    }

    pub(super) fn start_with(catalogue: Arc<dyn Catalogue>, waits: Waits) -> Arc<Self> {
        let shared = Arc::new(Shared {
            pending: Mutex::default(),
            wake: Notify::new(),
            done: watch::Sender::new(0),
            closing: CancellationToken::new(),
            written: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            waits,
        });
        let writer = Writer {
            shared: Arc::clone(&shared),
            catalogue,
            failing: false,
            failures_at_end: 0,
        };
        let task = AbortOnDropHandle::new(tokio::spawn(writer.run()));
        Arc::new(Self {
            shared,
            task: Mutex::new(Some(task)),
        })
    }

    /// Puts a change into the queue; never waits. One for which there is no room is lost, which
    /// is logged and counted.
    pub fn put(&self, change: Change) -> Queued {
        Queued(self.shared.put(change))
    }

    /// Waits until this change is written, 2 s at most; tells whether it was. If not, it is
    /// still being tried, unless there was no room for it.
    pub async fn written(&self, change: Queued) -> bool {
        match change.0 {
            Some(number) => timeout(self.shared.waits.written, self.shared.wait_for(number))
                .await
                .is_ok(),
            None => false,
        }
    }

    /// A session is new, or has changed.
    pub fn session(&self, record: SessionRecord) {
        self.put(Change::Session(record));
    }

    /// A recording is new, or has changed. May be called every second: a state that still waits
    /// is replaced.
    pub fn recording(&self, record: RecordingRecord) {
        self.put(Change::Recording(record));
    }

    /// A decision was made.
    pub fn audit(&self, record: AuditRecord) {
        self.put(Change::Audit(Box::new(record)));
    }

    /// A file is new; see [`written`](Self::written).
    pub async fn save_file(&self, record: FileRecord) -> bool {
        self.written(self.put(Change::File(record))).await
    }

    /// Waits until everything that was put in before is written. As long as the disk is full
    /// that is for ever: callers bound it.
    pub async fn flush(&self) {
        let last = self.shared.pending().last();
        self.shared.wait_for(last).await;
    }

    /// Changes that wait, were written, failed, were lost.
    pub fn counts(&self) -> JournalCounts {
        JournalCounts {
            waiting: self.shared.pending().len() as u64,
            written: self.shared.written.load(Ordering::Relaxed),
            failures: self.shared.failures.load(Ordering::Relaxed),
            lost: self.shared.lost.load(Ordering::Relaxed),
        }
    }

    /// Writes what waits and ends. What cannot be written after a few tries is lost, which is
    /// logged. What is put in later is lost.
    pub async fn close(&self) {
        self.shared.closing.cancel();
        let task = {
            let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
            task.take()
        };
        if let Some(task) = task {
            // A task that panicked has ended too.
            let _ = task.await;
        }
    }
}

impl Shared {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, change: Change) -> Option<u64> {
        let (what, id) = change.subject();
        let (what, id) = (what, id.to_owned());
        let ended = *self.done.borrow() == ENDED;
        let number = if ended {
            None
        } else {
            self.pending().push(change)
        };
        if number.is_some() {
            self.wake.notify_one();
        } else if self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            // Once: what follows is counted.
            error!(
                what,
                id, "too much waits for the catalogue: changes are lost"
            );
        }
        number
    }

    async fn wait_for(&self, number: u64) {
        let mut done = self.done.subscribe();
        // The sender is ours: there is no error.
        let _ = done.wait_for(|done| *done >= number).await;
    }
}

/// How a batch ended.
enum Outcome {
    Written,
    /// It would be refused every time.
    Refused(Error),
    /// The host goes down, and the disk does not take it.
    GivenUp(Error),
}

struct Writer {
    shared: Arc<Shared>,
    catalogue: Arc<dyn Catalogue>,
    /// The last attempt failed, which was logged.
    failing: bool,
    /// Failures since the host goes down.
    failures_at_end: u32,
}

impl Writer {
    async fn run(mut self) {
        loop {
            let batch = self.shared.pending().take(BATCH);
            if batch.is_empty() {
                if self.shared.closing.is_cancelled() {
                    self.shared.done.send_replace(ENDED);
                    return;
                }
                tokio::select! {
                    () = self.shared.wake.notified() => {}
                    () = self.shared.closing.cancelled() => {}
                }
                continue;
            }
            self.write(&batch).await;
            let through = self.shared.pending().out_through();
            self.shared.done.send_replace(through);
        }
    }

    /// Writes a batch; where it is refused, each change by itself, so that a bad one costs no
    /// other.
    async fn write(&mut self, batch: &[Change]) {
        match self.attempt(batch).await {
            Outcome::Written => {}
            Outcome::Refused(_) if batch.len() > 1 => {
                for one in batch.chunks(1) {
                    match self.attempt(one).await {
                        Outcome::Written => {}
                        Outcome::Refused(error) | Outcome::GivenUp(error) => self.lose(one, &error),
                    }
                }
            }
            Outcome::Refused(error) | Outcome::GivenUp(error) => self.lose(batch, &error),
        }
    }

    async fn attempt(&mut self, batch: &[Change]) -> Outcome {
        let Waits {
            first_pause,
            last_pause,
            ..
        } = self.shared.waits;
        let mut pause = first_pause;
        loop {
            let error = match self.catalogue.apply(batch).await {
                Ok(()) => {
                    let count = batch.len() as u64;
                    self.shared.written.fetch_add(count, Ordering::Relaxed);
                    if std::mem::take(&mut self.failing) {
                        info!("the catalogue is written again");
                    }
                    return Outcome::Written;
                }
                Err(error) if error.may_pass() => error,
                Err(error) => return Outcome::Refused(error),
            };
            self.shared.failures.fetch_add(1, Ordering::Relaxed);
            if !std::mem::replace(&mut self.failing, true) {
                let waiting = batch.len();
                error!(%error, waiting, "the catalogue cannot be written; it is tried again");
            }
            if self.shared.closing.is_cancelled() {
                self.failures_at_end += 1;
                if self.failures_at_end >= TRIES_AT_END {
                    return Outcome::GivenUp(error);
                }
                tokio::time::sleep(first_pause).await;
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.shared.closing.cancelled() => {}
            }
            pause = (pause * 2).min(last_pause);
        }
    }

    fn lose(&self, changes: &[Change], error: &Error) {
        let count = changes.len() as u64;
        self.shared.lost.fetch_add(count, Ordering::Relaxed);
        let (what, id) = changes.first().map_or(("nothing", ""), Change::subject);
        error!(%error, count, what, id, "changes of the catalogue are lost");
    }
}
