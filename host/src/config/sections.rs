//! The sections of `padelvar.toml`, one struct each.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::{Network, Secret};

/// `[server]`: the REST API's listener.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Address and port of the REST API. Default `127.0.0.1:5000`.
    pub listen: SocketAddr,
    /// Exact origins (`https://club.example`) whose pages may call the API. Default
    /// none: the same origin only.
    pub cors_origins: Vec<String>,
    /// Only from these is `X-Forwarded-For` believed, from right to left. Default
    /// none.
    pub trusted_proxies: Vec<Network>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 5000)),
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
        }
    }
}

/// `[log]`: what goes to stderr.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The least severe level that is written. Default `info`.
    pub level: LogLevel,
    /// Lines for people or for programs. Default `text`.
    pub format: LogFormat,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Failures that need someone.
    Error,
    /// What went wrong and was dealt with.
    Warn,
    /// Life of sessions and recordings.
    #[default]
    Info,
    /// Steps within them.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The name as in the configuration, which is also the directive of
    /// `tracing-subscriber`'s filter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Readable text.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// `[auth]`: how tokens are checked and read.
#[derive(Clone, Debug, PartialEq)]
pub struct Auth {
    /// Key of HS256 tokens, at least 32 bytes. Default none: unless `jwks_url` is
    /// set, the host makes one at its first start.
    pub jwt_secret: Option<Secret>,
    /// Where the keys of RS256, ES256 and EdDSA tokens are published. Excludes
    /// `jwt_secret`. Default none.
    pub jwks_url: Option<String>,
    /// The `iss` that a token must carry. Default: not checked.
    pub issuer: Option<String>,
    /// The `aud` that a token must carry. Default: not checked.
    pub audience: Option<String>,
    /// The claim that holds the user's id. Default `sub`.
    pub user_claim: String,
    /// The claim that holds the role. Default `role`.
    pub role_claim: String,
    /// The claim that holds the club's id, number or string. Default `club_id`.
    pub club_claim: String,
    /// How far clocks may differ where `exp` and `nbf` are checked, in seconds.
    /// Default 30.
    pub leeway_seconds: u64,
}

/// Where the keys come from that tokens are checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthKind {
    /// The host makes a secret at its first start and keeps it beside the catalogue.
    GeneratedSecret,
    /// `auth.jwt_secret`.
    Secret,
    /// `auth.jwks_url`.
    Jwks,
}

impl Auth {
    /// Where the keys come from.
    pub fn kind(&self) -> AuthKind {
        match (&self.jwt_secret, &self.jwks_url) {
            (Some(_), _) => AuthKind::Secret,
            (None, Some(_)) => AuthKind::Jwks,
            (None, None) => AuthKind::GeneratedSecret,
        }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            jwt_secret: None,
            jwks_url: None,
            issuer: None,
            audience: None,
            user_claim: "sub".to_owned(),
            role_claim: "role".to_owned(),
            club_claim: "club_id".to_owned(),
            leeway_seconds: 30,
        }
    }
}

/// `[video]`: recordings, FFmpeg and limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Video {
    /// Folder of the recordings: `<videos_dir>/<club_id>/<session_id>.mp4`. Default
    /// `static/videos`.
    pub videos_dir: PathBuf,
    /// Folder of FFmpeg's logs: `<logs_dir>/<session_id>.ffmpeg.log`. Default
    /// `logs/video`.
    pub logs_dir: PathBuf,
    /// The FFmpeg to run: a path, or a bare name that is looked up in `PATH`.
    /// Default `ffmpeg`.
    pub ffmpeg_path: PathBuf,
    /// The ffprobe to run: a path or a bare name. Default `ffprobe`.
    pub ffprobe_path: PathBuf,
    /// What is copied and what is encoded. Default `auto`.
    pub encode: Encode,
    /// FFmpeg's encoder, where one is needed. Default `libx264`.
    pub codec: String,
    /// The encoder's preset. Default `veryfast`.
    pub preset: String,
    /// The encoder's constant rate factor, 0 (lossless) to 51. Default 23.
    pub crf: u8,
    /// Frames a second of an encoded recording, 1 to 120. Default 25.
    pub fps: u32,
    /// Planned length of a recording that names none, in minutes; over 0 and at most
    /// 1440. Default 90.
    pub default_duration_minutes: f64,
    /// Most recordings at once. Default 10.
    pub max_concurrent_recordings: u32,
    /// After how long a session counts as idle that nobody calls, views or records,
    /// in minutes. Default 120.
    pub session_idle_minutes: f64,
    /// Free space that a recording must leave on the disk, in bytes. Default
    /// 2,000,000,000.
    pub min_free_bytes: u64,
    /// Age at which recordings are deleted, in days. Default: never.
    pub keep_days: Option<f64>,
    /// Size of all recordings at which the oldest are deleted, in bytes. Default:
    /// never.
    pub keep_bytes: Option<u64>,
}

