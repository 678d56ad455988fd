//! The finished files: lists, and what is deleted.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use padelvar_tests::{Api, Config, Host, cameras, footage, machine, raw};
use reqwest::Method;
use serde_json::Value;
use simcam::RtspConfig;
use tokio::time::{sleep, timeout};

/// The first of the files that lie there; the others follow a second apart.
const SINCE: u64 = 1_700_000_000_000;

/// A host of two clubs that finds five and three files; their ids.
async fn stocked(config: &Config) -> (Host, Vec<String>) {
    let folder = Host::folder_for(config);
    let sample = folder.path().join("sample.mp4");
    footage::write(&sample, 2).await;
    let mut ids = Vec::new();
    for number in 0..8 {
        let club = if number < 5 { 1 } else { 2 };
        let file = footage::place(folder.path(), club, club, SINCE + number * 1000);
        std::fs::copy(&sample, &file).expect("it can be copied");
        ids.push(stem(&file));
    }
    (Host::start_in(folder).await, ids)
}

fn stem(file: &Path) -> String {
    file.file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// Two clubs with a terrain each.
fn clubs(url: &str) -> Config {
    Config::new().url(url).club(2).url(url)
}

fn ids(files: &[Value]) -> Vec<&str> {
    files
        .iter()
        .filter_map(|file| file["id"].as_str())
        .collect()
}

async fn delete(api: &Api, id: &str, query: &str) -> padelvar_tests::Answer {
    let path = format!("/api/video/files/{id}/delete{query}");
    api.send(Method::DELETE, &path, &[]).await
}

#[tokio::test]
async fn listed_in_pages_and_by_club() {
    let _shared = machine::shared().await;
    let (host, placed) = stocked(&clubs("rtsp://127.0.0.1:1/none")).await;
    let api = &host.api;
    let whole = api.files("limit=100").await;
    let expected: BTreeSet<&str> = placed.iter().map(String::as_str).collect();
    assert_eq!(ids(&whole).into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(whole.len(), expected.len());
    for limit in [1, 3, 8] {
        let paged = api.files(&format!("limit={limit}")).await;
        assert_eq!(ids(&paged), ids(&whole), "in pages of {limit}");
        let path = format!("/api/video/files/list?limit={limit}");
        let page = api.get(&path).await.ok(200);
        assert_eq!(page["files"].as_array().map(Vec::len), Some(limit));
        assert_eq!(page["next"].is_null(), limit == 8, "{page}");
    }
    for (club, count) in [(1, 5), (2, 3)] {
        let of_club = api.files(&format!("club_id={club}&limit=2")).await;
        assert_eq!(of_club.len(), count);
        assert!(of_club.iter().all(|f| f["club_id"] == club), "{of_club:?}");
        // Who has one club only sees that one, asked for or not.
        let admin = api.user("CLUB_ADMIN", "3", club);
        assert_eq!(ids(&admin.files("").await), ids(&of_club));
    }
    let player = api
        .user("PLAYER", "3", 1)
        .get("/api/video/files/list")
        .await;
    match player.status {
        200 => assert_eq!(player.json["files"], serde_json::json!([])),
        _ => drop(player.problem(403)),
    }
    for file in &whole {
        let id = file["id"].as_str().expect("text");
        let club = file["club_id"].to_string();
        let path = host.path(&format!("static/videos/{club}/{id}.mp4"));
        assert_eq!(
            file["size_bytes"],
            std::fs::metadata(path).expect("it is there").len()
        );
        let seconds = file["duration_seconds"].as_f64().expect("a number");
        assert!((seconds - 2.0).abs() < 0.1, "{file}");
        assert_eq!(file["codec"], "h264", "{file}");
        assert_eq!(file["terrain_id"], file["club_id"], "{file}");
        padelvar_tests::clock::time(&file["created_at"]);
        let sha = &file["sha256"];
        assert!(
            sha.is_null() || sha.as_str().is_some_and(|s| s.len() == 64),
            "{file}"
        );
        let link = file["download_url"].as_str().expect("a link");
        assert_eq!(api.with_token(None).get(link).await.status, 200);
    }
    for bad in ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=1e9"] {
        let answer = api.get(&format!("/api/video/files/list?{bad}")).await;
        let body = answer.problem(422);
        assert!(body.to_string().contains("limit"), "{body}");
    }
    for odd in [
        "after=x",
        "after=%00",
        "after=../..",
        "club_id=",
        "club_id=..",
        "club_id=9",
    ] {
        let answer = api.get(&format!("/api/video/files/list?{odd}")).await;
        assert!(
            matches!(answer.status, 200 | 404 | 422),
            "{odd}: {}",
            answer.text()
        );
    }
    let long = format!("/api/video/files/list?after={}", "9".repeat(4096));
    let status = api.get(&long).await.status;
    assert!(matches!(status, 200 | 422), "{status}");
    api.get("/api/video/files/list?colour=blue").await.ok(200);
    host.end().await;
}

#[tokio::test]
async fn deleted_once_and_never_while_recorded() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let (host, placed) = stocked(&clubs(camera.url())).await;
    let api = &host.api;
    let id = api.create(1).await;
    api.start(&id).await;
    api.until_recording(&id, "recording").await;
    delete(api, &id, "").await.problem(409);
    sleep(Duration::from_secs(1)).await;
    delete(api, &id, "?club_id=1").await.problem(409);
    assert_eq!(api.recording(&id).await["status"], "recording");
    api.stop(&id).await;

    delete(api, &id, "?club_id=2").await.problem(404);
    delete(api, &id, "?club_id=nine").await.problem(404);
    assert!(host.video(&id).is_file());
    delete(api, &id, "?club_id=1").await.ok(200);
    assert!(!host.video(&id).exists());
    let gone = format!("/api/video/files/{id}/download");
    api.get(&gone).await.problem(404);
    delete(api, &id, "").await.problem(404);
    let listed = api.files("limit=100").await;
    assert_eq!(listed.len(), placed.len());
    assert!(!ids(&listed).contains(&id.as_str()));
    // The session and its recording stay known.
    assert_eq!(api.session(&id).await["status"], "closed");
    assert_eq!(api.recording(&id).await["status"], "completed");

    // One that lay there before, and one that somebody else removed.
    delete(api, &placed[0], "").await.ok(200);
    std::fs::remove_file(host.video(&placed[1])).expect("it is there");
    let path = format!("/api/video/files/{}/download", placed[1]);
    api.get(&path).await.problem(404);
    let late = delete(api, &placed[1], "").await.status;
    assert!(matches!(late, 200 | 404), "{late}");
    assert_eq!(api.files("club_id=1").await.len(), 3);
    host.end().await;
}

