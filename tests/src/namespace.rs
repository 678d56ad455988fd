//! A network of a test's own: addresses and names that exist nowhere else, and a way out to
//! nowhere.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use tempfile::TempDir;
use tokio::process::Command;

use crate::judge;

/// Wakes the loopback interface and gives it further addresses, by the ioctls SIOCGIFFLAGS,
/// SIOCSIFFLAGS and SIOCSIFADDR (netdevice(7)): iproute2 is not everywhere.
const INTERFACE: &str = r#"
import fcntl, socket, struct, sys
control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
name = struct.pack("16sH14x", b"lo", 0)
flags = struct.unpack("16sH14x", fcntl.ioctl(control, 0x8913, name))[1]
fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))
for number, address in enumerate(sys.argv[1].split(), 1):
    address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
    label = b"lo:%d" % number
    fcntl.ioctl(control, 0x8916, struct.pack("16s16s", label, address))
"#;

/// Mounts the names, makes the addresses, and becomes the test.
const SCRIPT: &str = "set -e; mount --bind \"$1\" /etc/hosts; python3 -c \"$2\" \"$3\"; shift 3; \
                      exec \"$@\"";

/// Runs one of this binary's ignored tests in namespaces where it is root and alone in a network
/// with these IPv4 addresses, and with these lines as `/etc/hosts`. Skipped where namespaces are
/// not allowed.
pub async fn run(test: &str, addresses: &[&str], hosts: &str) {
    let unshare = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--net", "--mount", "--"])
            .args(words);
        command
    };
    if !judge::run(&mut unshare(&["true"])).await.status.success() {
        eprintln!("skipped: this machine allows no namespaces");
        return;
    }
    let folder = TempDir::with_prefix("padelvar-hosts-").expect("a folder can be made");
    let file = folder.path().join("hosts");
    std::fs::write(&file, hosts).expect("a file can be written");
    let this = std::env::current_exe().expect("this process has an executable");
    let text = |path: &Path| path.to_str().expect("paths are text").to_owned();
    let (file, this, addresses) = (text(&file), text(&this), addresses.join(" "));
    let words = [
        "sh",
        "-c",
        SCRIPT,
        "sh",
        &file,
        INTERFACE,
        &addresses,
        &this,
        "--exact",
        test,
        "--ignored",
        "--nocapture",
    ];
    let output = judge::run(&mut unshare(&words)).await;
    assert!(
        output.status.success(),
        "{} (signal {:?})\n{}\n{}",
        output.status,
        output.status.signal(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "it ran: {said}");
}