/// What is copied and what is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encode {
    /// Copy H.264 and H.265, encode the rest.
    #[default]
    Auto,
    /// Copy H.264 only: plays in every browser.
    H264,
    /// Encode everything.
    Always,
}

impl Default for Video {
    fn default() -> Self {
        Self {
            videos_dir: PathBuf::from("static/videos"),
            logs_dir: PathBuf::from("logs/video"),
            ffmpeg_path: PathBuf::from("ffmpeg"),
            ffprobe_path: PathBuf::from("ffprobe"),
            encode: Encode::Auto,
            codec: "libx264".to_owned(),
            preset: "veryfast".to_owned(),
            crf: 23,
            fps: 25,
            default_duration_minutes: 90.0,
            max_concurrent_recordings: 10,
            session_idle_minutes: 120.0,
            min_free_bytes: 2_000_000_000,
            keep_days: None,
            keep_bytes: None,
        }
    }
}

/// `[proxy]`: the listener that hands out feeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Proxy {
    /// Address and port. Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Whether feeds need no token. Accepted on loopback only. Default false.
    pub open: bool,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            open: false,
        }
    }
}

/// `[catalogue]`: what the host remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// Where it is kept. Default `sqlite://padelvar.db`.
    pub url: CatalogueUrl,
}

/// A place for the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueUrl {
    /// An SQLite file. A secret that the host makes itself lies beside it.
    Sqlite(PathBuf),
}

impl CatalogueUrl {
    /// The catalogue's file.
    pub fn path(&self) -> &std::path::Path {
        match self {
            Self::Sqlite(path) => path,
        }
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self {
            url: CatalogueUrl::Sqlite(PathBuf::from("padelvar.db")),
        }
    }
}

/// `[plugins]`: adapters and policies from files.
#[derive(Clone, Debug, PartialEq)]
pub struct Plugins {
    /// Folder of the `.wasm` files. Default `plugins`.
    pub dir: PathBuf,
    /// Which files are believed. Default `any`.
    pub trust: Trust,
    /// Minisign public keys, for `signed`. Default none.
    pub public_keys: Vec<String>,
    /// What was approved, for `pinned`: always `plugins.lock` beside the configuration file.
    pub lock: PathBuf,
}

/// Which plugin files are believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Every file in the folder.
    #[default]
    Any,
    /// Those whose digest stands in `plugins.lock` beside the configuration file.
    Pinned,
    /// Those with a minisign signature by one of `public_keys`.
    Signed,
}

impl Default for Plugins {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("plugins"),
            trust: Trust::Any,
            public_keys: Vec::new(),
            lock: PathBuf::from("plugins.lock"),
        }
    }
}

/// `[policy]`: who may do what.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Name of the policy plugin in force. Default `club-roles`.
    pub plugin: String,
    /// Its settings. Default an empty table.
    pub settings: PolicySettings,
    /// Name of a second policy that is asked too and only compared. Default none.
    pub shadow: Option<String>,
    /// Its settings (`shadow_settings` or `shadow_settings_file`). Default those of the policy in
    /// force, where it takes them, else an empty table.
    pub shadow_settings: Option<PolicySettings>,
    /// A table of expectations (TOML) that a policy must meet to be put in force.
    /// Default none.
    pub table: Option<PolicyTable>,
}

/// A table of expectations, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyTable {
    /// The file.
    pub path: PathBuf,
    /// What was in it.
    pub text: String,
}

/// A policy's settings.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicySettings {
    /// `settings`, as JSON; dates and times are text.
    Inline(serde_json::Value),
    /// `settings_file`, read as text.
    File {
        /// The file.
        path: PathBuf,
        /// What was in it.
        text: String,
    },
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            plugin: "club-roles".to_owned(),
            settings: PolicySettings::Inline(serde_json::Value::Object(serde_json::Map::new())),
            shadow: None,
            shadow_settings: None,
            table: None,
        }
    }
}
