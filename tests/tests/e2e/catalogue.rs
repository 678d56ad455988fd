//! The catalogue survives whatever ends the host, and what is on disk is what is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use padelvar_tests::{Api, Config, Host, cameras, files, machine, together};
use reqwest::Method;
use simcam::RtspConfig;
use tokio::time::{Instant, sleep, timeout};

const KILLS: u64 = 50;
const SEED: u64 = 20_251_122;
/// The host is killed at a moment within this time of being ready.
const WITHIN_MS: u64 = 2500;
/// What a host may need after its start until it has repaired what the last one left.
const SETTLED: Duration = Duration::from_secs(20);
const COURTS: u32 = 3;

/// What the host has said is done.
#[derive(Debug, Default)]
struct Done {
    /// Files and their sizes.
    finished: BTreeMap<String, u64>,
    /// Files for whose removal it was asked, and whether it confirmed that.
    deleted: BTreeMap<String, bool>,
}

/// The next number of a sequence that is the same in every run (Knuth's, MMIX).
fn next(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Sessions on disk, by their final files.
fn on_disk(host: &Host) -> BTreeMap<String, u64> {
    let entries = files::entries(&host.videos()).into_iter();
    let finished = entries.filter(|file| file.extension().is_some_and(|e| e == "mp4"));
    finished
        .map(|file| {
            let id = file
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (id, std::fs::metadata(&file).expect("it is there").len())
        })
        .collect()
}

async fn listed(api: &Api) -> BTreeMap<String, u64> {
    let files = api.files("limit=100").await;
    let of = |file: &serde_json::Value| {
        let id = file["id"].as_str().expect("an id").to_owned();
        (id, file["size_bytes"].as_u64().expect("a size"))
    };
    files.iter().map(of).collect()
}

/// Waits until the list is what is on disk.
async fn agree(host: &Host) -> BTreeMap<String, u64> {
    let since = Instant::now();
    loop {
        let (before, listed, after) = (on_disk(host), listed(&host.api).await, on_disk(host));
        if listed == after && before == after {
            return listed;
        }
        assert!(
            since.elapsed() < SETTLED,
            "on disk {after:#?}, listed {listed:#?}\n{}",
            host.log.text()
        );
        sleep(Duration::from_millis(200)).await;
    }
}

/// Books, records, stops, deletes on one court until the host is gone.
async fn work(api: &Api, court: u32, mut state: u64, done: &Mutex<Done>) {
    let locked = || done.lock().expect("no task panicked");
    loop {
        let answer = api.try_create(court).await;
        let body = answer.json;
        let Some(id) = body["session"]["session_id"]
            .as_str()
            .or(body["session_id"].as_str())
        else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        api.try_start(id, 5).await;
        sleep(Duration::from_millis(next(&mut state) % 700)).await;
        if next(&mut state).is_multiple_of(4) {
            api.try_close(id).await;
        } else {
            let stopped = api.try_stop(id).await.json;
            // Also where it had ended by itself: then it says the same again.
            if let Some(size) = stopped["file"]["size_bytes"].as_u64() {
                locked().finished.insert(id.to_owned(), size);
            }
        }
        let first = locked().finished.keys().next().cloned();
        if let (1, Some(first)) = (next(&mut state) % 3, first) {
            locked().finished.remove(&first);
            locked().deleted.insert(first.clone(), false);
            let path = format!("/api/video/files/{first}/delete");
            let sure = api.send(Method::DELETE, &path, &[]).await.status == 200;
            locked().deleted.insert(first, sure);
        }
    }
}

/// The workload until the host is killed under it.
async fn killed_at_work(host: &mut Host, state: &mut u64, done: &Arc<Mutex<Done>>) {
    let mut workers = Vec::new();
    for court in 1..=COURTS {
        let (api, done, seed) = (host.api.clone(), Arc::clone(done), next(state));
        // A call that the kill interrupts panics its worker: that is how it ends.
        workers.push(tokio::spawn(
            async move { work(&api, court, seed, &done).await },
        ));
    }
    sleep(Duration::from_millis(next(state) % WITHIN_MS)).await;
    host.kill().await;
    for worker in &workers {
        worker.abort();
    }
    let _ = timeout(SETTLED, together(workers)).await;
}

#[tokio::test]
async fn killed_at_any_moment() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = (0..COURTS).fold(Config::new().level("info"), |config, _| {
        config.url(camera.url())
    });
    let mut host = Host::start(&config).await;
    let (mut state, done) = (SEED, Arc::<Mutex<Done>>::default());
    let began = Instant::now();
    for kill in 1..=KILLS {
        killed_at_work(&mut host, &mut state, &done).await;
        let folder = host.folder();
        drop(host);
        host = Host::start_in(folder).await;
        let files = agree(&host).await;
        let known = done.lock().expect("no task panicked");
        for (id, size) in &known.finished {
            assert_eq!(files.get(id), Some(size), "kill {kill}: {id} was finished");
        }
        for (id, sure) in &known.deleted {
            assert!(
                !sure || !files.contains_key(id),
                "kill {kill}: {id} was deleted"
            );
        }
    }
    let known = done.lock().expect("no task panicked").finished.clone();
    eprintln!(
        "{KILLS} kills in {:?}, {} files are known",
        began.elapsed(),
        known.len()
    );
    assert!(known.len() > 3, "the workload did nothing: {known:?}");
    for id in known.keys() {
        assert_eq!(host.api.session(id).await["status"], "closed");
        assert_eq!(host.api.recording(id).await["status"], "completed");
    }
    lost(host).await;
}

/// The catalogue is lost: what is on disk is listed again.
async fn lost(mut host: Host) {
    let ids = listed(&host.api).await.into_keys().collect::<BTreeSet<_>>();
    for session in host.api.get("/api/video/session/list").await.ok(200)["sessions"]
        .as_array()
        .expect("a list")
    {
        host.api
            .try_close(session["session_id"].as_str().expect("an id"))
            .await
            .ok(200);
    }
    let all = agree(&host).await;
    assert!(ids.iter().all(|id| all.contains_key(id)));
    host.terminate().await;
    let databases: Vec<_> = files::entries(host.folder().path())
        .into_iter()
        .filter(|file| file.to_string_lossy().contains("padelvar.db"))
        .collect();
    assert!(!databases.is_empty());
    for file in databases {
        std::fs::remove_file(file).expect("it is there");
    }
    let next = Host::start_in(host.folder()).await;
    assert_eq!(agree(&next).await, all);
    next.end().await;
}

#[tokio::test]
async fn a_catalogue_that_is_none_is_told_and_nothing_is_lost() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let mut host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    host.api.start(&id).await;
    host.api.until_recording(&id, "recording").await;
    sleep(Duration::from_secs(1)).await;
    host.api.stop(&id).await;
    let file = std::fs::read(host.video(&id)).expect("it is there");
    host.terminate().await;
    let database = host.path("padelvar.db");
    for name in ["padelvar.db-wal", "padelvar.db-shm"] {
        let _ = std::fs::remove_file(host.path(name));
    }
    std::fs::write(&database, vec![b'x'; 20_000]).expect("it can be written");
    let next = Host::start_in(host.folder()).await;
    assert_eq!(listed(&next.api).await, on_disk(&next));
    assert!(std::fs::read(next.video(&id)).expect("it is there") == file);
    let log = next.log.text();
    assert!(
        log.contains("catalogue") || log.contains("padelvar.db"),
        "it is not told: {log}"
    );
    next.end().await;
}
