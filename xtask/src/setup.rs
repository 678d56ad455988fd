//! What a machine needs beside Rust.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::command::{output, root, run, run_within, succeeds, target_dir};

const WASM_TARGET: &str = "wasm32-wasip2";

/// 400 MB, mostly tools that the package names and the example does not use.
const NPM_LIMIT: Duration = Duration::from_mins(5);

/// GStreamer's RTSP server and the elements that the tests stream with.
const GSTREAMER_PACKAGES: [&str; 9] = [
    "gir1.2-gst-rtsp-server-1.0",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-ugly",
    "gstreamer1.0-rtsp",
    // TLS.
    "glib-networking",
    "libgstrtspserver-1.0-0",
    "python3-gi",
];

/// Asks for what is used rather than for packages: their names differ, and a
/// package may be there without its bindings.
const GSTREAMER_PROBE: &str = "
import gi, sys
gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import Gio, Gst, GstRtspServer
Gst.init(None)
wanted = 'videotestsrc x264enc matroskademux aacparse h264parse h265parse jpegparse rtph264pay \
          rtph265pay rtpjpegpay rtpmp4gpay rtppcmapay'.split()
missing = any(Gst.ElementFactory.find(name) is None for name in wanted)
sys.exit(missing or not Gio.TlsBackend.get_default().supports_tls())
";

/// VLC without a window.
const VLC_PACKAGES: [&str; 2] = ["vlc-bin", "vlc-plugin-base"];

/// What building and running need.
pub fn for_demo() -> Result<()> {
    wasm_target()?;
    ffmpeg()
}

/// What building, running and testing need.
pub fn for_test() -> Result<()> {
    for_demo()?;
    gstreamer()?;
    chromium()?;
    faketime()?;
    python()?;
    languages();
    Ok(())
}

/// What the servers of `cargo xtask cameras` need, beside building and running.
pub fn for_cameras() -> Result<()> {
    for_demo()?;
    gstreamer()?;
    vlc()
}

fn wasm_target() -> Result<()> {
    // Asked of the compiler and not of rustup: a toolchain may come from elsewhere.
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print", "target-libdir", "--target", WASM_TARGET])
        .current_dir(crate::command::root());
    if output(&mut rustc).is_some_and(|folder| std::path::Path::new(&folder).is_dir()) {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", WASM_TARGET])
        .current_dir(crate::command::root());
    if run(&mut rustup).is_err() {
        bail!(
            "the Rust target {WASM_TARGET} is missing and could not be added\n  hint: rustup target add {WASM_TARGET}"
        );
    }
    Ok(())
}

fn ffmpeg() -> Result<()> {
    let works = |variable: &str, name: &str| {
        let program = std::env::var_os(variable).unwrap_or_else(|| name.into());
        succeeds(Command::new(program).arg("-version"))
    };
    let there = || works("FFMPEG_PATH", "ffmpeg") && works("FFPROBE_PATH", "ffprobe");
    if there() {
        return Ok(());
    }
    install("FFmpeg", &["ffmpeg"])?;
    if !there() {
        bail!("FFmpeg was installed, but `ffmpeg -version` or `ffprobe -version` still fails");
    }
    Ok(())
}

fn gstreamer() -> Result<()> {
    // Only Debian's Python sees Debian's bindings.
    let python = debian_python();
    let there = || succeeds(Command::new(python).args(["-c", GSTREAMER_PROBE]));
    if there() {
        return Ok(());
    }
    install(
        "GStreamer's RTSP server, which the tests record from,",
        &GSTREAMER_PACKAGES,
    )?;
    if !there() {
        bail!("GStreamer's RTSP server was installed, but {python} cannot load it");
    }
    Ok(())
}

/// A server of other people's that cameras are compared with. It refuses to run as root, even to
/// tell its version, so its file is looked for.
fn vlc() -> Result<()> {
    let there = || {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).any(|folder| folder.join("cvlc").is_file())
    };
    if there() {
        return Ok(());
    }
    install("VLC, which is recorded from,", &VLC_PACKAGES)?;
    if !there() {
        bail!("VLC was installed, but there is no `cvlc`");
    }
    Ok(())
}

/// The browser that pages are looked at with.
fn chromium() -> Result<()> {
    let there = || succeeds(Command::new("chromium").arg("--version"));
    if there() {
        return Ok(());
    }
    install(
        "Chromium, which the tests look at pages with,",
        &["chromium"],
    )?;
    if !there() {
        bail!("Chromium was installed, but `chromium --version` still fails");
    }
    Ok(())
}

