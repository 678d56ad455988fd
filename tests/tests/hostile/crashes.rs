//! What a crash leaves behind, and what the suite says of adapters that crash.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use padelvar_tests::command::padelvar;
use padelvar_tests::{Config, files, machine};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::guests;
use crate::stage::{Stage, assert_no_secret, assert_presentable, hostile_camera, last_error};
use crate::target::Target;

/// The cassettes of a data folder, when each session has left one.
async fn cassettes(folder: &Path, sessions: &[String]) -> Vec<PathBuf> {
    let crashes = folder.join("logs/video/crashes");
    let found = async {
        loop {
            let found: Vec<PathBuf> = if crashes.is_dir() {
                files::entries(&crashes)
            } else {
                Vec::new()
            };
            let names: Vec<_> = found.iter().map(|file| file.to_string_lossy()).collect();
            let left = |session: &String| names.iter().any(|name| name.contains(session.as_str()));
            if sessions.iter().all(left) {
                return found;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    let found = timeout(Duration::from_secs(30), found).await;
    found.expect("the crashes left their cassettes")
}

/// All texts and bytes of a cassette, one behind the other, as they were before they were written.
fn plain(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::String(text) => out.extend_from_slice(text.as_bytes()),
        Value::Array(items) => items.iter().for_each(|item| plain(item, out)),
        Value::Object(members) => {
            for (key, member) in members {
                let decoded = member.as_str().filter(|_| key == "base64");
                match decoded.and_then(|text| BASE64.decode(text).ok()) {
                    Some(bytes) => out.extend_from_slice(&bytes),
                    None => plain(member, out),
                }
            }
        }
        _ => {}
    }
}

/// The hostile adapter with a digest of its own: one that crashes often is quarantined, and that
/// is another test's. A custom section: its kind, its size, its name's length, its name.
fn variant(letter: u8) -> Vec<u8> {
    [guests::hostile(), vec![0, 2, 1, letter]].concat()
}

#[tokio::test]
async fn a_crash_leaves_a_cassette_that_crashes_again() {
    let _shared = machine::shared().await;
    let camera = Target::camera(1).await;
    let url = format!("http://127.0.0.1:{}/", camera.port);
    let orders = [
        "do = \"panic\", after = 5",
        "do = \"echo-panic\"",
        "do = \"no-jpeg\", after = 5",
    ];
    let letters = *b"abc";
    let config = orders
        .iter()
        .zip(letters)
        .fold(Config::new(), |config, (order, letter)| {
            let name = format!("\"hostile-{}\"", char::from(letter));
            config.camera(&hostile_camera(&url, order, "").replace("\"hostile\"", &name))
        });
    let stage = Stage::new();
    let plugins = letters.map(|letter| {
        let name = format!("hostile-{}", char::from(letter));
        stage
            .plugin(&name, &variant(letter))
            .to_string_lossy()
            .into_owned()
    });
    let host = stage.start(&config).await;
    let mut sessions = Vec::new();
    for terrain in 1..=3_u32 {
        // Not `create`, which waits until the camera is live: one of them never is.
        let body = host.api.try_create(terrain).await.ok(201);
        let id = body["session"]["session_id"].as_str().expect("it has one");
        let id = id.to_owned();
        // Also of one that is quarantined by then.
        let failed = |session: &Value| last_error(session).contains("was stopped");
        let session = host.api.until(|| host.api.session(&id), failed).await;
        assert_no_secret(last_error(&session));
        let listed = host.api.get("/api/plugins").await;
        assert_no_secret(&listed.text());
        host.api.try_close(&id).await.ok(200);
        sessions.push(id);
    }
    let found = cassettes(stage.folder(), &sessions).await;
    let log = host.log.text();
    host.end().await;
    for file in &found {
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let mode = std::fs::metadata(file)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        assert!(
            name.starts_with("hostile-") && name.ends_with(".cassette"),
            "{name}"
        );
        let text = std::fs::read_to_string(file).expect("it is text");
        assert_no_secret(&text);
        let mut said = Vec::new();
        for line in text.lines() {
            plain(&serde_json::from_str(line).expect("JSON a line"), &mut said);
        }
        assert_no_secret(&String::from_utf8_lossy(&said));
    }
    // The newest of a session may have been written while it was closed.
    for session in &sessions {
        let line = log.lines().find(|line| {
            line.contains("its last seconds are kept") && line.contains(session.as_str())
        });
        assert!(
            line.is_some_and(|line| line.contains(".cassette")),
            "{session}: {log}"
        );
    }
    let of = |session: &str| {
        let found = found
            .iter()
            .find(|file| file.to_string_lossy().contains(session));
        found
            .expect("each session has one")
            .to_string_lossy()
            .into_owned()
    };
    let replay = async |at: usize| {
        let words = [
            "plugin",
            "test",
            &plugins[at],
            "--replay",
            &of(&sessions[at]),
        ];
        padelvar(stage.folder(), &words).await
    };
    // The panic comes again, at the same event, each time.
    let said = replay(0).await.ended(1);
    assert!(said.stdout.contains("the same build"), "{said:?}");
    assert!(said.stdout.contains("FAILED at event 5: "), "{said:?}");
    assert!(said.stdout.contains("the misdeed was ordered"), "{said:?}");
    assert_eq!(replay(0).await.stdout, said.stdout);
    let said = replay(1).await.ended(1);
    assert!(said.stdout.contains("it says you said"), "{said:?}");
    assert_no_secret(&said.stdout);
    // What the host did not take is no trap: it is told as the recording's end.
    let said = replay(2).await.ended(0);
    assert!(
        said.stdout.contains("delivered a broken picture"),
        "{said:?}"
    );
}

#[tokio::test]
async fn the_suite_says_what_is_wrong() {
    let _shared = machine::shared().await;
    let stage = Stage::new();
    let plugin = stage.plugin("hostile", &guests::hostile());
    let plugin = plugin.to_string_lossy().into_owned();
    for (order, reason) in [
        ("panic", "the misdeed was ordered"),
        ("loop", "took too long"),
        ("allocate", "64 MiB are allowed"),
        ("timer-storm", "keeps itself busy"),
        ("ignore-stop", "did not answer `finished` within 1 s"),
        ("silence", "waits for ever"),
    ] {
        let option = format!("do={order}");
        let words = ["plugin", "test", &plugin, "--option", &option];
        let said = padelvar(stage.folder(), &words).await.ended(1);
        let failed = said
            .stdout
            .lines()
            .filter(|line| line.starts_with("FAILED"));
        let failed: Vec<&str> = failed.collect();
        assert!(
            failed.iter().any(|line| line.contains(reason)),
            "{order}: {said:#?}"
        );
        for line in failed {
            assert_presentable(line);
        }
        assert!(
            said.stdout.contains("skipped a simulated camera"),
            "{said:#?}"
        );
    }
}
