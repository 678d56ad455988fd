//! The commands that set cameras up: probe, add, import.

use std::os::unix::fs::PermissionsExt as _;

use padelvar_tests::command::padelvar;
use padelvar_tests::{cameras, files, machine};
use serde_json::Value;
use simcam::{ClipParams, Fault, RtspConfig, Scheme};
use tempfile::TempDir;

fn folder() -> TempDir {
    TempDir::with_prefix("padelvar-e2e-desk-").expect("a folder can be made")
}

#[tokio::test]
async fn a_camera_is_probed_and_advised() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig {
        tls: true,
        auth: cameras::account(Scheme::DigestMd5),
        audio: Some("pcma".parse().expect("a kind of sound")),
        clip: ClipParams {
            gop: 250,
            ..cameras::h264()
        },
        ..RtspConfig::default()
    })
    .await;
    camera.inject(Fault::MostClients(2));
    let folder = folder();
    let path = folder.path();
    let (user, password) = cameras::ACCOUNT;
    files::write_private(&path.join("password"), password);
    let account = ["--username", user, "--password-file", "password"];
    let probe = async |more: &[&str]| {
        let words = ["camera", "probe", camera.url(), "--seconds", "10"];
        padelvar(path, &[&words, more].concat()).await
    };
    let said = probe(&[&account[..], &["--tls", "off", "--json"]].concat()).await;
    let said = said.ended(0);
    let found: Value = serde_json::from_str(&said.stdout).expect("JSON alone");
    assert_eq!(found["works"], true, "{found}");
    assert_eq!(
        (found["codec"].as_str(), found["adapter"].as_str()),
        (Some("h264"), Some("rtsp"))
    );
    assert_eq!(
        (found["width"].as_u64(), found["height"].as_u64()),
        (Some(640), Some(360))
    );
    assert_eq!(found["audio_codec"], "pcma", "{found}");
    let number = |name: &str| found[name].as_f64().unwrap_or(f64::NAN);
    assert!((number("fps") - 25.0).abs() < 1.0, "{found}");
    assert!(number("keyframe_seconds") > 4.0, "{found}");
    assert!(number("clock_offset_seconds").abs() < 2.0, "{found}");
    let advice = found["advice"].as_array().expect("a list").iter();
    let codes: Vec<&str> = advice
        .filter_map(|advice| advice["code"].as_str())
        .collect();
    assert!(codes.contains(&"long_gop"), "{codes:?}");
    assert_eq!(found["streams_allowed"], 2, "{found}");
    assert!(codes.contains(&"few_streams"), "{codes:?}");
    // The certificate that it showed is one to pin.
    let pin = found["pin"].as_str().expect("a pin");
    let pinned = [&account[..], &["--tls", pin]].concat();
    let said = probe(&pinned).await.ended(0);
    assert!(said.stdout.contains("h264 640x360"), "{}", said.stdout);
    assert!(!said.stdout.contains(password) && !said.stderr.contains(password));
    // A wrong password is tried once.
    files::write_private(&path.join("password"), "wrong");
    let said = probe(&[&account[..], &["--tls", "off"]].concat())
        .await
        .ended(1);
    assert!(said.stderr.contains("password"), "{}", said.stderr);
}

#[tokio::test]
async fn a_camera_is_added_and_the_comments_stay() {
    let _shared = machine::shared().await;
    let folder = folder();
    let path = folder.path();
    let _made = padelvar(path, &["init"]).await.ended(0);
    let file = path.join("padelvar.toml");
    let made = std::fs::read_to_string(&file).expect("it was made");
    let club = "\n# Ours.\n[[clubs]]\nid = 1\nname = \"Club\"\n";
    let before = made + club;
    files::write_private(&file, &before);
    files::write_private(&path.join("password"), "s3cret");
    let account = ["--username", "admin", "--password-file", "password"];
    let words = [
        "camera",
        "add",
        "rtsp://10.1.2.3/stream1",
        "--name",
        "Court of the north",
    ];
    let more = ["--club", "1", "--id", "north", "--option", "transport=udp"];
    let said = padelvar(path, &[&words[..], &account, &more].concat())
        .await
        .ended(0);
    let after = std::fs::read_to_string(&file).expect("it is there");
    let comments = |text: &str| {
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    for comment in comments(&before) {
        assert!(after.contains(&comment), "{comment} is lost in {after}");
    }
    assert!(
        after.contains("Court of the north") && !after.contains("s3cret"),
        "{after}"
    );
    let stored = std::path::Path::new(said.stdout.trim());
    assert_eq!(
        std::fs::read_to_string(stored).expect("the password"),
        "s3cret"
    );
    let mode = std::fs::metadata(stored)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let checked = padelvar(path, &["check", "--json"]).await;
    assert!(checked.stdout.contains("1 terrains"), "{checked:#?}");
    // Twice the same id is refused, and nothing is left behind.
    let said = padelvar(path, &[&words[..], &account, &more].concat())
        .await
        .ended(1);
    assert!(said.stderr.contains("north"), "{}", said.stderr);
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), after);
    assert_eq!(files::entries(&path.join("secrets")).len(), 1);
}

#[tokio::test]
async fn another_programs_cameras_are_taken_over() {
    let folder = folder();
    let path = folder.path();
    let yaml = "streams:\n  court1: rtsp://admin:p%40ss@10.0.0.11/stream1\n  script: exec:run it\n";
    std::fs::write(path.join("go2rtc.yaml"), yaml).expect("it is written");
    let said = padelvar(path, &["import", "go2rtc", "go2rtc.yaml"])
        .await
        .ended(0);
    assert!(
        said.stderr.contains("script") && !said.stderr.contains("p@ss"),
        "{}",
        said.stderr
    );
    let config = path.join("padelvar.toml");
    files::write_private(&config, &said.stdout);
    let checked = padelvar(path, &["check"]).await;
    assert!(
        checked.stdout.contains("1 terrains") || checked.stderr.contains("1 terrains"),
        "{checked:#?}"
    );
    let said = padelvar(path, &["import", "frigate", "nothing.yml"])
        .await
        .ended(1);
    assert!(said.stderr.contains("nothing.yml"), "{}", said.stderr);
}