#[tokio::test]
async fn a_download_ends_cleanly_when_its_file_is_deleted() {
    let _shared = machine::shared().await;
    let folder = Host::folder_for(&clubs("rtsp://127.0.0.1:1/none"));
    let sample = folder.path().join("sample.mp4");
    footage::write(&sample, 20).await;
    let file = footage::place(folder.path(), 1, 1, SINCE);
    // More than fits into the buffers on the way.
    footage::repeat(&sample, 30, &file).await;
    let expected = std::fs::read(&file).expect("it is there");
    assert!(expected.len() > 20 << 20, "{} bytes", expected.len());
    let host = Host::start_in(folder).await;
    let id = stem(&file);
    let path = format!("/api/video/files/{id}/download");
    let mut answer = host.api.open(Method::GET, &path, &[]).await;
    let mut got = answer
        .chunk()
        .await
        .expect("it begins")
        .expect("bytes")
        .to_vec();
    delete(&host.api, &id, "").await.ok(200);
    assert!(!file.exists());
    let reading = async {
        // Its end is the whole file, or an answer that is cut off: never other bytes.
        while let Ok(Some(chunk)) = answer.chunk().await {
            got.extend_from_slice(&chunk);
        }
    };
    timeout(Duration::from_secs(30), reading)
        .await
        .expect("it ends");
    assert!(expected.starts_with(&got), "{} bytes", got.len());
    eprintln!("{} of {} bytes came", got.len(), expected.len());
    host.api.get(&path).await.problem(404);
    host.end().await;
}

#[tokio::test]
async fn ids_are_no_paths() {
    let _shared = machine::shared().await;
    let (host, placed) = stocked(&clubs("rtsp://127.0.0.1:1/none")).await;
    let token = host.api.token.clone().expect("a token");
    let (good, long) = (&placed[0], "a".repeat(4096));
    let tricks = [
        "..",
        ".",
        "%2e%2e",
        "%2e",
        "..%2f..%2fpadelvar.toml",
        "%2e%2e%2f%2e%2e%2fpadelvar.toml",
        "..%5c..%5cpadelvar.toml",
        "%252e%252e%252f",
        "%00",
        "%ff%fe",
        "%c0%ae%c0%ae%c0%af",
        "%0d%0aX:y",
        "*",
        "~",
        "%7e%2f",
        "file:%2f%2f%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "C:%5cboot.ini",
        "con",
        "%F0%9F%8E%BE",
        "sess_1_",
        "sess__",
        "sess_1_-1",
        "sess_1_1e3",
        "SESS_1_1700000000000",
        &long,
    ];
    let inside = [
        format!("{good}%00"),
        format!("{good}.mp4"),
        format!("{good}%2f"),
        format!("{good}%20"),
        format!("..%2f1%2f{good}"),
        format!("%2e%2f{good}"),
        format!("1%2f{good}"),
        format!("{good}%2f..%2f{good}"),
        format!("{good}%0a"),
    ];
    let tricks = tricks.into_iter().chain(inside.iter().map(String::as_str));
    for id in tricks {
        for (method, path) in [
            ("GET", format!("/api/video/files/{id}/download")),
            ("HEAD", format!("/api/video/files/{id}/download")),
            ("DELETE", format!("/api/video/files/{id}/delete")),
            ("GET", format!("/api/video/session/{id}")),
            ("GET", format!("/api/video/record/status/{id}")),
            ("GET", format!("/api/preview/{id}/snapshot.jpg")),
            ("GET", format!("/api/preview/{id}/info")),
            (
                "GET",
                format!("/api/video/files/{good}/download?club_id={id}"),
            ),
            (
                "DELETE",
                format!("/api/video/files/{good}/delete?club_id={id}"),
            ),
        ] {
            let status = raw::status(&host.api.base, method, &path, &token).await;
            let refused = matches!(status, Some(400 | 404 | 422));
            assert!(refused, "{method} {path}: {status:?}");
        }
    }
    // Not escaped at all, which no client may send.
    for path in [
        "/api/video/files/../../padelvar.toml",
        "/api/video/files/../../../../../../etc/passwd/download",
        "//etc/passwd",
        "/api/video/files/\0/download",
        "/api/video/files/\u{1}/download",
        "http://x/../../etc/passwd",
        "*",
        "",
    ] {
        let status = raw::status(&host.api.base, "GET", path, &token).await;
        let refused = matches!(status, None | Some(400 | 404 | 405 | 422));
        assert!(refused, "{path:?}: {status:?}");
    }
    assert_eq!(host.api.files("").await.len(), placed.len());
    host.end().await;
}