/// The library by which a test steps a host's wall clock.
fn faketime() -> Result<()> {
    let there = || {
        let folders = ["/usr/lib", "/usr/lib64"].map(std::path::PathBuf::from);
        let below = folders
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok());
        let below = below.flatten().flatten().map(|entry| entry.path());
        let name = "faketime/libfaketimeMT.so.1";
        folders
            .iter()
            .cloned()
            .chain(below)
            .any(|folder| folder.join(name).is_file())
    };
    if there() {
        return Ok(());
    }
    install(
        "libfaketime, by which a test steps the clock,",
        &["libfaketime"],
    )?;
    if !there() {
        bail!(
            "libfaketime was installed, but there is no faketime/libfaketimeMT.so.1 below /usr/lib"
        );
    }
    Ok(())
}

/// Python programs of the tests, in a virtual environment below the target folder.
fn python() -> Result<()> {
    let wanted = root().join("tests/python/requirements.txt");
    virtual_environment(&target_dir().join("tools/venv"), &wanted)
}

/// A virtual environment with what a list names. It is made anew when what it should hold has
/// changed.
fn virtual_environment(venv: &Path, wanted: &Path) -> Result<()> {
    let holds = venv.join("requirements.txt");
    let text = fs::read_to_string(wanted).with_context(|| wanted.display().to_string())?;
    if fs::read_to_string(&holds).is_ok_and(|held| held == text) {
        return Ok(());
    }
    let python = debian_python();
    if !succeeds(Command::new(python).args(["-c", "import ensurepip, venv"])) {
        install("Python's venv", &["python3-venv"])?;
    }
    let _ = fs::remove_dir_all(venv);
    run(Command::new(python).args(["-m", "venv"]).arg(venv))?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    run(pip.arg(wanted))?;
    // Last, so that what was interrupted is begun again.
    fs::write(&holds, text).context("the virtual environment's list")
}

/// What makes components of Python and JavaScript. Without them two tests say that they are
/// skipped, and nothing else is missing.
fn languages() {
    let skipped = |what: &str, error: &anyhow::Error| {
        eprintln!("warning: {what} does not install here, its test will be skipped: {error:#}");
    };
    let wanted = root().join("examples/policy-python/requirements.txt");
    if let Err(error) = virtual_environment(&target_dir().join("tools/policy-python"), &wanted) {
        skipped("componentize-py", &error);
    }
    if let Err(error) = node() {
        skipped("componentize-js", &error);
    }
}

/// The packages that the JavaScript example builds with, below the target folder.
fn node() -> Result<()> {
    let (from, tools) = (
        root().join("examples/policy-js"),
        target_dir().join("tools/policy-js"),
    );
    let lock = "package-lock.json";
    let text = fs::read_to_string(from.join(lock)).context("examples/policy-js")?;
    let holds = tools.join("installed.json");
    if fs::read_to_string(&holds).is_ok_and(|held| held == text) {
        return Ok(());
    }
    let _ = fs::remove_dir_all(&tools);
    fs::create_dir_all(&tools).context("the tools' folder")?;
    for file in ["package.json", lock] {
        fs::copy(from.join(file), tools.join(file)).context(file)?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"]);
    run_within(npm.current_dir(&tools), NPM_LIMIT)?;
    fs::write(&holds, text).context("the list of packages")
}

/// Debian's Python where there are others: its packages help only that one.
fn debian_python() -> &'static str {
    if std::path::Path::new("/usr/bin/python3").exists() {
        "/usr/bin/python3"
    } else {
        "python3"
    }
}

/// Installs packages where that needs no password, else says what to type.
fn install(what: &str, packages: &[&str]) -> Result<()> {
    if !succeeds(Command::new("apt-get").arg("--version")) {
        bail!(
            "{what} is missing\n  hint: install it with your system's package manager; Debian calls it {}",
            packages.join(" ")
        );
    }
    let Some(prefix) = as_root() else {
        bail!(
            "{what} is missing, and installing it needs a password\n  hint: sudo apt-get install {}",
            packages.join(" ")
        );
    };
    eprintln!("{what} is missing: installing it");
    let apt_get = |arguments: &[&str]| {
        let words = [
            prefix,
            &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"],
            arguments,
        ]
        .concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        run(&mut command)
    };
    let install = [&["install", "-y", "--no-install-recommends"], packages].concat();
    if apt_get(&install).is_ok() {
        return Ok(());
    }
    // Lists that are missing or old name files that are gone.
    apt_get(&["update"])?;
    apt_get(&install)
}

/// What to put before a command so that it runs as root without a password.
fn as_root() -> Option<&'static [&'static str]> {
    if output(Command::new("id").arg("-u")).as_deref() == Some("0") {
        return Some(&[]);
    }
    succeeds(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}
