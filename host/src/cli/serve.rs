//! `padelvar serve`.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::host::Host;
use super::notify::Notify;
use crate::config::{self, process_environment};
use crate::telemetry;

/// Runs the host until SIGTERM or SIGINT.
pub fn run(path: &Path) -> Result<()> {
    let environment = process_environment();
    let loaded = config::load(path, &environment)?;
    let log = telemetry::start(&loaded.config.log);
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?
        .block_on(async {
            // Before anything is started, so that no signal is lost.
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            let shown = loaded.path.display().to_string();
            let (sender, receiver) = watch::channel(Arc::new(loaded.config.clone()));
            let notify = Notify::of_environment();
            let host = notify.starting(Host::start(receiver, Some(loaded.path.clone()), Some(log))).await?;
            info!(api = %host.address, proxy = %host.proxy_address, config = shown, "padelvar is ready");
            eprintln!("padelvar is ready: REST API on http://{}", host.address);
            if host.made_key {
                eprintln!("  a signing key was made; hint: `padelvar token --role SUPER_ADMIN --config {shown}` prints a token");
            }
            let ended = CancellationToken::new();
            let watching =
                tokio::spawn(config::watch(loaded, environment, sender, ended.clone()));
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                () = notify.running(host.pulse()) => {}
            }
            info!("stopping");
            notify.stopping();
            host.stop().await;
            ended.cancel();
            watching.await?;
            Ok(())
        })
}
