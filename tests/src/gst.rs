//! An RTSP server that was not written here: GStreamer's.

use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::log::Log;

/// Where the distribution's Python is, which has GStreamer's bindings.
const PYTHON: &str = "/usr/bin/python3";
const SERVER: &str = include_str!("../gst/server.py");
const READY: Duration = Duration::from_mins(1);

/// A running server with one live H.264 stream behind Digest authentication.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Its end is the server's.
    _stdin: ChildStdin,
    /// The stream's address, without credentials.
    pub url: String,
}

impl Server {
    /// Starts the server with this account; none where GStreamer is not installed.
    pub async fn start(user: &str, password: &str) -> Option<Self> {
        if !installed() {
            return None;
        }
        let mut child = Command::new(PYTHON)
            .args(["-c", SERVER, user, password])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let stdin = child.stdin.take().expect("it is piped");
        let said = Log::of(child.stdout.take().expect("it is piped"));
        let complaint = Log::of(child.stderr.take().expect("it is piped"));
        let mut server = Self {
            child,
            _stdin: stdin,
            url: String::new(),
        };
        match said.after("url: ", READY).await {
            Some(url) => server.url = url,
            None => panic!("GStreamer's server does not start: {}", complaint.text()),
        }
        Some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours; what is left is only awaited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether its absence is a failure: on a machine that is there for testing.
pub fn required() -> bool {
    let set = |name: &str, value: &str| std::env::var(name).is_ok_and(|v| v == value);
    set("CI", "true") || set("PADELVAR_REQUIRE_ALL", "1")
}

fn installed() -> bool {
    let script = "import gi\n\
         gi.require_version('GstRtspServer', '1.0')\n\
         from gi.repository import Gst, GstRtspServer\n\
         Gst.init(None)\n\
         assert Gst.ElementFactory.find('x264enc') and Gst.ElementFactory.find('rtph264pay')";
    let mut command = Command::new(PYTHON);
    command.args(["-c", script]).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
