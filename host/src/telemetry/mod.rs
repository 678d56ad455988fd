//! What the host tells of itself: the log (to stderr, as text or JSON, its level changeable
//! while the host runs) and its metrics.

pub mod metrics;

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::config::{Log, LogFormat};

/// Changes the level of a log that is running.
pub struct LogControl(reload::Handle<EnvFilter, Registry>);

/// Begins to log. A second call in a process does nothing.
pub fn start(log: &Log) -> LogControl {
    let (filter, handle) = reload::Layer::new(filter(log));
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    let started = match log.format {
        LogFormat::Text => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json()).try_init(),
    };
    // An error says that this process logs already, which is as good.
    drop(started);
    LogControl(handle)
}

impl LogControl {
    /// Takes another level.
    pub fn set(&self, log: &Log) {
        // An error says that the log is gone, and then there is nothing to set.
        let _ = self.0.reload(filter(log));
    }
}

/// The configured level for the host's own lines. Of libraries only what went wrong: at their
/// finer levels some print what they send, and with it secrets.
fn filter(log: &Log) -> EnvFilter {
    let own = log.level.as_str();
    let others = match own {
        "off" => "off",
        "error" => "error",
        _ => "warn",
    };
    EnvFilter::new(format!("{others},padelvar={own}"))
}
