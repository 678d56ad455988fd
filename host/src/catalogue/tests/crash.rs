//! Deaths while the catalogue is written, and readers beside the writer.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

/// Where the child writes; its presence makes a child of the test below.
const PLACE: &str = "PADELVAR_TEST_CATALOGUE";

/// Not a test by itself: the process that is killed.
#[tokio::test]
#[ignore = "run by the test below, as a process of its own"]
async fn child() {
    let Ok(path) = std::env::var(PLACE) else {
        return;
    };
    let store = open(Path::new(&path)).await;
    let known = store.recent_sessions(1).await.unwrap();
    let first = known.first().map_or(0, |newest| {
        newest.session.created_at.as_millisecond() - moment(0).as_millisecond() + 1
    });
    // Ends by itself, should the parent be gone.
    for number in first..first + 20_000 {
        let changes = [
            Change::Session(session(number)),
            Change::Recording(recording(number)),
            Change::File(file(number)),
            Change::Audit(Box::new(decision(number))),
        ];
        store.apply(&changes).await.unwrap();
        println!("\nwritten {number}");
    }
}

#[tokio::test]
async fn killed_at_any_moment() {
    let (folder, path) = place();
    let mut written = -1;
    for round in 0..12_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "catalogue::tests::crash::child"])
            .args(["--ignored", "--nocapture", "--test-threads=1"])
            .env(PLACE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = lines.filter_map(|line| line.ok()?.strip_prefix("written ")?.parse().ok());
        // It goes on while the last line is read, so it dies anywhere.
        written = told.take(round * 7 % 40 + 1).last().unwrap_or(written);
        child.kill().unwrap();
        child.wait().unwrap();

        let store = open(&path).await;
        let all = store.recent_sessions(100_000).await.unwrap();
        let count = all.len() as i64;
        assert!(count > written, "{count} of {written} and more");
        // A transaction is there as a whole or not at all.
        assert!(all.iter().all(|entry| entry.recording.is_some()));
        let newest = &all[0].session.session_id;
        assert_eq!(*newest, format!("sess_1_{}", count - 1));
        assert!(store.file(newest).await.unwrap().is_some());
        assert_eq!(store.audit(1).await.unwrap()[0], decision(count - 1));
        store.close().await;
        assert_eq!(names(folder.path()), ["padelvar.db"]);
    }
    assert!(written > 50, "{written}");
}

#[tokio::test]
async fn a_torn_log_costs_only_its_end() {
    let (folder, path) = place();
    let store = open(&path).await;
    for number in 0..40 {
        store.save_session(session(number)).await.unwrap();
    }
    // As a power cut leaves them: the file, and any part of the log.
    let file = fs::read(&path).unwrap();
    let log = fs::read(folder.path().join("padelvar.db-wal")).unwrap();
    store.close().await;
    let mut seen = Vec::new();
    for part in 0..=20 {
        let (copy, path) = place();
        fs::write(&path, &file).unwrap();
        let cut = log.len() * part / 20;
        let mut torn = log[..cut].to_vec();
        if part % 2 == 1 {
            torn.resize(log.len(), 0);
        }
        fs::write(copy.path().join("padelvar.db-wal"), torn).unwrap();
        let store = open(&path).await;
        let all = store.recent_sessions(1000).await.unwrap();
        let count = all.len();
        for (number, entry) in (0..count).rev().zip(&all) {
            assert_eq!(entry.session, session(number as i64));
        }
        store.save_session(session(1000)).await.unwrap();
        store.close().await;
        seen.push(count);
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!((seen[0], seen[20]), (0, 40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_whole_changes_while_it_is_written() {
    let (_folder, path) = place();
    let store = open(&path).await;
    let writing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for round in 0..60 {
                // One club's files all have the size of the same round.
                let changes: Vec<_> = (0..20)
                    .map(|number| {
                        let mut one = file(number);
                        one.size_bytes = round;
                        Change::File(one)
                    })
                    .collect();
                store.apply(&changes).await.unwrap();
            }
        })
    };
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let query = FileQuery {
                    limit: 100,
                    ..FileQuery::default()
                };
                for _ in 0..60 {
                    let page = store.files(&query).await.unwrap();
                    let sizes: Vec<_> = page.files.iter().map(|file| file.size_bytes).collect();
                    assert!(sizes.windows(2).all(|two| two[0] == two[1]), "{sizes:?}");
                }
            })
        })
        .collect();
    let all = futures_util::future::join_all(readers.into_iter().chain([writing]));
    let done = tokio::time::timeout(Duration::from_mins(1), all).await;
    assert!(done.unwrap().into_iter().all(|result| result.is_ok()));
    store.close().await;
}
