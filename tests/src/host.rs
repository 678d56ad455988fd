//! The host as a child process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::log::Log;
use crate::{Api, Config, binary, files, processes, warm};

/// A cold start compiles the plugins, on a machine that is busy.
const READY: Duration = Duration::from_secs(90);
/// What the contract gives a host that was told to end, with room for a slow machine's judge.
const END: Duration = Duration::from_secs(20);
/// What the host says once it can be asked.
const MARK: &str = "padelvar is ready: REST API on ";

/// A running `padelvar serve`. Dropping it kills it.
#[derive(Debug)]
pub struct Host {
    child: Child,
    /// Data folder; goes with the last host in it.
    folder: Arc<TempDir>,
    /// What it says on stderr.
    pub log: Log,
    /// Its API, called as a `SUPER_ADMIN`.
    pub api: Api,
}

impl Host {
    /// Starts a host in a folder of its own and waits until it is ready.
    pub async fn start(config: &Config) -> Self {
        Self::start_in(Self::folder_for(config)).await
    }

    /// A folder with this configuration, for what must be there before the host starts.
    pub fn folder_for(config: &Config) -> Arc<TempDir> {
        let folder = Self::empty_folder();
        files::write_private(&folder.path().join("padelvar.toml"), &config.text());
        folder
    }

    /// A folder with nothing in it.
    pub fn empty_folder() -> Arc<TempDir> {
        Arc::new(TempDir::with_prefix("padelvar-e2e-").expect("a folder can be made"))
    }

    /// Starts a host in a folder that has a configuration.
    pub async fn start_in(folder: Arc<TempDir>) -> Self {
        Self::start_with(folder, &[]).await
    }

    /// As [`start_in`](Self::start_in), with these variables in its environment.
    pub async fn start_with(folder: Arc<TempDir>, variables: &[(&str, &str)]) -> Self {
        warm::cache(folder.path());
        let mut child = Command::new(binary::path())
            .arg("serve")
            .current_dir(folder.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let log = Log::of(child.stderr.take().expect("it is piped"));
        // From here on it is killed should anything fail.
        let mut host = Self {
            child,
            folder,
            log,
            api: Api::new(""),
        };
        let Some(base) = host.log.after(MARK, READY).await else {
            panic!("the host is not ready:\n{}", host.log.text());
        };
        host.api = Api::new(&base);
        host
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its data folder; keep it to start another host in it.
    pub fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// A path in the data folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of the club's videos.
    pub fn videos(&self) -> PathBuf {
        self.path("static/videos/1")
    }

    /// Where a session's final file is.
    pub fn video(&self, session: &str) -> PathBuf {
        self.videos().join(format!("{session}.mp4"))
    }

    /// Where the configuration is.
    pub fn config(&self) -> PathBuf {
        self.path("padelvar.toml")
    }

    /// Writes the configuration anew, in one step as an editor does.
    pub fn configure(&self, text: &str) {
        let new = self.path("padelvar.toml.new");
        files::write_private(&new, text);
        std::fs::rename(&new, self.config()).expect("a file can be renamed");
    }

    /// Sends SIGTERM and waits for the end; how it ended and how long that took.
    pub async fn terminate(&mut self) -> (ExitStatus, Duration) {
        let asked = Instant::now();
        processes::signal(self.pid(), Signal::TERM);
        (self.ended(END).await, asked.elapsed())
    }

    /// Kills it as a power cut would.
    pub async fn kill(&mut self) {
        processes::signal(self.pid(), Signal::KILL);
        self.ended(END).await;
    }

    async fn ended(&mut self, patience: Duration) -> ExitStatus {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "the host does not end:\n{}",
                self.log.text()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it well; what every test of a healthy host does last.
    pub async fn end(mut self) {
        let (status, _) = self.terminate().await;
        assert!(
            status.success(),
            "the host ended with {status}:\n{}",
            self.log.text()
        );
    }

    /// The session's FFmpeg log, where there is one.
    pub fn ffmpeg_log(&self, session: &str) -> Option<String> {
        std::fs::read_to_string(self.path(&format!("logs/video/{session}.ffmpeg.log"))).ok()
    }

    /// Asserts that the club's folder holds exactly these files.
    pub fn assert_only(&self, expected: &[&Path]) {
        files::assert_only(&self.videos(), expected);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            if std::thread::panicking() {
                let text = self.log.text();
                let from = text.len().saturating_sub(6000);
                let tail = text.get(from..).unwrap_or(&text);
                eprintln!("--- the host's last words ---\n{tail}");
            }
            // It is ours and running; after this it is only awaited.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
