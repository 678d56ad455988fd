//! The example clients of the REST API, as they stand in `examples/clients`.

use std::path::{Path, PathBuf};
use std::process::Output;

use padelvar_tests::{Config, Host, cameras, files, jpeg, judge, machine, venv};
use simcam::RtspConfig;
use tempfile::TempDir;
use tokio::process::Command;

fn example(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.with_file_name("examples").join("clients").join(name)
}

/// Runs a client in a folder, as a user of the host would.
async fn run(host: &Host, folder: &Path, mut command: Command) -> (String, String) {
    let token = host.api.token.as_deref().unwrap_or_default();
    command
        .current_dir(folder)
        .env("PADELVAR_URL", &host.api.base)
        .env("PADELVAR_TOKEN", token)
        .env("NO_PROXY", "*");
    let Output {
        status,
        stdout,
        stderr,
    } = judge::run(&mut command).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

#[tokio::test]
async fn the_python_client() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let folder = TempDir::with_prefix("padelvar-e2e-").expect("a folder");
    // At once, which is how the reference's lines stand, and after a while.
    for seconds in [None, Some("2")] {
        let mut python = Command::new(venv::program("python"));
        python
            .arg(example("club.py"))
            .args(seconds)
            .env("PYTHONIOENCODING", "utf-8");
        let (stdout, _) = run(&host, folder.path(), python).await;
        assert!(stdout.contains("'success': True"), "{stdout}");
        let path = stdout
            .lines()
            .find_map(|l| l.strip_prefix("Vidéo créée : "));
        let path = path.unwrap_or_else(|| panic!("no file: {stdout}"));
        let video = judge::final_file(&host.path(path)).await;
        assert!(video.duration > 0.0);
        assert!(
            stdout.lines().any(|line| line == "Vidéo entière"),
            "{stdout}"
        );
        let id = Path::new(path).file_stem().and_then(|s| s.to_str());
        let session = host.api.session(id.expect("a session's id")).await;
        assert_eq!(session["status"], "closed", "{session}");
    }
    host.end().await;
}

#[tokio::test]
async fn the_curl_script() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let folder = TempDir::with_prefix("padelvar-e2e-").expect("a folder");
    let mut script = Command::new("bash");
    script.arg(example("record.sh")).args(["1", "2"]);
    let (stdout, stderr) = run(&host, folder.path(), script).await;
    let name = stdout.lines().last().expect("it prints the file's name");
    let id = name.strip_suffix(".mp4").expect("an MP4");
    let (fetched, kept) = (folder.path().join(name), host.video(id));
    let [fetched_bytes, kept_bytes] =
        [&fetched, &kept].map(|file| std::fs::read(file).expect("it is there"));
    assert!(fetched_bytes == kept_bytes, "{} bytes", fetched_bytes.len());
    let picture = folder.path().join(format!("{id}.jpg"));
    let bytes = std::fs::read(&picture).expect("a picture");
    assert_eq!(jpeg::size(&bytes), (640, 360));
    files::assert_only(folder.path(), &[&fetched, &picture]);
    for said in ["event: session", "event: recording", "\"files\":"] {
        let said = stderr.replace("event:", "event: ").contains(said) || stderr.contains(said);
        assert!(said, "{stderr}");
    }
    host.end().await;
}
