//! Every answer is one that the `OpenAPI` document describes: Schemathesis makes requests from the
//! document, good and bad ones, and compares.

use std::time::Duration;

use padelvar_tests::{Config, Host, cameras, files, machine, venv};
use serde_json::Value;
use simcam::RtspConfig;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";
/// Requests an operation and kind of data.
const EXAMPLES: &str = "8";
/// Answers that never end, once they have begun, and what asks the network around: `set_up` does
/// that in a network of its own.
const STREAMS: &str = "/(events|ws|stream\\.mjpeg|discover|probe)$";
/// The same, and what would end a session or a file that others of the requests are for.
const LASTING: &str = "/(events|ws|stream\\.mjpeg|discover|probe|close|stop|delete|cleanup)$";
/// Bound of one run, on a machine that is busy.
const BOUND: Duration = Duration::from_mins(4);

/// Runs Schemathesis in a folder of its own; `parameters` are lines of its configuration that
/// give some parameters a value. Paths that match `without` are left out.
async fn compare(host: &Host, who: &str, token: Option<&str>, parameters: &str, without: &str) {
    let folder = TempDir::with_prefix("padelvar-e2e-").expect("a folder");
    let config = folder.path().join("schemathesis.toml");
    files::write_private(&config, parameters);
    let mut command = Command::new(venv::program("schemathesis"));
    command
        .arg("--config-file")
        .arg(&config)
        .arg("run")
        .arg(format!("{}/api/openapi.json", host.api.base))
        .args(["--checks", CHECKS, "--max-examples", EXAMPLES])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--exclude-path-regex", without])
        .args(["--suppress-health-check", "all", "--warnings", "off"])
        .args(["--request-timeout", "20", "--generation-database", "none"])
        .args([
            "--seed",
            "1",
            "--continue-on-failure",
            "--no-shrink",
            "--no-color",
        ]);
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    command
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env("NO_PROXY", "*")
        .kill_on_drop(true);
    let ran = timeout(BOUND, command.output()).await;
    let ran = ran.unwrap_or_else(|_| panic!("{who}: Schemathesis takes too long"));
    let output = ran.expect("Schemathesis starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{who}:\n{}", tail(&said, 12_000));
    eprintln!("{who}: {}", tail(&said, 200));
}

fn tail(text: &str, bytes: usize) -> &str {
    let mut from = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// A host on which there is something to find: a file, and a session that is open.
async fn inhabited() -> (Host, simcam::Handle, [String; 2]) {
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let url = camera.url();
    let host = Host::start(&Config::new().url(url).url(url).club(2).url(url)).await;
    let finished = host.api.create(1).await;
    host.api.start(&finished).await;
    host.api.until_recording(&finished, "recording").await;
    sleep(Duration::from_secs(1)).await;
    host.api.stop(&finished).await;
    let open = host.api.create(2).await;
    (host, camera, [finished, open])
}

#[tokio::test]
async fn whoever_asks() {
    let _shared = machine::shared().await;
    let (host, _camera, _) = inhabited().await;
    for role in ["SUPER_ADMIN", "CLUB_ADMIN", "PLAYER", "COACH"] {
        let token = host.api.user(role, "7", 1).token;
        compare(&host, role, token.as_deref(), "", STREAMS).await;
    }
    compare(&host, "nobody", None, "", STREAMS).await;
    let health = host.api.get("/api/video/health").await.ok(200);
    assert_eq!(health["status"], "healthy", "{health}");
    host.end().await;
}

#[tokio::test]
async fn of_what_there_is() {
    let _shared = machine::shared().await;
    let (host, _camera, ids) = inhabited().await;
    let token = host.api.token.clone();
    for id in &ids {
        let parameters = format!("[parameters]\nid = {id:?}\nclub_id = \"1\"\n");
        compare(&host, id, token.as_deref(), &parameters, LASTING).await;
    }
    host.end().await;
}

#[tokio::test]
async fn the_document_names_what_the_contract_does() {
    let _shared = machine::shared().await;
    let host = Host::start(&Config::new()).await;
    let nobody = host.api.with_token(None);
    let document = nobody.get("/api/openapi.json").await;
    assert_eq!(document.status, 200);
    assert!(
        document
            .header("content-type")
            .starts_with("application/json")
    );
    let version = document.json["openapi"].as_str().unwrap_or_default();
    assert!(version.starts_with("3."), "{version}");
    let paths = document.json["paths"].as_object().expect("paths");
    let mut missing = Vec::new();
    for line in include_str!("endpoints.txt").lines() {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let operation = paths.get(path).map(|p| &p[method.to_ascii_lowercase()]);
        if !operation.is_some_and(Value::is_object) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "{missing:#?} of {:#?}", paths.keys());
    let page = nobody.get("/docs").await;
    let page = match page.status {
        300..=399 => nobody.get(page.header("location")).await,
        _ => page,
    };
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.header("content-type").starts_with("text/html"));
    // A machine without the internet shows it too.
    let text = String::from_utf8_lossy(&page.bytes).into_owned();
    for elsewhere in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
        assert!(!text.contains(elsewhere), "{text}");
    }
    host.end().await;
}
