//! The commands, as people and programs use them.

use std::path::Path;
use std::sync::Arc;

use padelvar_tests::command::padelvar;
use padelvar_tests::{Config, Host, files, machine};
use serde_json::{Value, json};
use tempfile::TempDir;

const FREE_PORTS: [(&str, &str); 2] = [
    ("PADELVAR_SERVER__LISTEN", "127.0.0.1:0"),
    ("PADELVAR_PROXY__LISTEN", "127.0.0.1:0"),
];

fn folder() -> TempDir {
    TempDir::with_prefix("padelvar-e2e-cli-").expect("a folder can be made")
}

fn configured(folder: &Path, text: &str) {
    files::write_private(&folder.join("padelvar.toml"), text);
}

#[tokio::test]
async fn from_init_to_a_host_that_answers() {
    let _shared = machine::shared().await;
    let folder = Arc::new(folder());
    let path = folder.path();

    // Nothing works without a configuration, and what to do is said.
    for words in [
        ["serve"].as_slice(),
        &["check"],
        &["token", "--role", "PLAYER"],
    ] {
        let said = padelvar(path, words).await.ended(1);
        let text = format!("{}{}", said.stdout, said.stderr);
        assert!(text.contains("padelvar init"), "{words:?}: {text}");
    }
    assert!(files::entries(path).is_empty());

    let said = padelvar(path, &["init"]).await.ended(0);
    assert_eq!(said.stdout, "", "{said:?}");
    let file = path.join("padelvar.toml");
    let text = std::fs::read_to_string(&file).expect("it was written");
    assert!(
        text.lines().filter(|l| l.starts_with('#')).count() > 5,
        "{text}"
    );
    let said = padelvar(path, &["init"]).await.ended(1);
    assert!(said.stderr.contains("hint:"), "{said:?}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), text);
    let said = padelvar(path, &["check"]).await.ended(0);
    assert!(said.stdout.contains("FFmpeg"), "{said:?}");
    let said = padelvar(path, &["check", "--json"]).await.ended(0);
    let found: Value = serde_json::from_str(&said.stdout).expect("JSON alone");
    assert_eq!(found["ok"], true, "{found}");
    assert_eq!(found["problems"], json!([]), "{found}");

    // A key is made where none is configured, for its owner only, and a token is signed with it.
    let host = Host::start_with(Arc::clone(&folder), &FREE_PORTS).await;
    let said = host.log.text();
    assert!(said.contains("padelvar token --role SUPER_ADMIN"), "{said}");
    let key = files::entries(path).into_iter().filter(|entry| {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = entry.metadata().expect("it is there").permissions().mode();
        entry.is_file() && *entry != file && mode & 0o777 == 0o600
    });
    assert!(key.count() >= 1, "{:?}", files::entries(path));
    let words = [
        "token",
        "--role",
        "SUPER_ADMIN",
        "--user",
        "42",
        "--ttl",
        "5m",
    ];
    let said = padelvar(path, &words).await.ended(0);
    let token = said.stdout.trim();
    assert_eq!(said.stdout.lines().count(), 1, "{said:?}");
    assert_eq!(token.split('.').count(), 3, "{said:?}");
    let api = host.api.with_token(Some(token));
    api.get("/api/video/session/list").await.ok(200);
    api.try_create(12345).await.problem(404);
    let words = ["token", "--role", "PLAYER", "--club", "1", "--ttl", "5m"];
    let said = padelvar(path, &words).await.ended(0);
    let player = host.api.with_token(Some(said.stdout.trim()));
    let refused = player.try_create(1).await;
    let status = refused.status;
    assert!(matches!(status, 403 | 404), "{}", refused.text());
    refused.problem(status);
    // The key of the tests is another one.
    host.api.get("/api/video/session/list").await.problem(401);
    host.end().await;

    // The key stays when the host is started again.
    let host = Host::start_with(folder, &FREE_PORTS).await;
    let api = host.api.with_token(Some(token));
    api.get("/api/video/session/list").await.ok(200);
    host.end().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_line() {
    let _shared = machine::shared().await;
    let folder = folder();
    let path = folder.path();
    let good = Config::new().url("rtsp://127.0.0.1:1/x").text();
    let cases = [
        // Text, what it becomes, what is to be named.
        ("[video]\n", "[video]\nvideos_dri = \"x\"\n", "videos_dir"),
        ("[log]\n", "[log]\nlevle = \"info\"\n", "level"),
        ("[proxy]\n", "[proxxy]\n", "proxy"),
        ("url = \"rtsp:", "ulr = \"rtsp:", "url"),
    ];
    for (from, to, named) in cases {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good);
        let wrong = to.trim_end().lines().last().expect("a line");
        let line = text.lines().position(|l| l.starts_with(wrong));
        let line = line.expect("the line is there") + 1;
        configured(path, &text);
        for words in [["check"].as_slice(), &["serve"], &["plugin", "list"]] {
            let said = padelvar(path, words).await.ended(1);
            let text = format!("{}{}", said.stdout, said.stderr);
            assert!(
                text.contains(&format!("padelvar.toml:{line}")),
                "{words:?}: {text}"
            );
            assert!(text.contains(&format!("`{named}`")), "{words:?}: {text}");
        }
        let said = padelvar(path, &["check", "--json"]).await.ended(1);
        let found: Value = serde_json::from_str(&said.stdout).expect("JSON alone");
        assert_eq!(found["ok"], false, "{found}");
        assert!(found["problems"].to_string().contains(named), "{found}");
    }
    // What only a look at the machine can tell.
    let text = good.replacen("[video]\n", "[video]\nffmpeg_path = \"/nonexistent\"\n", 1);
    configured(path, &text);
    let said = padelvar(path, &["check"]).await.ended(1);
    let text = format!("{}{}", said.stdout, said.stderr);
    assert!(
        text.contains("/nonexistent") && text.contains("hint"),
        "{text}"
    );
    configured(path, &good);
    let said = padelvar(path, &["check"]).await.ended(0);
    assert!(!said.stdout.contains("problem"), "{said:?}");
    let said = padelvar(path, &["check", "--config", "nothing.toml"])
        .await
        .ended(1);
    let text = format!("{}{}", said.stdout, said.stderr);
    assert!(text.contains("nothing.toml"), "{text}");
}

#[tokio::test]
async fn usage_help_version_and_plugins() {
    let _shared = machine::shared().await;
    let folder = folder();
    let path = folder.path();
    let wrong: [&[&str]; 9] = [
        &[],
        &["nothing"],
        &["serve", "--nothing"],
        &["serve", "--config"],
        &["token"],
        &["token", "--role", "PLAYER", "--ttl", "soon"],
        &["demo", "--seconds", "0"],
        &["demo", "--seconds", "x"],
        &["plugin"],
    ];
    for words in wrong {
        let said = padelvar(path, words).await.ended(2);
        assert_eq!(said.stdout, "", "{words:?}");
        assert!(!said.stderr.is_empty(), "{words:?}");
    }
    for command in ["init", "serve", "demo", "check", "token", "plugin"] {
        let said = padelvar(path, &[command, "--help"]).await.ended(0);
        assert!(said.stdout.contains("Usage: padelvar"), "{said:?}");
    }
    let said = padelvar(path, &["--version"]).await.ended(0);
    assert!(said.stdout.starts_with("padelvar "), "{said:?}");

    configured(path, &Config::new().text());
    let said = padelvar(path, &["plugin", "list"]).await.ended(0);
    for name in ["rtsp", "mjpeg", "snapshot"] {
        let listed = said.stdout.lines().any(|line| line.starts_with(name));
        assert!(listed, "no {name}: {said:?}");
    }
    let said = padelvar(path, &["plugin", "list", "--json"]).await.ended(0);
    let list: Value = serde_json::from_str(&said.stdout).expect("JSON alone");
    let list = list.as_array().expect("a list");
    for plugin in list {
        assert_eq!(plugin["state"], "active", "{plugin}");
        let digest = plugin["digest"].as_str().unwrap_or_default();
        assert!(digest.len() >= 64, "{plugin}");
        assert!(plugin["version"].is_string(), "{plugin}");
    }
    assert!(list.len() >= 3, "{list:?}");
    let file = path.join("nonsense.wasm");
    std::fs::write(&file, b"this is no component").expect("it can be written");
    let said = padelvar(path, &["plugin", "inspect", "nonsense.wasm"])
        .await
        .ended(1);
    assert!(said.stderr.contains("nonsense.wasm"), "{said:?}");
}
