//! Answers without an end: they end when the host stops, when the policy says no, and when
//! their client does not read any more.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::Stream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TrackedFuture;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::debug;

use super::permit::Permit;

/// A client that takes nothing for so long does not watch any more: what it holds (a place in a
/// queue, an FFmpeg child) is taken from it.
const STUCK_AFTER: Duration = Duration::from_mins(1);

/// The answers that are open, and what each one needs to end.
#[derive(Clone)]
pub struct OpenAnswers {
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl OpenAnswers {
    /// They end when `stopping` is cancelled.
    pub fn new(stopping: CancellationToken) -> Self {
        let tasks = TaskTracker::new();
        Self { stopping, tasks }
    }

    /// The body of an answer that goes on for as long as `chunks` does and `permit` stands. At
    /// its end, however it comes, `chunks` is dropped at once, even if the client reads nothing.
    pub fn body<S>(&self, permit: Permit, chunks: S) -> Body
    where
        S: Stream<Item = Bytes> + Send + 'static,
    {
        let flow = Arc::new(Flow {
            state: Mutex::new(State {
                chunks: Some(Box::pin(chunks)),
                waiting: None,
                given: None,
            }),
        });
        let (kept, stopping) = (Arc::clone(&flow), self.stopping.clone());
        let keeper = async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = permit.revoked() => {}
                () = kept.stuck() => debug!("a client stopped reading; its answer ends"),
            }
            kept.end();
        };
        let keeper = AbortOnDropHandle::new(self.tasks.spawn(keeper));
        Body::from_stream(Open {
            flow,
            _keeper: keeper,
        })
    }

    /// What is not a body (a socket) and sees to its own end when `stopping` is cancelled: it is
    /// waited for.
    pub fn track<F: Future>(&self, work: F) -> TrackedFuture<F> {
        self.tasks.track_future(work)
    }

    /// Cancelled when the host stops.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Waits until all have ended, after `stopping` was cancelled.
    pub async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// The server's side of the body.
struct Open {
    flow: Arc<Flow>,
    _keeper: AbortOnDropHandle<()>,
}

/// What the server and the keeper share.
struct Flow {
    state: Mutex<State>,
}

struct State {
    /// None once it has ended.
    chunks: Option<Pin<Box<dyn Stream<Item = Bytes> + Send>>>,
    /// Whom to tell of the end while nothing comes.
    waiting: Option<Waker>,
    /// When something was given that nothing was asked for after.
    given: Option<Instant>,
}

impl Flow {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let mut state = self.state();
        let (chunks, waiting) = (state.chunks.take(), state.waiting.take());
        drop(state);
        drop(chunks);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// Waits until the client has taken nothing for too long.
    async fn stuck(&self) {
        loop {
            let given = self.state().given;
            let deadline = given.unwrap_or_else(Instant::now) + STUCK_AFTER;
            sleep_until(deadline).await;
            let since = self.state().given;
            if since.is_some_and(|since| since + STUCK_AFTER <= deadline) {
                return;
            }
        }
    }
}

impl Stream for Open {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.flow.state();
        state.given = None;
        let Some(chunks) = &mut state.chunks else {
            return Poll::Ready(None);
        };
        match chunks.as_mut().poll_next(cx) {
            Poll::Ready(Some(chunk)) => {
                state.given = Some(Instant::now());
                Poll::Ready(Some(Ok(chunk)))
            }
            Poll::Ready(None) => {
                state.chunks = None;
                Poll::Ready(None)
            }
            Poll::Pending => {
                state.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use tokio::sync::oneshot;
    use tokio::time::{sleep, timeout};

    use super::*;

    /// A chunk a second, and what tells of its end.
    fn ticking() -> (impl Stream<Item = Bytes> + Send, oneshot::Receiver<()>) {
        let (held, dropped) = oneshot::channel::<()>();
        let chunks = stream::unfold(held, |held| async {
            sleep(Duration::from_secs(1)).await;
            Some((Bytes::from_static(b"chunk"), held))
        });
        (chunks, dropped)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_loses_its_place() {
        let answers = OpenAnswers::new(CancellationToken::new());
        let (chunks, dropped) = ticking();
        let body = answers.body(Permit::open_to_all(), chunks);
        let mut body = body.into_data_stream();
        for _ in 0..100 {
            body.next().await.unwrap().unwrap();
        }
        let stopped = Instant::now();
        dropped.await.unwrap_err();
        let held = stopped.elapsed();
        assert!(
            (STUCK_AFTER..STUCK_AFTER + Duration::from_secs(1)).contains(&held),
            "{held:?}"
        );
        assert!(body.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_waits_is_not_stuck() {
        let answers = OpenAnswers::new(CancellationToken::new());
        let silence = stream::pending::<Bytes>();
        let body = answers.body(Permit::open_to_all(), silence);
        let mut body = body.into_data_stream();
        timeout(10 * STUCK_AFTER, body.next()).await.unwrap_err();
        // And it is told when the host stops.
        answers.stopping().cancel();
        assert!(body.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_left_of_a_dropped_one() {
        let answers = OpenAnswers::new(CancellationToken::new());
        let (chunks, dropped) = ticking();
        drop(answers.body(Permit::open_to_all(), chunks));
        dropped.await.unwrap_err();
        answers.ended().await;
    }
}
