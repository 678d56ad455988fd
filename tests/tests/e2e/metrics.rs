//! `/metrics`: for a Prometheus on the same machine.

use std::collections::BTreeMap;
use std::time::Duration;

use padelvar_tests::{Config, Host, cameras, machine, raw};
use reqwest::Method;
use simcam::RtspConfig;
use tokio::time::sleep;

/// What is counted, as parts of names: sessions, cameras, frames, bytes, gaps, reconnects,
/// recordings, FFmpeg's ends, the policy, plugins, the disk.
const COUNTED: [&str; 13] = [
    "sessions",
    "camera",
    "frames",
    "bytes",
    "gaps",
    "reconnects",
    "recordings",
    "ffmpeg",
    "policy_decision",
    "policy_decision_seconds_bucket",
    "plugin_calls",
    "plugin_traps",
    "disk",
];

/// Samples by name and labels.
///
/// # Panics
/// Where it is not the text format of Prometheus or `OpenMetrics`.
fn parsed(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut types = BTreeMap::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<&str> = comment.splitn(3, ' ').collect();
            match words[..] {
                ["TYPE", name, kind] => assert!(types.insert(name, kind).is_none(), "{line}"),
                ["HELP" | "UNIT", _, _] | ["EOF"] => {}
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let name = series.split('{').next().unwrap_or_default();
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        assert!(!name.is_empty() && name.chars().all(letters), "{line}");
        assert!(series == name || series.ends_with('}'), "{line}");
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(
            samples.insert(series.to_owned(), value).is_none(),
            "twice: {line}"
        );
    }
    samples
}

#[tokio::test]
async fn counted_and_only_for_this_machine() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::of(&camera).server("trusted_proxies = [\"127.0.0.1\"]");
    let host = Host::start(&config).await;
    let id = host.api.create(1).await;
    host.api.start(&id).await;
    host.api.until_recording(&id, "recording").await;
    let nobody = host.api.with_token(None);
    let before = nobody.get("/metrics").await;
    assert_eq!(before.status, 200, "{}", before.text());
    let kind = before.header("content-type").to_owned();
    let known = ["text/plain", "application/openmetrics-text"];
    assert!(known.iter().any(|known| kind.starts_with(known)), "{kind}");
    sleep(Duration::from_secs(2)).await;
    host.api.stop(&id).await;
    host.api
        .user("PLAYER", "x", 1)
        .get(&format!("/api/video/session/{id}"))
        .await
        .problem(403);
    let after = nobody.get("/metrics").await;
    let [before, after] =
        [before, after].map(|a| parsed(&String::from_utf8(a.bytes).expect("text")));
    for part in COUNTED {
        let found = after.keys().any(|name| name.contains(part));
        assert!(found, "nothing of {part}: {:#?}", after.keys());
    }
    assert!(
        after
            .keys()
            .all(|name| name.starts_with("padelvar_") || name.starts_with("process_"))
    );
    let grew = |part: &str| {
        let sum = |samples: &BTreeMap<String, f64>| -> f64 {
            samples
                .iter()
                .filter(|(n, _)| n.contains(part) && n.contains("_total"))
                .map(|(_, v)| v)
                .sum()
        };
        sum(&after) > sum(&before)
    };
    for part in ["frames", "bytes", "policy_decision"] {
        assert!(grew(part), "{part} does not grow");
    }
    // No label holds what people are called by, or what opens something.
    let names: Vec<&String> = after.keys().collect();
    assert!(
        !names
            .iter()
            .any(|n| n.contains("ticket") || n.contains("eyJ")),
        "{names:#?}"
    );
    assert!(
        !names.iter().any(|n| n.contains("sess_")),
        "a series a session: {names:#?}"
    );

    for header in [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("via", "1.1 proxy"),
        ("x-forwarded-host", "club.example"),
    ] {
        let answer = nobody.send(Method::GET, "/metrics", &[header]).await;
        assert!(
            matches!(answer.status, 401 | 403 | 404),
            "{header:?}: {}",
            answer.status
        );
        let status = answer.status;
        answer.problem(status);
    }
    let odd = "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: \r\nConnection: close\r\n\r\n";
    let answer = raw::send(&host.api.base, odd.as_bytes())
        .await
        .expect("an answer");
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    host.end().await;
}
