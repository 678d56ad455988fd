use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::super::test_keys::TestKey;
use super::key_set::KeySet;
use super::*;

impl PublishedKeys {
    /// Keys that nothing fetches.
    pub fn never() -> Arc<Self> {
        let fetch: Fetch = Box::new(|_| Box::pin(std::future::pending()));
        Arc::new(Self::with("", fetch, Duration::ZERO))
    }

    /// Keys that are there; nothing fetches others.
    pub fn holding(json: &[u8]) -> Arc<Self> {
        let keys = Self::never();
        let set = KeySet::read(json);
        keys.state
            .send_modify(|state| state.take("", set, Instant::now()));
        keys
    }
}

/// A provider whose answer is changed as a test goes on.
#[derive(Default)]
struct Provider {
    /// None: it is down.
    publishes: Mutex<Option<String>>,
    asked: AtomicU64,
    /// Set: an answer comes only when it is let go.
    holds: Mutex<Option<Arc<Notify>>>,
}

struct Running {
    provider: Arc<Provider>,
    keys: Arc<PublishedKeys>,
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

impl Provider {
    fn publish(&self, ids: &[&str]) {
        let keys: Vec<Value> = ids.iter().map(|id| TestKey::ed().jwk(id)).collect();
        *self.publishes.lock().unwrap() = Some(json!({ "keys": keys }).to_string());
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    async fn answer(&self) -> Result<KeySet, String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let holds = self.holds.lock().unwrap().clone();
        if let Some(holds) = holds {
            holds.notified().await;
        }
        let set = self.publishes.lock().unwrap().clone();
        KeySet::read(set.ok_or("down")?.as_bytes())
    }
}

fn start(patience: Duration, setting_up: impl FnOnce(&Provider)) -> Running {
    let provider = Arc::new(Provider::default());
    setting_up(&provider);
    let fetch: Fetch = Box::new({
        let provider = Arc::clone(&provider);
        move |_| {
            let provider = Arc::clone(&provider);
            Box::pin(async move { provider.answer().await })
        }
    });
    let keys = Arc::new(PublishedKeys::with("a", fetch, patience));
    let stopping = CancellationToken::new();
    let task = tokio::spawn({
        let (keys, stopping) = (Arc::clone(&keys), stopping.clone());
        async move { keys.keep(stopping).await }
    });
    Running {
        provider,
        keys,
        stopping,
        task,
    }
}

impl Running {
    async fn find(&self, id: &str) -> Result<(), Miss> {
        let found = self.keys.find(Some(id), Algorithm::EdDSA).await;
        found.map(|_| ())
    }

    async fn stop(self) {
        self.stopping.cancel();
        self.task.await.unwrap();
    }
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_made_up_ids_cost_one_fetch() {
    let host = start(fetch::PATIENCE, |provider| provider.publish(&["1"]));
    host.find("1").await.unwrap();
    assert_eq!(host.provider.asked(), 1);
    // The provider changes its key: the first token of it works.
    host.provider.publish(&["1", "2"]);
    host.find("2").await.unwrap();
    for number in 0..1000 {
        assert_eq!(host.find(&format!("x{number}")).await, Err(Miss::Unknown));
    }
    host.find("1").await.unwrap();
    assert_eq!(host.provider.asked(), 2);
    host.stop().await;
}

#[tokio::test]
async fn many_that_wait_share_one_fetch() {
    let holds = Arc::new(Notify::new());
    let host = start(fetch::PATIENCE, |provider| {
        *provider.holds.lock().unwrap() = Some(Arc::clone(&holds));
        provider.publish(&["1"]);
    });
    let finds = join_all((0..50).map(|_| host.find("1")));
    let letting_go = async {
        while host.provider.asked() == 0 {
            tokio::task::yield_now().await;
        }
        holds.notify_one();
    };
    let (found, ()) = tokio::join!(finds, letting_go);
    assert!(found.into_iter().all(|found| found.is_ok()));
    assert_eq!(host.provider.asked(), 1);
    host.stop().await;
}

#[tokio::test]
async fn a_provider_that_is_down() {
    let host = start(fetch::PATIENCE, |_| {});
    assert_eq!(host.find("1").await, Err(Miss::Unavailable));
    // It comes up: the next token has the keys fetched.
    host.provider.publish(&["1"]);
    host.find("1").await.unwrap();
    *host.provider.publishes.lock().unwrap() = None;
    host.keys.state.send_modify(State::begin);
    while host.provider.asked() < 3 {
        tokio::task::yield_now().await;
    }
    host.find("1").await.unwrap();
    host.stop().await;
}

#[tokio::test]
async fn a_provider_that_hangs_holds_nobody_up_for_ever() {
    let host = start(Duration::from_millis(20), |provider| {
        *provider.holds.lock().unwrap() = Some(Arc::default());
    });
    for _ in 0..100 {
        assert_eq!(host.find("1").await, Err(Miss::Unavailable));
    }
    // The first one, and the one that was wished for.
    assert!(host.provider.asked() <= 2);
    host.stop().await;
}

#[tokio::test]
async fn another_address_ends_the_keys_of_the_one_before() {
    let host = start(fetch::PATIENCE, |provider| provider.publish(&["1"]));
    host.find("1").await.unwrap();
    host.keys.set_url("a");
    host.find("1").await.unwrap();
    assert_eq!(host.provider.asked(), 1);
    host.provider.publish(&["2"]);
    host.keys.set_url("b");
    host.find("2").await.unwrap();
    assert_eq!(host.find("1").await, Err(Miss::Unknown));
    host.stop().await;
}
