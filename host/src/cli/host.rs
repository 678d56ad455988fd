//! A running host: listeners, sessions, the watch over its configuration. `serve` and `demo`
//! both run one.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::in_force::put_in_force;
use super::pulse::Pulse;
use super::store::Store;
use crate::api::{self, App, OpenAnswers, SetUp};
use crate::auth::{Door, TokenKeys, TokenVerifier};
use crate::camera::Listeners;
use crate::config::{self, AuthKind, Config, Policy};
use crate::memory;
use crate::plugins::{self, Cache, PluginEngine, PluginInfo, Registry, Trust};
use crate::preview::Previews;
use crate::recording::{ToolStatus, repair_leftovers};
use crate::session::Sessions;
use crate::telemetry::LogControl;

/// How long recordings may take to end when the host stops.
const FINISH_WITHIN: Duration = Duration::from_secs(14);
/// How long open answers may take to end when the host stops.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

/// A host that answers.
pub struct Host {
    /// Where the REST API listens.
    pub address: SocketAddr,
    /// Where the proxy listens.
    pub proxy_address: SocketAddr,
    /// Whether a signing key was made just now.
    pub made_key: bool,
    sessions: Arc<Sessions>,
    store: Store,
    answers: OpenAnswers,
    stopping: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Host {
    /// Repairs what an earlier run left, loads the plugins and begins to answer.
    ///
    /// `file`: the configuration's, where there is one that may be changed.
    pub async fn start(
        config: watch::Receiver<Arc<Config>>,
        file: Option<PathBuf>,
        log: Option<LogControl>,
    ) -> Result<Self> {
        let now = Arc::clone(&config.borrow());
        let (keys, made_key) = TokenKeys::of(&now)?;
        let verifier = TokenVerifier::new(&keys, &now.auth);
        let listener = bind(now.server.listen, "server.listen").await?;
        let proxy_listener = bind(now.proxy.listen, "proxy.listen").await?;
        let store = Store::open(&now).await?;
        let unfinished = store.unfinished(&now).await;
        let ids: HashSet<String> = unfinished.iter().map(|it| it.id.to_string()).collect();
        let goes_on = |id: &str| ids.contains(id);
        let repaired = repair_leftovers(&now.video.videos_dir, &goes_on).await;
        if repaired > 0 {
            info!(
                repaired,
                "unfinished recordings of an earlier run are files now"
            );
        }
        let past = store.settle(&goes_on).await;
        let door = Arc::new(Door::new(verifier, store.audit_sink()));
        let registry = Arc::new(load_plugins(&now).await?);
        put_in_force(&door, &registry, &now.policy).await;
        let policies = PolicyDigests::of(&registry, &now.policy);
        let (address, proxy_address) = (listener.local_addr()?, proxy_listener.local_addr()?);
        let sessions = Sessions::new(
            config.clone(),
            Arc::clone(&registry),
            Listeners::new(vec![address, proxy_address]),
            store.memory(),
        );
        let events = Arc::clone(sessions.events());
        let news = move |plugin: &PluginInfo| events.plugin(plugin);
        door.policy().on_news(Box::new(news));
        sessions.restore(past);
        for unfinished in unfinished {
            let id = unfinished.id.clone();
            if let Err(error) = sessions.resume(unfinished) {
                error!(session_id = %id, %error, "an unfinished recording does not go on");
            }
        }
        if let ToolStatus::Missing(reason) = sessions.ffmpeg().await {
            warn!(reason, "nothing can be recorded");
        }
        let stopping = CancellationToken::new();
        let answers = OpenAnswers::new(stopping.clone());
        let app = App {
            sessions: Arc::clone(&sessions),
            door: Arc::clone(&door),
            previews: Arc::new(Previews::default()),
            answers: answers.clone(),
            stopping: stopping.clone(),
            proxy_open: now.proxy.open,
            proxy_base: format!("http://{proxy_address}"),
            set_up: Arc::new(SetUp::new(file)),
        };
        let follower = Follower {
            door,
            sessions: Arc::clone(&sessions),
            tokens: (keys.clone(), now.auth.kind()),
            log,
            applied: now,
            policies,
        };
        let digests = Arc::clone(sessions.library()).compute_digests(stopping.clone());
        let library = Arc::clone(sessions.library());
        let watching_space = library.watch_space(config.clone(), stopping.clone());
        let library = Arc::clone(sessions.library());
        let recorded = recorded_by(&sessions);
        let keeping = library.keep_within_limits(config.clone(), recorded, stopping.clone());
        let mut tasks = vec![
            tokio::spawn(digests),
            tokio::spawn(watching_space),
            tokio::spawn(keeping),
            tokio::spawn(memory::give_back_regularly(stopping.clone())),
            tokio::spawn(api::clean_up_regularly(app.clone())),
            listen(listener, api::router(app.clone()), &stopping, "REST API"),
            listen(proxy_listener, api::proxy_router(app), &stopping, "proxy"),
            tokio::spawn(follower.follow(config, stopping.clone())),
            tokio::spawn(plugins::watch(registry, stopping.clone())),
        ];
        if let TokenKeys::Published(keys) = keys {
            let stopping = stopping.clone();
            tasks.push(tokio::spawn(async move { keys.keep(stopping).await }));
        }
        Ok(Self {
            address,
            proxy_address,
            made_key,
            sessions,
            store,
            answers,
            stopping,
            tasks,
        })
    }

    /// Whether it is alive.
    pub fn pulse(&self) -> Pulse {
        Pulse::of(self.address, &self.sessions)
    }

    /// Finishes recordings, says goodbye to cameras, ends open answers.
    pub async fn stop(self) {
        let finishing = self.sessions.shut_down();
        if tokio::time::timeout(FINISH_WITHIN, finishing)
            .await
            .is_err()
        {
            warn!("recordings took too long to finish; they are repaired at the next start");
        }
        self.stopping.cancel();
        self.sessions.registry().stop();
        for task in self.tasks {
            // A task that panicked has ended, which is what is wanted of it here.
            let _ = task.await;
        }
        self.store.close().await;
        // Sockets say goodbye; they are no part of the listeners any more.
        let _ = tokio::time::timeout(GOODBYE_WITHIN, self.answers.ended()).await;
    }
}

/// Loads all plugins, off the threads that answer requests.
pub async fn load_plugins(config: &Config) -> Result<Registry> {
    let cache_dir = cache_dir(config);
    let plugins = config.plugins.clone();
    tokio::task::spawn_blocking(move || {
        let engine = PluginEngine::new().map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let cache = Cache::open(&cache_dir);
        Registry::load(&engine, &cache, &trust(&plugins), &plugins.dir)
            .context("a built-in plugin does not load")
    })
    .await?
}

/// Which plugin files are believed; reads the lock, where that is asked for.
pub fn trust(plugins: &config::Plugins) -> Trust {
    match plugins.trust {
        config::Trust::Any => Trust::any(),
        config::Trust::Pinned => Trust::pinned(&plugins.lock),
        config::Trust::Signed => Trust::signed(&plugins.public_keys),
    }
}

/// Compiled plugins lie beside the catalogue.
pub fn cache_dir(config: &Config) -> PathBuf {
    config.catalogue.url.path().with_file_name("padelvar-cache")
}

async fn bind(address: SocketAddr, key: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}\n  hint: set {key} to a free address"))
}

