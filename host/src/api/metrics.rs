//! `GET /metrics`, for a Prometheus on the same machine.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use tracing::error;

use super::App;
use super::client::Client;
use super::problem::Problem;
use crate::library::Space;
use crate::proxy::CameraState;
use crate::telemetry::metrics::{Fixed, Named, PREFIX, ProcessState, prometheus};

/// A request of this machine, made here and not passed on for somebody else.
pub struct Local;

impl FromRequestParts<App> for Local {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(client) = Client::from_request_parts(parts, app).await;
        if client.is_local() {
            return Ok(Self);
        }
        let detail =
            "metrics are told to this machine only; hint: scrape 127.0.0.1, past any proxy";
        Err(Problem::new(StatusCode::FORBIDDEN, "loopback_only", detail))
    }
}

/// Metrics
///
/// Prometheus text 0.0.4, for a Prometheus on the same machine.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "host",
    responses(
        (status = 200, description = "The figures", body = String, content_type = "text/plain"),
        (status = 403, description = "`loopback_only`"),
        (status = 500, description = "The figures could not be read"),
    )
)]
pub async fn show(State(app): State<App>, _local: Local) -> Result<Response, Problem> {
    let space = app.sessions.library().space(&app.sessions.config()).await;
    // `/proc` may take its time.
    let text = tokio::task::spawn_blocking(move || prometheus(&state(&app, &space))).await;
    let text = text.map_err(|error| error.to_string());
    match text.and_then(|text| text.map_err(|error| error.to_string())) {
        Ok(text) => {
            let headers = [
                (
                    header::CONTENT_TYPE,
                    "text/plain; version=0.0.4; charset=utf-8",
                ),
                (header::CACHE_CONTROL, "no-store"),
            ];
            Ok((headers, text).into_response())
        }
        Err(error) => {
            error!(error, "the metrics cannot be told");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(Problem::new(
                status,
                "no_metrics",
                "the metrics cannot be told",
            ))
        }
    }
}

/// What is so now.
fn state(app: &App, space: &[Space]) -> Registry {
    let mut registry = Registry::with_prefix(PREFIX);
    let info: Family<Fixed<1>, Gauge> = Family::default();
    info.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))])
        .set(1);
    registry.register("build_info", "The version that runs", info);
    sessions(app, &mut registry);
    plugins(app, &mut registry);
    disk(space, &mut registry);
    if let Some(process) = ProcessState::now() {
        self_told(&process, &mut registry);
    }
    registry
}

fn sessions(app: &App, registry: &mut Registry) {
    let sessions = app.sessions.list(false);
    let cameras: Family<Fixed<1>, Gauge> = Family::default();
    for state in ["connecting", "live", "lost"] {
        let _ = cameras.get_or_create(&[("state", state)]);
    }
    for camera in sessions.iter().filter_map(|session| session.camera()) {
        let state = match camera.state {
            CameraState::Connecting => "connecting",
            CameraState::Live => "live",
            CameraState::Lost => "lost",
        };
        cameras.get_or_create(&[("state", state)]).inc();
    }
    let mut gauge = |name: &str, help: &str, value: usize| {
        registry.register(name, help, ConstGauge::new(value as u64));
    };
    gauge("sessions_active", "Sessions that go on", sessions.len());
    gauge(
        "recordings_active",
        "Recordings under way",
        app.sessions.running_recordings(),
    );
    registry.register("cameras", "Cameras in use, by state", cameras);
}

fn plugins(app: &App, registry: &mut Registry) {
    let calls: Family<Named, Counter> = Family::default();
    let traps: Family<Named, Counter> = Family::default();
    let memory: Family<Named, Gauge> = Family::default();
    for plugin in app.sessions.registry().list() {
        let label: Named = [("plugin", plugin.name)];
        calls.get_or_create(&label).inc_by(plugin.calls);
        traps.get_or_create(&label).inc_by(plugin.traps);
        memory.get_or_create(&label).set(plugin.memory_bytes as i64);
    }
    registry.register("plugin_calls", "Calls of plugins", calls);
    registry.register(
        "plugin_traps",
        "Calls of plugins that ended in a trap",
        traps,
    );
    registry.register(
        "plugin_memory_bytes",
        "Linear memory of the live instances of a plugin",
        memory,
    );
}

fn disk(space: &[Space], registry: &mut Registry) {
    if let Some(Ok(disk)) = space.first().map(|space| &space.disk) {
        let (free, total) = (
            ConstGauge::new(disk.free_bytes),
            ConstGauge::new(disk.total_bytes),
        );
        let help = "Free bytes where recordings are kept";
        registry.register("disk_free_bytes", help, free);
        let help = "Size of the file system where recordings are kept";
        registry.register("disk_total_bytes", help, total);
    }
    let low = space.iter().any(|space| space.low);
    let help = "1 while less is free than video.min_free_bytes, on any disk of recordings";
    registry.register("disk_low", help, ConstGauge::new(u64::from(low)));
    let refuses = space.iter().any(|space| space.disk.is_err());
    let help = "1 while nothing can be written where recordings are kept";
    registry.register("disk_unusable", help, ConstGauge::new(u64::from(refuses)));
}

fn self_told(process: &ProcessState, registry: &mut Registry) {
    let cpu = ConstCounter::new(process.cpu_seconds);
    registry.register("process_cpu_seconds", "Processor time of the host", cpu);
    let counts = [
        (
            "process_resident_memory_bytes",
            "Memory of the host",
            process.resident_bytes,
        ),
        ("process_threads", "Threads of the host", process.threads),
        (
            "process_open_fds",
            "Open files, sockets and pipes of the host",
            process.open_fds,
        ),
    ];
    for (name, help, value) in counts {
        registry.register(name, help, ConstGauge::new(value));
    }
    let times = [
        (
            "process_start_time_seconds",
            "When the host began, Unix time",
            process.start_time_seconds,
        ),
        (
            "uptime_seconds",
            "How long the host has been running",
            process.uptime_seconds,
        ),
    ];
    for (name, help, value) in times {
        registry.register(name, help, ConstGauge::new(value));
    }
}
