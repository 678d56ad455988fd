//! The journal before a catalogue that fails, is slow, or refuses.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::*;
use crate::catalogue::journal::Waits;

/// Keeps changes in memory, after so many failures.
#[derive(Default)]
struct Moody {
    kept: Mutex<Vec<Change>>,
    failures: AtomicU32,
    calls: AtomicU32,
    /// Where set, each call needs a permit.
    gate: Option<Semaphore>,
}

impl Moody {
    fn failing(times: u32) -> Arc<Self> {
        let moody = Self::default();
        moody.failures.store(times, Ordering::SeqCst);
        Arc::new(moody)
    }

    fn kept(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        kept.iter()
            .map(|change| change.subject().1.to_owned())
            .collect()
    }
}

type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

impl Catalogue for Moody {
    fn apply<'a>(&'a self, changes: &'a [Change]) -> Answer<'a, ()> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::SeqCst);
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            let doing = "testing";
            let left = |left: u32| left.checked_sub(1);
            if self
                .failures
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
                .is_ok()
            {
                let reason = "disk full".into();
                return Err(Error::Unavailable { doing, reason });
            }
            if changes.iter().any(|change| change.subject().1 == "bad") {
                let reason = "bad".into();
                return Err(Error::Refused { doing, reason });
            }
            self.kept.lock().unwrap().extend_from_slice(changes);
            Ok(())
        })
    }

    fn session<'a>(&'a self, _: &'a str) -> Answer<'a, Option<SessionRecord>> {
        unimplemented!()
    }

    fn recording<'a>(&'a self, _: &'a str) -> Answer<'a, Option<RecordingRecord>> {
        unimplemented!()
    }

    fn recent_sessions(&self, _: u32) -> Answer<'_, Vec<SessionEntry>> {
        unimplemented!()
    }

    fn unfinished_sessions(&self, _: u32) -> Answer<'_, Vec<SessionEntry>> {
        unimplemented!()
    }

    fn file<'a>(&'a self, _: &'a str) -> Answer<'a, Option<FileRecord>> {
        unimplemented!()
    }

    fn files<'a>(&'a self, _: &'a FileQuery) -> Answer<'a, FilePage> {
        unimplemented!()
    }

    fn files_without_digest<'a>(&'a self, _: &'a FileQuery) -> Answer<'a, FilePage> {
        unimplemented!()
    }

    fn audit(&self, _: u32) -> Answer<'_, Vec<AuditRecord>> {
        unimplemented!()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        unimplemented!()
    }
}

/// A journal that is as patient as a test.
fn start(store: &Arc<Moody>) -> Arc<Journal> {
    let waits = Waits {
        written: Duration::from_millis(20),
        first_pause: Duration::from_millis(1),
        last_pause: Duration::from_millis(4),
    };
    Journal::start_with(Arc::clone(store) as Arc<dyn Catalogue>, waits)
}

fn removal(id: &str) -> Change {
    Change::FileRemoved {
        session_id: id.into(),
    }
}

#[tokio::test]
async fn a_disk_that_is_full_for_a_while_loses_nothing() {
    let store = Moody::failing(9);
    let journal = start(&store);
    for number in 0..1000 {
        journal.put(removal(&number.to_string()));
    }
    journal.put(Change::File(file(1)));
    journal.flush().await;
    let kept = store.kept();
    assert_eq!(kept.len(), 1001);
    assert!((0..1000).all(|number| kept[number] == number.to_string()));
    let counts = journal.counts();
    assert_eq!((counts.written, counts.failures), (1001, 9));
    assert_eq!((counts.waiting, counts.lost), (0, 0));
    // Batches, not single changes.
    assert!(store.calls.load(Ordering::SeqCst) < 20);
    journal.close().await;
}

#[tokio::test]
async fn what_was_awaited_is_written() {
    let store = Moody::failing(0);
    let journal = start(&store);
    assert!(journal.save_file(file(1)).await);
    assert_eq!(store.kept(), ["sess_1_1"]);
    store.failures.store(u32::MAX, Ordering::SeqCst);
    assert!(!journal.save_file(file(2)).await, "nobody waits for ever");
    store.failures.store(0, Ordering::SeqCst);
    journal.flush().await;
    assert_eq!(store.kept(), ["sess_1_1", "sess_1_2"]);
    // Nothing new: nothing to wait for.
    journal.flush().await;
    journal.close().await;
}

#[tokio::test]
async fn a_change_that_is_refused_costs_no_other() {
    let store = Moody::failing(0);
    let journal = start(&store);
    for id in ["a", "bad", "b", "bad", "c"] {
        journal.put(removal(id));
    }
    journal.flush().await;
    assert_eq!(store.kept(), ["a", "b", "c"]);
    assert_eq!(journal.counts().lost, 2);
    journal.close().await;
}

#[tokio::test]
async fn states_are_written_once_while_the_catalogue_is_slow() {
    let store = Arc::new(Moody {
        gate: Some(Semaphore::new(0)),
        ..Moody::default()
    });
    let journal = start(&store);
    for frames in 0..5000 {
        let mut now = recording(1);
        now.frames = frames;
        journal.recording(now);
        if frames == 0 {
            // The first one is under way.
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(journal.counts().waiting, 1);
    let waiting = timeout(Duration::from_secs(1), journal.flush());
    assert!(waiting.await.is_err(), "nothing was written yet");
    store.gate.as_ref().unwrap().add_permits(10);
    journal.flush().await;
    let kept = store.kept.lock().unwrap().clone();
    assert_eq!(kept.len(), 2);
    assert!(matches!(&kept[1], Change::Recording(last) if last.frames == 4999));
    journal.close().await;
}

#[tokio::test]
async fn the_end_writes_what_waits() {
    let store = Moody::failing(2);
    let journal = start(&store);
    for number in 0..600 {
        journal.put(removal(&number.to_string()));
    }
    journal.close().await;
    assert_eq!(store.kept().len(), 600);
    // Too late, and nobody hangs.
    assert!(!journal.save_file(file(1)).await);
    journal.put(removal("late"));
    journal.flush().await;
    journal.close().await;
    assert_eq!((store.kept().len(), journal.counts().lost), (600, 2));
}

#[tokio::test]
async fn the_end_comes_though_the_disk_stays_full() {
    let store = Moody::failing(u32::MAX);
    let journal = start(&store);
    for number in 0..5000 {
        journal.put(removal(&number.to_string()));
    }
    journal.close().await;
    // A few tries, and one for each batch that is left.
    assert!(store.calls.load(Ordering::SeqCst) < 25);
    assert_eq!(journal.counts().lost, 5000);
}

#[tokio::test]
async fn real_ones_go_together() {
    let (_folder, path) = place();
    let store = open(&path).await;
    let journal = Journal::start(Arc::clone(&store));
    journal.session(session(1));
    journal.recording(recording(1));
    journal.audit(decision(1));
    assert!(journal.save_file(file(1)).await);
    let found = store.files(&FileQuery::default()).await.unwrap();
    assert_eq!(found.files, [file(1)]);
    assert_eq!(store.recent_sessions(1).await.unwrap().len(), 1);
    assert_eq!(store.audit(1).await.unwrap().len(), 1);
    journal.close().await;
    store.close().await;
}