fn listen(
    listener: TcpListener,
    router: axum::Router,
    stopping: &CancellationToken,
    name: &'static str,
) -> JoinHandle<()> {
    let stopping = stopping.clone();
    tokio::spawn(async move {
        if let Err(error) = api::serve(listener, router, stopping).await {
            error!(name, %error, "listener ended");
        }
    })
}

/// Tells which sessions are being recorded.
fn recorded_by(sessions: &Arc<Sessions>) -> Box<dyn Fn(&str) -> bool + Send + Sync> {
    let sessions = Arc::clone(sessions);
    Box::new(move |id| {
        let session = sessions.get(id);
        session.is_ok_and(|session| session.is_recording())
    })
}

/// What follows the configuration while the host runs.
struct Follower {
    door: Arc<Door>,
    sessions: Arc<Sessions>,
    tokens: (TokenKeys, AuthKind),
    log: Option<LogControl>,
    /// The configuration that is applied.
    applied: Arc<Config>,
    /// The policies that were in force when it was applied.
    policies: PolicyDigests,
}

/// Which versions of the configured policies there are: another one is put in force.
#[derive(PartialEq, Eq)]
struct PolicyDigests([Option<String>; 2]);

impl PolicyDigests {
    fn of(registry: &Registry, policy: &Policy) -> Self {
        let names = [Some(&policy.plugin), policy.shadow.as_ref()];
        Self(names.map(|name| registry.policy_digest(name?)))
    }
}

impl Follower {
    /// Applies what changes in the configuration and is not read anew at every use, and what
    /// changes of the plugins.
    async fn follow(
        mut self,
        mut config: watch::Receiver<Arc<Config>>,
        stopping: CancellationToken,
    ) {
        let mut plugins = self.sessions.registry().changes();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                // The registry lives as long as the sessions.
                _ = plugins.changed() => {
                    self.follow_plugins().await;
                    continue;
                }
                changed = config.changed() => if changed.is_err() { return },
            }
            let now = Arc::clone(&config.borrow_and_update());
            let before = std::mem::replace(&mut self.applied, Arc::clone(&now));
            self.apply(&before, &now).await;
        }
    }

    /// Tells what became of plugins, and puts another version of the policy in force.
    async fn follow_plugins(&mut self) {
        let registry = self.sessions.registry();
        for line in registry.take_news() {
            let line = self.door.policy().view(line);
            self.sessions.events().plugin(&line);
        }
        let policy = &self.applied.policy;
        let now = PolicyDigests::of(registry, policy);
        if now != self.policies {
            put_in_force(&self.door, registry, policy).await;
            self.policies = now;
        }
    }

    async fn apply(&mut self, before: &Config, now: &Config) {
        if let Some(log) = &self.log {
            log.set(&now.log);
        }
        // Another kind of authentication waits for a restart, with all that belongs to it.
        let (keys, kind) = &self.tokens;
        if now.auth.kind() == *kind {
            match keys.follow(now) {
                Ok(keys) => self.door.replace(TokenVerifier::new(&keys, &now.auth)),
                Err(error) => warn!(%error, "tokens are checked as before"),
            }
        }
        if now.policy != before.policy {
            let registry = self.sessions.registry();
            put_in_force(&self.door, registry, &now.policy).await;
            self.policies = PolicyDigests::of(registry, &now.policy);
        }
        let registry = self.sessions.registry();
        registry.set_dir(&now.plugins.dir);
        if now.plugins != before.plugins {
            registry.set_trust(trust(&now.plugins));
        }
        if now.video.videos_dir != before.video.videos_dir {
            let library = self.sessions.library();
            library.set_videos_dir(now.video.videos_dir.clone());
            let recorded = recorded_by(&self.sessions);
            if let Err(error) = library.reconcile(Timestamp::now(), &recorded).await {
                warn!(%error, "the new folder of videos could not be looked through");
            }
        }
    }
}
