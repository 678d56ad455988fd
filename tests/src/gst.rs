//! An RTSP server that was not written here: GStreamer's.

use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use simcam::Codec;

use crate::certificate::Certificate;
use crate::film::Sound;
use crate::log::Log;

/// Where the distribution's Python is, which has GStreamer's bindings.
const PYTHON: &str = "/usr/bin/python3";
const SERVER: &str = include_str!("../gst/server.py");
const READY: Duration = Duration::from_mins(1);

/// A live camera: H.264 without sound.
pub const CAMERA: &str = "( videotestsrc is-live=true pattern=ball \
     ! video/x-raw,width=640,height=360,framerate=25/1,format=I420 \
     ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=1000 \
     ! rtph264pay name=pay0 pt=96 config-interval=0 )";

/// How a server asks for its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// User and password in base64.
    Basic,
    /// Digest with MD5.
    Digest,
}

/// What a server is to be like.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The pipeline of one stream; see [`CAMERA`] and [`film`].
    pub launch: &'a str,
    /// Whether all clients watch one pipeline, else each has its own from the beginning on.
    pub shared: bool,
    /// UDP and nothing else, or TCP and nothing else.
    pub udp: bool,
    /// The account: how it is asked for, user, password.
    pub account: Option<(Scheme, &'a str, &'a str)>,
    /// TLS with this certificate.
    pub tls: Option<&'a Certificate>,
}

/// The pipeline that plays a [film](crate::film).
pub fn film(file: &Path, codec: Codec, sound: Option<Sound>) -> String {
    let video = match codec {
        Codec::H264 => "h264parse ! rtph264pay config-interval=-1 pt=96",
        Codec::H265 => "h265parse ! rtph265pay config-interval=-1 pt=96",
        Codec::Jpeg => "jpegparse ! rtpjpegpay pt=26",
    };
    let sound = match sound {
        None => String::new(),
        Some(Sound::Aac) => play("audio", "aacparse ! rtpmp4gpay pt=97", 1),
        Some(Sound::Pcma) => play("audio", "rtppcmapay pt=8", 1),
    };
    let video = play("video", video, 0);
    let file = file.display();
    format!("( filesrc location={file} ! matroskademux name=film {video} {sound} )")
}

fn play(kind: &str, payloader: &str, number: u32) -> String {
    format!("film.{kind}_0 ! queue ! {payloader} name=pay{number}")
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Its end is the server's.
    _stdin: ChildStdin,
    /// The stream's address, without credentials.
    pub url: String,
}

impl Server {
    /// Starts a server; none where GStreamer is not installed.
    pub async fn start(wanted: &Wanted<'_>) -> Option<Self> {
        if !installed() {
            return None;
        }
        let mut argument = json!({
            "launch": wanted.launch,
            "shared": wanted.shared,
            "udp": wanted.udp,
            "pem": wanted.tls.map(Certificate::pem),
        });
        if let Some((scheme, user, password)) = wanted.account {
            let scheme = match scheme {
                Scheme::Basic => "basic",
                Scheme::Digest => "digest",
            };
            for (key, value) in [("auth", scheme), ("user", user), ("password", password)] {
                argument[key] = value.into();
            }
        }
        let mut child = Command::new(PYTHON)
            .args(["-c", SERVER, &argument.to_string()])
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

/// Asserts that its absence is no failure, and says that a test is skipped.
///
/// # Panics
/// Where it is one.
pub fn skipped() {
    assert!(
        !required(),
        "GStreamer's RTSP server or its Python bindings are not installed; hint: \
         `cargo xtask test` installs them"
    );
    eprintln!("skipped: GStreamer's RTSP server or its Python bindings are not installed");
}

/// GStreamer's version; none where it is not installed.
pub fn version() -> Option<String> {
    let script = "import gi\n\
         gi.require_version('Gst', '1.0')\n\
         from gi.repository import Gst\n\
         Gst.init(None)\n\
         print('.'.join(map(str, Gst.version()[:3])))";
    let output = Command::new(PYTHON).args(["-c", script]).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    (!said.trim().is_empty()).then(|| said.trim().to_owned())
}

fn installed() -> bool {
    let script = "import gi\n\
         gi.require_version('GstRtspServer', '1.0')\n\
         from gi.repository import Gst, GstRtspServer\n\
         Gst.init(None)\n\
         wanted = 'x264enc rtph264pay h265parse rtph265pay matroskademux rtpmp4gpay'.split()\n\
         assert all(Gst.ElementFactory.find(name) for name in wanted)";
    let mut command = Command::new(PYTHON);
    command.args(["-c", script]).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
