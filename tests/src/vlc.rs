//! An RTSP server that was not written here: VLC's, which plays a film over UDP.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::log::Log;

const READY: Duration = Duration::from_secs(30);
/// VLC refuses to run as root; `nobody` has this number everywhere.
const NOBODY: u32 = 65_534;

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// The stream's address, without credentials.
    pub url: String,
}

impl Server {
    /// Plays a film from its beginning on, to whoever watches, with Basic authentication where
    /// there is an account. The film's folder becomes readable for everybody.
    ///
    /// # Panics
    /// Where VLC does not start.
    pub async fn start(film: &Path, account: Option<(&str, &str)>) -> Self {
        let folder = film.parent().expect("a file is in a folder");
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder, open).expect("the folder is ours");
        let port = free_port();
        let url = format!("rtsp://127.0.0.1:{port}/court");
        let mut command = Command::new("cvlc");
        command.args(["--no-video-title-show", "--rtsp-host=127.0.0.1"]);
        command.arg(format!("--rtsp-port={port}"));
        if let Some((user, password)) = account {
            command.arg(format!("--sout-rtsp-user={user}"));
            command.arg(format!("--sout-rtsp-pwd={password}"));
        }
        command.arg(film).arg("--sout=#rtp{sdp=rtsp:///court}");
        command.env("HOME", folder).env_remove("DISPLAY");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if rustix::process::geteuid().is_root() {
            // Without groups, too: they go with the user.
            command.gid(NOBODY).uid(NOBODY);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().expect("VLC starts");
        let said = Log::of(child.stderr.take().expect("it is piped"));
        let mut server = Self { child, url };
        let deadline = Instant::now() + READY;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let ended = server.child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "VLC ended: {}", said.text());
            assert!(Instant::now() < deadline, "no answer: {}", said.text());
            sleep(Duration::from_millis(50)).await;
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours; what is left is only awaited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody had a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
    listener.local_addr().expect("it is bound").port()
}

/// Its version as Debian tells it, since it tells root nothing; none where it is not installed.
pub fn version() -> Option<String> {
    let mut dpkg = Command::new("dpkg-query");
    dpkg.args(["-W", "-f", "${source:Upstream-Version}", "vlc-bin"]);
    let output = dpkg
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}
