//! People who watch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::StreamExt as _;
use padelvar_tests::jpeg::Parts;
use padelvar_tests::{Api, Host};
use reqwest::Method;
use tokio::task::JoinSet;

/// As many are opened at a time.
const AT_ONCE: usize = 20;

/// Viewers that read as fast as they can. One of them looks at what it gets.
pub struct Crowd {
    counters: Arc<Counters>,
    tasks: JoinSet<bool>,
}

#[derive(Default)]
struct Counters {
    bytes: AtomicU64,
    pictures: AtomicU64,
    leaving: AtomicBool,
}

/// What they have got so far.
#[derive(Clone, Copy)]
pub struct Count {
    /// All of them together.
    pub bytes: u64,
    /// The one that looks.
    pub pictures_of_one: f64,
}

impl Count {
    /// What they got since an earlier count.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            bytes: self.bytes - before.bytes,
            pictures_of_one: self.pictures_of_one - before.pictures_of_one,
        }
    }
}

impl Crowd {
    /// So many of them begin to watch a session.
    pub async fn gather(host: &Host, id: &str, viewers: usize) -> Self {
        let (counters, path) = (
            Arc::<Counters>::default(),
            format!("/api/preview/{id}/stream.mjpeg"),
        );
        let mut tasks = JoinSet::new();
        // Answers never end, so this client may have no deadline.
        let mut api = host.api.clone();
        api.client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client can be made");
        let mut opening = futures_util::stream::iter(0..viewers)
            .map(|number| {
                let (api, path) = (api.clone(), path.clone());
                async move { (number, open(&api, &path).await) }
            })
            .buffer_unordered(AT_ONCE);
        while let Some((number, answer)) = opening.next().await {
            let counters = Arc::clone(&counters);
            if number == 0 {
                tasks.spawn(look(answer, counters));
            } else {
                tasks.spawn(swallow(answer, counters));
            }
        }
        drop(opening);
        Self { counters, tasks }
    }

    /// What they have got so far.
    pub fn count(&self) -> Count {
        Count {
            bytes: self.counters.bytes.load(Ordering::Relaxed),
            pictures_of_one: self.counters.pictures.load(Ordering::Relaxed) as f64,
        }
    }

    /// All go; how many were still there.
    pub async fn disperse(mut self) -> usize {
        self.counters.leaving.store(true, Ordering::Relaxed);
        let mut left = 0;
        while let Some(ended) = self.tasks.join_next().await {
            left += usize::from(ended.expect("a viewer does not panic"));
        }
        left
    }
}

async fn open(api: &Api, path: &str) -> reqwest::Response {
    let answer = api.open(Method::GET, path, &[]).await;
    assert_eq!(answer.status(), 200);
    answer
}

/// Reads to the end, or until all go; whether that was it.
async fn swallow(mut answer: reqwest::Response, counters: Arc<Counters>) -> bool {
    while let Ok(Some(chunk)) = answer.chunk().await {
        let length = chunk.len() as u64;
        counters.bytes.fetch_add(length, Ordering::Relaxed);
        if counters.leaving.load(Ordering::Relaxed) {
            return true;
        }
    }
    false
}

async fn look(answer: reqwest::Response, counters: Arc<Counters>) -> bool {
    let mut parts = Parts::of(answer);
    while !counters.leaving.load(Ordering::Relaxed) {
        let length = parts.next().await.len() as u64;
        counters.bytes.fetch_add(length, Ordering::Relaxed);
        counters.pictures.fetch_add(1, Ordering::Relaxed);
    }
    true
}
