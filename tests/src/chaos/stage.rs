//! Simulated cameras and the host that records them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use simcam::{ClipParams, Codec, Handle, HttpConfig, RtspConfig, StartAt};
use tokio::sync::{RwLock, RwLockReadGuard};
use tokio::time::{Instant, sleep};

use super::judge::{Sent, Struck};
use super::pauses::Watch;
use super::plan::{Camera, Fault};
use super::{now, probe};
use crate::processes::{self, Process};
use crate::{Config, Host, cameras};

/// Names the component of `tests/guests/fragile`.
pub const FRAGILE: &str = "PADELVAR_FRAGILE";
/// The variable in the environment of a recording's FFmpeg that names its session.
const SESSION: &str = "PADELVAR_SESSION=";
/// How long the host may take to have an FFmpeg for a recording.
const FFMPEG_WITHIN: Duration = Duration::from_secs(5);

/// Where the component is that traps on order, if one was built.
pub fn fragile() -> Option<PathBuf> {
    std::env::var_os(FRAGILE).map(PathBuf::from)
}

/// One simulated camera.
#[derive(Debug)]
pub struct Court {
    /// Itself.
    pub handle: Handle,
    /// Its kind.
    pub camera: Camera,
}

impl Court {
    /// Starts a camera. Its clip is as small as strips allow.
    pub async fn open(camera: Camera) -> Self {
        let handle = match camera {
            Camera::Rtsp { gop } => {
                let start_at = match gop {
                    ..=25 => StartAt::NextFrame,
                    _ => StartAt::NextKeyframe,
                };
                rtsp(gop, start_at).await
            }
            Camera::Fragile => rtsp(25, StartAt::NextFrame).await,
            Camera::Mjpeg => {
                let clip = ClipParams {
                    codec: Codec::Jpeg,
                    ..clip(1)
                };
                let config = HttpConfig {
                    clip,
                    ..HttpConfig::default()
                };
                cameras::http(config).await
            }
        };
        Self { handle, camera }
    }

    /// Adds its terrain to a configuration.
    pub fn on(&self, config: Config) -> Config {
        let url = self.handle.url();
        match self.camera {
            Camera::Fragile => config.camera(&format!("url = {url:?}\nadapter = \"fragile\"")),
            Camera::Rtsp { .. } | Camera::Mjpeg => config.url(url),
        }
    }
}

/// 320x180, a minute before it begins anew: a picture is told from all others of that minute.
fn clip(gop: u32) -> ClipParams {
    ClipParams {
        width: 320,
        height: 180,
        gop,
        seconds: 60,
        ..ClipParams::default()
    }
}

async fn rtsp(gop: u32, start_at: StartAt) -> Handle {
    let config = RtspConfig {
        clip: clip(gop),
        start_at,
        ..RtspConfig::default()
    };
    cameras::rtsp(config).await
}

/// Cameras and their host, which may die and be started again.
#[derive(Debug)]
pub struct Stage {
    /// The cameras; a court's terrain is its place in the list plus one.
    pub courts: Vec<Court>,
    host: RwLock<Host>,
    /// Of the machine that all of it runs on.
    pub watch: Watch,
}

impl Stage {
    /// Starts them.
    pub async fn start(kinds: &[Camera]) -> Self {
        Self::with(kinds, Config::new()).await
    }

    /// As [`start`](Self::start), with more in the configuration.
    pub async fn with(kinds: &[Camera], config: Config) -> Self {
        let opened = kinds.iter().map(|kind| Court::open(*kind));
        let courts = crate::together(opened).await;
        let config = config.level("info").more("[plugins]\ndir = \"plugins\"");
        let config = courts.iter().fold(config, |config, court| court.on(config));
        let folder = Host::folder_for(&config);
        let plugins = folder.path().join("plugins");
        fs::create_dir(&plugins).expect("a folder can be made");
        private(&plugins, 0o755);
        if kinds.contains(&Camera::Fragile) {
            let built = fragile().expect("it is only asked for where it was built");
            let plugin = plugins.join("fragile.wasm");
            fs::copy(&built, &plugin)
                .unwrap_or_else(|error| panic!("{}: {error}", built.display()));
            private(&plugin, 0o644);
        }
        let host = RwLock::new(Host::start_in(folder).await);
        let watch = Watch::start();
        Self {
            courts,
            host,
            watch,
        }
    }

    /// The host; it does not die while this is held.
    pub async fn host(&self) -> RwLockReadGuard<'_, Host> {
        self.host.read().await
    }

    /// What a court's camera sent so far.
    pub fn sent(&self, court: usize) -> Sent {
        Sent {
            pauses: self.watch.seen(),
            ..probe::sent(&self.courts[court].handle)
        }
    }

    /// Kills the host, with its FFmpeg children where `all`, and starts another one in the same
    /// folder after so many seconds.
    pub async fn kill_host(&self, away: f64, all: bool) -> Struck {
        let mut host = self.host.write().await;
        let children = processes::below(host.pid());
        let from = now();
        processes::signal(host.pid(), Signal::KILL);
        if all {
            for child in &children {
                processes::signal(child.pid, Signal::KILL);
            }
        }
        host.kill().await;
        sleep(Duration::from_secs_f64(away)).await;
        *host = Host::start_in(host.folder()).await;
        Struck {
            fault: Fault::KillHost(away),
            from,
            until: now(),
        }
    }

    /// The FFmpeg that records a session.
    pub async fn ffmpeg(&self, session: &str) -> Option<Process> {
        let host = self.host().await;
        let deadline = Instant::now() + FFMPEG_WITHIN;
        let wanted = format!("{SESSION}{session}\0");
        let ours = |process: &Process| {
            let start = processes::start_of(process.pid);
            let told = start.windows(wanted.len()).any(|w| w == wanted.as_bytes());
            told && process.command.contains("pipe:0")
        };
        loop {
            let found = processes::below(host.pid()).into_iter().find(ours);
            if found.is_some() || Instant::now() > deadline {
                return found;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Ends host and cameras.
    pub async fn end(self) {
        self.host.into_inner().end().await;
        for court in self.courts {
            court.handle.stop().await;
        }
    }
}

fn private(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}
