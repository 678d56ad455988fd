//! Questions asked on tokio's own threads, where whatever waits or enters a runtime panics.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

use super::super::ActivePolicy;
use super::super::testing::{active, patiently, question};

const MISDEEDS: [&str; 12] = [
    "panic",
    "panic-long",
    "print",
    "print-flood",
    "read-stdin",
    "sleep",
    "connect",
    "resolve",
    "bind",
    "read-file",
    "exit",
    "loop",
];

fn ask_all(policy: &ActivePolicy) {
    for misdeed in MISDEEDS {
        let _ = policy.decide(&question(&format!("do.{misdeed}")));
        let good = patiently(policy, "session.view");
        assert!(
            good.as_ref().is_ok_and(|answer| answer.allow),
            "after {misdeed}: {good:?}"
        );
    }
}

#[test]
fn on_a_worker_of_many() {
    let policy = Arc::new(active("good"));
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let asking = Arc::clone(&policy);
    runtime.block_on(async {
        ask_all(&asking);
        runtime
            .spawn(async move { ask_all(&asking) })
            .await
            .unwrap();
        let blocking = Arc::clone(&policy);
        runtime
            .spawn_blocking(move || ask_all(&blocking))
            .await
            .unwrap();
    });
}

#[test]
fn on_the_only_thread() {
    let policy = Arc::new(active("good"));
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async move {
        tokio::spawn(async move { ask_all(&policy) }).await.unwrap();
    });
}

/// A policy that loops holds a worker once; afterwards it is asked beside the workers.
#[test]
fn loops_do_not_hold_the_workers() {
    let policy = Arc::new(active("good"));
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    policy.decide(&question("do.loop")).unwrap_err();
    runtime.block_on(async move {
        let looping = tokio::spawn(async move {
            for _ in 0..20 {
                policy.decide(&question("do.loop")).unwrap_err();
            }
            Instant::now()
        });
        let other = tokio::spawn(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Instant::now()
        });
        let (looped, other) = (looping.await.unwrap(), other.await.unwrap());
        assert!(other < looped, "the only worker was not held");
    });
}
