//! A shadow policy: a candidate that decides beside the policy in force, and is only compared.
//!
//! Each question is copied into a bounded queue with what was decided, and the candidate
//! answers on a thread of its own, of lower priority. Whoever asks waits for none of it: what
//! does not fit into the queue is left out and counted. What the candidate answers goes into the
//! `ledger` and nowhere else.

mod ledger;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use jiff::Timestamp;

use super::changes::Differs;
use super::policy::{Decision, KeptQuestion, Policy, Question};
use super::whose::Whose;
use crate::telemetry::metrics::metrics;

use ledger::Ledger;
pub use ledger::{Difference, Seen};

/// Questions that wait for the candidate: one of 10 ms of computing is given 10 s of peaks at a
/// hundred a second. Stops a slow candidate from filling the memory: a question has at most some
/// kilobytes.
const QUEUE: usize = 1024;
/// How much less of the processor the candidate gets than what answers requests.
const NICE: i32 = 10;

/// A question, and what was decided.
struct Asked {
    question: KeptQuestion,
    decided: Decision,
}

/// A candidate at work. Dropping it ends it.
pub struct Shadow {
    name: String,
    of: String,
    queue: SyncSender<Option<Asked>>,
    shared: Arc<Shared>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    ending: AtomicBool,
    dropped: AtomicU64,
    ledger: Ledger,
}

/// What a shadow saw until now.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The name of the policy in force; none where nothing is compared.
    pub shadow_of: Option<String>,
    /// Counts and differences.
    pub seen: Seen,
    /// Questions that were left out, because the candidate was too slow for them.
    pub dropped: u64,
}

impl Shadow {
    /// Sets a candidate to work beside the policy `of`.
    ///
    /// # Errors
    ///
    /// Where there is no thread for it.
    pub fn start(name: &str, of: &str, candidate: Arc<dyn Policy>) -> std::io::Result<Self> {
        let (queue, asked) = sync_channel(QUEUE);
        let shared = Arc::new(Shared {
            ending: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            ledger: Ledger::new(name),
        });
        let its = Arc::clone(&shared);
        let worker = std::thread::Builder::new()
            .name("shadow-policy".into())
            .spawn(move || work(&asked, &its, &*candidate))?;
        Ok(Self {
            name: name.to_owned(),
            of: of.to_owned(),
            queue,
            shared,
            worker: Mutex::new(Some(worker)),
        })
    }

    /// The candidate's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Hands a question on. Waits for nothing.
    pub fn offer(&self, question: &Question<'_>, decided: &Decision) {
        let asked = Asked {
            question: KeptQuestion::of(question),
            decided: decided.clone(),
        };
        if self.queue.try_send(Some(asked)).is_err() {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            metrics().shadowed("dropped");
        }
    }

    /// What it saw until now.
    pub fn comparison(&self) -> Comparison {
        Comparison {
            shadow_of: Some(self.of.clone()),
            seen: self.shared.ledger.seen(),
            dropped: self.shared.dropped.load(Ordering::Relaxed),
        }
    }

    /// Ends it, and waits for the question that it is at: not for a thread that answers
    /// requests.
    pub fn end(&self) {
        self.tell_to_end();
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = worker.take() {
            // Had it panicked, it would have ended as well.
            let _ = worker.join();
        }
    }

    fn tell_to_end(&self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        // Wakes it where it waits; where the queue is full it does not wait.
        let _ = self.queue.try_send(None);
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        self.tell_to_end();
    }
}

fn work(queue: &Receiver<Option<Asked>>, shared: &Shared, candidate: &dyn Policy) {
    // A thread's own, on Linux. Where it is refused the candidate is asked all the same.
    let _ = rustix::process::nice(NICE);
    while let Ok(Some(asked)) = queue.recv() {
        if shared.ending.load(Ordering::Relaxed) {
            return;
        }
        let question = asked.question.question();
        let Ok(answer) = candidate.decide(&question) else {
            shared.ledger.failed();
            metrics().shadowed("failed");
            continue;
        };
        let answer = Decision::of(answer);
        if Differs::between(&asked.decided, &answer).is_none() {
            shared.ledger.same();
            metrics().shadowed("same");
            continue;
        }
        metrics().shadowed("differing");
        let (role, action) = (&question.principal.role, question.action);
        let difference = (role.as_str(), action, Whose::of(&question));
        let (at, clock) = (Timestamp::now(), Instant::now());
        shared
            .ledger
            .differs(difference, &asked.decided, &answer, at, clock);
    }
}
