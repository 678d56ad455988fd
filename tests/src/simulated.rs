//! Cameras whose recording is measured, in a process of their own: what they use is not the
//! host's.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{binary, log::Log};

/// Pictures a second.
pub const FPS: u32 = 25;
/// The usual setting of cameras: a keyframe every two seconds.
pub const GOP: u32 = 50;
/// What cameras send at this size.
const KBPS: u32 = 4000;
/// Length of the clip that they play in a loop; whole groups of pictures.
const CLIP_SECONDS: u32 = 10;
/// Bound of drawing and encoding the clip, on a machine that is busy.
const READY: Duration = Duration::from_mins(2);

/// 1080p H.264 over RTSP. Dropping it ends the process.
#[derive(Debug)]
pub struct Cameras {
    child: Child,
    /// Where they are.
    pub urls: Vec<String>,
}

impl Cameras {
    /// Starts so many, which allow these transports (`tcp,udp`), and waits until they can be
    /// watched.
    ///
    /// # Panics
    /// Where they do not start, or `simcam` was not built beside the host.
    pub async fn start(count: usize, transports: &str) -> Self {
        eprintln!("encoding the cameras' picture ...");
        let line = format!(
            "rtsp --size 1920x1080 --fps {FPS} --gop {GOP} --bitrate {KBPS} \
             --seconds {CLIP_SECONDS} --count {count} --transport {transports}"
        );
        let mut child = Command::new(program())
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("simcam starts");
        let log = Log::of(child.stdout.take().expect("it is piped"));
        let mut cameras = Self {
            child,
            urls: Vec::new(),
        };
        let deadline = Instant::now() + READY;
        loop {
            let text = log.text();
            if text.ends_with('\n') && text.lines().count() == count {
                cameras.urls = text.lines().map(str::to_owned).collect();
                return cameras;
            }
            let ended = cameras.child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "simcam ended: {ended:?}");
            assert!(Instant::now() < deadline, "simcam does not get ready");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Cameras {
    fn drop(&mut self) {
        // An encoder that it may still have ends with its input.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Built beside the host.
fn program() -> PathBuf {
    let path = binary::path().with_file_name("simcam");
    assert!(
        path.is_file(),
        "there is no {}; `cargo build --package simcam --bin simcam` builds it",
        path.display()
    );
    path
}
