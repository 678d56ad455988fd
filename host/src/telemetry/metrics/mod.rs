//! Counters of what happens in this process, and their text for Prometheus.
//!
//! They are one static: they are counted in rooms that know nothing of each other nor of the
//! host that runs them, a process has one of each, and nothing in the host ever decides by
//! them. What is a state and not a sum (sessions, cameras, the disk) is not kept here but read
//! from where it is when somebody asks.
//!
//! Labels have few values: names of the code, terrains and plugins of the configuration, routes
//! of the API. No id of a session, a user or an address is ever one.

mod camera;
mod ffmpeg;
mod held;
mod process;
mod text;

use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub use camera::CameraCounts;
pub use ffmpeg::FfmpegRun;
pub use held::Held;
pub use process::ProcessState;
pub use text::prometheus;

/// Every metric's name begins so.
pub const PREFIX: &str = "padelvar";

/// Labels whose values are names of the code.
pub type Fixed<const N: usize> = [(&'static str, &'static str); N];
/// One label whose value comes from the configuration.
pub type Named = [(&'static str, String); 1];
/// Labels of a request.
pub type Request<const N: usize> = [(&'static str, String); N];

/// Buckets of a decision's time, seconds: a policy is late after 250 ms.
const DECISION_SECONDS: [f64; 12] = [
    1e-6, 2e-6, 5e-6, 10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 1e-3, 10e-3, 100e-3, 250e-3,
];
/// Buckets of an answer's time, seconds: `create` may take 5 s, a stop as long as FFmpeg needs.
const ANSWER_SECONDS: [f64; 10] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The sums of this process.
pub struct Metrics {
    registry: Registry,
    /// Sessions that were created.
    pub sessions_created: Counter,
    /// Pictures received, by terrain.
    pub camera_frames: Family<Named, Counter>,
    /// Their bytes.
    pub camera_bytes: Family<Named, Counter>,
    /// Those that can be shown by themselves.
    pub camera_keyframes: Family<Named, Counter>,
    /// Network packets known to be missing.
    pub camera_lost_packets: Family<Named, Counter>,
    /// Cameras that came back after having been live.
    pub camera_reconnects: Family<Named, Counter>,
    /// Attempts at a camera that failed, by class.
    pub camera_failures: Family<Fixed<1>, Counter>,
    /// Recordings that were asked for.
    pub recordings_started: Counter,
    /// Recordings that ended in a file.
    pub recordings_completed: Counter,
    /// Recordings that did not.
    pub recordings_failed: Counter,
    /// Pictures in files.
    pub recorded_frames: Counter,
    /// Bytes in files.
    pub recorded_bytes: Counter,
    /// Times without pictures, by cause.
    pub gaps: Family<Named, Counter>,
    /// Their length together.
    pub gap_seconds: Family<Named, Counter<f64, AtomicU64>>,
    /// Files that were deleted because of their age or size, by cause.
    pub files_expired: Family<Fixed<1>, Counter>,
    /// Ends of FFmpeg's processes, by purpose and outcome.
    pub ffmpeg_exits: Family<Fixed<2>, Counter>,
    /// Decisions of the policy, by outcome.
    pub policy_decisions: Family<Fixed<1>, Counter>,
    /// What they took.
    pub policy_seconds: Histogram,
    /// Questions to a shadow policy, by outcome.
    pub shadow_questions: Family<Fixed<1>, Counter>,
    /// Requests that proved to be from nobody.
    pub authentication_failures: Counter,
    /// Requests, by method, route and class of the status.
    pub http_requests: Family<Request<3>, Counter>,
    /// From a request to the head of its answer, by method and route.
    pub http_seconds: Family<Request<2>, Histogram, fn() -> Histogram>,
    /// Viewers of previews.
    pub preview_viewers: Gauge,
    /// Clients of the proxy listener.
    pub proxy_clients: Gauge,
    /// Open streams of events.
    pub event_streams: Gauge,
}

/// The sums of this process.
pub fn metrics() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);
    &METRICS
}

impl Metrics {
    fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix(PREFIX),
            sessions_created: Counter::default(),
            camera_frames: Family::default(),
            camera_bytes: Family::default(),
            camera_keyframes: Family::default(),
            camera_lost_packets: Family::default(),
            camera_reconnects: Family::default(),
            camera_failures: Family::default(),
            recordings_started: Counter::default(),
            recordings_completed: Counter::default(),
            recordings_failed: Counter::default(),
            recorded_frames: Counter::default(),
            recorded_bytes: Counter::default(),
            gaps: Family::default(),
            gap_seconds: Family::default(),
            files_expired: Family::default(),
            ffmpeg_exits: Family::default(),
            policy_decisions: Family::default(),
            policy_seconds: Histogram::new(DECISION_SECONDS),
            shadow_questions: Family::default(),
            authentication_failures: Counter::default(),
            http_requests: Family::default(),
            http_seconds: Family::new_with_constructor(|| Histogram::new(ANSWER_SECONDS)),
            preview_viewers: Gauge::default(),
            proxy_clients: Gauge::default(),
            event_streams: Gauge::default(),
        };
        metrics.begin_at_zero();
        metrics.registered()
    }

    /// Names what can be named: an alarm on a growth needs the zero before it.
    fn begin_at_zero(&self) {
        for outcome in ["allow", "deny", "failed"] {
            let _ = self.policy_decisions.get_or_create(&[("outcome", outcome)]);
        }
        for outcome in ["same", "differing", "failed", "dropped"] {
            let _ = self.shadow_questions.get_or_create(&[("outcome", outcome)]);
        }
        for cause in ["age", "size"] {
            let _ = self.files_expired.get_or_create(&[("cause", cause)]);
        }
        for class in ["unreachable", "auth", "unsupported", "protocol", "other"] {
            let _ = self.camera_failures.get_or_create(&[("class", class)]);
        }
        for cause in ["camera_lost", "no_picture", "overload", "ffmpeg"] {
            let cause = [("cause", cause.to_owned())];
            let _ = self.gaps.get_or_create(&cause);
            let _ = self.gap_seconds.get_or_create(&cause);
        }
        ffmpeg::begin_at_zero(&self.ffmpeg_exits);
    }

    /// Gives everything its name and its help. Counters get their `_total` as text.
    fn registered(mut self) -> Self {
        macro_rules! register {
            ($($field:ident: $name:literal, $help:literal;)*) => {
                $(self.registry.register($name, $help, self.$field.clone());)*
            };
        }
        register! {
            sessions_created: "sessions_created", "Sessions that were created";
            camera_frames: "camera_frames", "Pictures received from cameras";
            camera_bytes: "camera_received_bytes", "Bytes of pictures received from cameras";
            camera_keyframes: "camera_keyframes", "Keyframes received from cameras";
            camera_lost_packets: "camera_lost_packets",
                "Network packets of cameras that are known to be missing";
            camera_reconnects: "camera_reconnects", "Cameras that came back after having been live";
            camera_failures: "camera_failures", "Attempts at a camera that failed";
            recordings_started: "recordings_started", "Recordings that were asked for";
            recordings_completed: "recordings_completed", "Recordings that ended in a file";
            recordings_failed: "recordings_failed", "Recordings that ended without a whole file";
            recorded_frames: "recorded_frames", "Pictures that were written into recordings";
            recorded_bytes: "recorded_bytes", "Bytes that were written into recordings";
            gaps: "recording_gaps", "Times without pictures in recordings";
            gap_seconds: "recording_gap_seconds", "Length of the times without pictures";
            files_expired: "files_expired",
                "Files deleted by video.keep_days (age) and video.keep_bytes (size)";
            ffmpeg_exits: "ffmpeg_exits",
                "Ends of FFmpeg processes; stopped: by the host, its work done";
            policy_decisions: "policy_decisions",
                "Decisions of the policy; failed: there was no usable answer, which denies";
            policy_seconds: "policy_decision_seconds", "Time that a decision of the policy took";
            shadow_questions: "policy_shadow_questions",
                "Questions to a shadow policy; dropped: it was too slow to be asked";
            authentication_failures: "authentication_failures", "Requests without a good token or ticket";
            http_requests: "http_requests", "Requests that were answered";
            http_seconds: "http_request_duration_seconds",
                "Time from a request to the head of its answer";
            preview_viewers: "preview_viewers", "Viewers of previews";
            proxy_clients: "proxy_clients", "Clients of the proxy listener";
            event_streams: "event_streams", "Open streams of events";
        }
        self
    }

    /// A recording has a time without pictures.
    pub fn gap(&self, cause: &str, seconds: f64) {
        let cause = [("cause", cause.to_owned())];
        self.gaps.get_or_create(&cause).inc();
        self.gap_seconds
            .get_or_create(&cause)
            .inc_by(seconds.max(0.0));
    }

    /// The policy decided. `code` is the decision's: the host's own codes say that the policy
    /// has not answered, or not in a way that can be kept to.
    pub fn decided(&self, allow: bool, code: &str, took: std::time::Duration) {
        let outcome = match code {
            _ if allow => "allow",
            "policy_missing" | "policy_failed" | "unknown_obligation" => "failed",
            _ => "deny",
        };
        self.policy_decisions
            .get_or_create(&[("outcome", outcome)])
            .inc();
        self.policy_seconds.observe(took.as_secs_f64());
    }

    /// A shadow policy was asked: it answered the `same`, `differing`, it `failed`, or the
    /// question was `dropped`.
    pub fn shadowed(&self, outcome: &'static str) {
        self.shadow_questions
            .get_or_create(&[("outcome", outcome)])
            .inc();
    }

    /// The sums as `OpenMetrics` text, without its end.
    fn encode(&self, into: &mut String) -> std::fmt::Result {
        prometheus_client::encoding::text::encode_registry(into, &self.registry)
    }
}
