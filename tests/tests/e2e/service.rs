//! The host under a service manager (`sd_notify(3)`).

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use padelvar_tests::{Config, Host, cameras, machine, processes};
use rustix::process::Signal;
use simcam::RtspConfig;

/// What the watchdog gives the host.
const WATCHDOG: Duration = Duration::from_secs(3);
/// Bound of every wait.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the service manager hears: one `NAME=value` after the other.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    fn new(socket: UnixDatagram) -> Self {
        let heard = Vec::new();
        Self { socket, heard }
    }

    /// Waits for a word that begins so, and tells it; none when it does not come.
    fn hears(&mut self, wanted: &str, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(at) = self.heard.iter().position(|word| word.starts_with(wanted)) {
                let word = self.heard[at].clone();
                self.heard.drain(..=at);
                return Some(word);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            let timeout = left.max(Duration::from_millis(1));
            self.socket
                .set_read_timeout(Some(timeout))
                .expect("it can be set");
            let mut bytes = [0; 8192];
            if let Ok(length) = self.socket.recv(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                self.heard.extend(text.lines().map(str::to_owned));
            }
        }
    }

    /// What has come by now is forgotten.
    fn forget(&mut self) {
        while self.hears("", Duration::from_millis(1)).is_some() {}
    }
}

/// Runs a host that tells this manager, from its start to its end.
async fn whole_life(mut manager: Manager, name: &str) {
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let folder = Host::folder_for(&Config::of(&camera));
    let watchdog = WATCHDOG.as_micros().to_string();
    let variables = [("NOTIFY_SOCKET", name), ("WATCHDOG_USEC", &watchdog)];
    let mut host = Host::start_with(folder, &variables).await;
    let mut hears = |wanted: &str| {
        let word = manager.hears(wanted, PATIENCE);
        word.unwrap_or_else(|| panic!("{wanted} does not come"))
    };
    hears("EXTEND_TIMEOUT_USEC=");
    hears("READY=1");
    assert_eq!(hears("STATUS="), "STATUS=Ready: 0 sessions, 0 recordings");
    host.api.get("/healthz").await.ok(200);
    let id = host.api.create(1).await;
    host.api.start(&id).await;
    hears("STATUS=Ready: 1 sessions, 1 recordings");
    for _ in 0..3 {
        hears("WATCHDOG=1");
    }
    // It stands still: nothing says that it is alive until it is again.
    processes::signal(host.pid(), Signal::STOP);
    manager.forget();
    assert_eq!(manager.hears("WATCHDOG=1", WATCHDOG), None);
    processes::signal(host.pid(), Signal::CONT);
    assert!(manager.hears("WATCHDOG=1", PATIENCE).is_some());
    let (status, _) = host.terminate().await;
    assert!(status.success(), "{status}");
    assert!(manager.hears("STOPPING=1", PATIENCE).is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_that_it_is_ready_alive_and_ending() {
    let _shared = machine::shared().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    whole_life(Manager::new(socket), &path.to_string_lossy()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_over_a_socket_without_a_file() {
    let _shared = machine::shared().await;
    let name = format!("padelvar-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let socket = UnixDatagram::bind_addr(&address).expect("a socket");
    whole_life(Manager::new(socket), &format!("@{name}")).await;
}

#[tokio::test]
async fn a_manager_that_is_not_there_disturbs_nothing() {
    let _shared = machine::shared().await;
    let folder = Host::folder_for(&Config::new());
    let variables = [("NOTIFY_SOCKET", "/nowhere/notify"), ("WATCHDOG_USEC", "x")];
    let host = Host::start_with(folder, &variables).await;
    assert!(host.log.text().contains("NOTIFY_SOCKET"));
    host.api.get("/healthz").await.ok(200);
    host.end().await;
}

/// systemd itself reads the example. Where it is not installed this is skipped.
#[test]
fn the_example_unit_is_right() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/padelvar.service");
    let text = std::fs::read_to_string(example).expect("it is there");
    // A program that is there.
    let text = text.replace("/usr/local/bin/padelvar", "/bin/true");
    let folder = tempfile::tempdir().expect("a folder");
    let unit = folder.path().join("padelvar.service");
    std::fs::write(&unit, text).expect("it can be written");
    let verify = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&unit)
        .output();
    let Ok(output) = verify else {
        eprintln!("skipped: there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let about_it: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("padelvar.service"))
        .collect();
    assert!(about_it.is_empty(), "{said}");
}
