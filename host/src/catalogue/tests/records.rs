//! What goes in comes out.

use super::*;

#[tokio::test]
async fn everything_comes_back_as_it_was() {
    let (_folder, path) = place();
    let store = open(&path).await;
    let mut whole = session(1);
    whole.closed_at = Some(moment(99));
    whole.adapter = Some("rtsp".into());
    let mut done = recording(1);
    done.state = state::COMPLETED.into();
    done.duration_seconds = Some(11.25);
    done.video_path = Some("/videos/7/sess_1_1.mp4".into());
    done.error = Some("cut \0 short".into());
    store.save_session(whole.clone()).await.unwrap();
    store.save_recording(done.clone()).await.unwrap();
    store.save_file(file(1)).await.unwrap();
    store
        .append_audit(vec![decision(1), decision(2)])
        .await
        .unwrap();
    store.close().await;
    assert!(store.session("sess_1_1").await.is_err(), "it is closed");

    let store = open(&path).await;
    assert_eq!(
        store.session("sess_1_1").await.unwrap(),
        Some(whole.clone())
    );
    assert_eq!(
        store.recording("sess_1_1").await.unwrap(),
        Some(done.clone())
    );
    assert_eq!(store.file("sess_1_1").await.unwrap(), Some(file(1)));
    assert_eq!(store.audit(9).await.unwrap(), [decision(2), decision(1)]);
    assert_eq!(store.audit(1).await.unwrap(), [decision(2)]);
    for unknown in ["", "sess_1_2", "' OR 1=1 --"] {
        assert_eq!(store.session(unknown).await.unwrap(), None);
        assert_eq!(store.recording(unknown).await.unwrap(), None);
        assert_eq!(store.file(unknown).await.unwrap(), None);
    }
    let entry = SessionEntry {
        session: whole,
        recording: Some(done),
    };
    assert_eq!(store.recent_sessions(5).await.unwrap(), [entry]);
    assert_eq!(store.unfinished_sessions(5).await.unwrap(), []);
}

#[tokio::test]
async fn a_newer_state_takes_the_older_ones_place() {
    let (_folder, path) = place();
    let store = open(&path).await;
    let mut changing = recording(1);
    changing.gaps = (0..50)
        .map(|n| GapRecord {
            start_seconds: f64::from(n),
            seconds: 0.5,
            cause: "overload".into(),
        })
        .collect();
    store.save_recording(changing.clone()).await.unwrap();
    assert_eq!(
        store.recording("sess_1_1").await.unwrap().unwrap(),
        changing
    );
    changing.gaps.truncate(3);
    let counts = changing.quality.take();
    assert!(counts.is_some());
    changing.planned_seconds = f64::NAN;
    changing.size_bytes = u64::MAX;
    store.save_recording(changing.clone()).await.unwrap();
    let read = store.recording("sess_1_1").await.unwrap().unwrap();
    assert_eq!((read.gaps, read.planned_seconds), (changing.gaps, 0.0));
    assert_eq!(read.size_bytes, i64::MAX as u64);
    assert_eq!(read.quality, counts, "what is known of it stays");
}

#[tokio::test]
async fn sessions_are_told_newest_first_and_open_ones_apart() {
    let (_folder, path) = place();
    let store = open(&path).await;
    for number in 0..6 {
        let mut one = session(number);
        one.closed_at = (number % 2 == 0).then(|| moment(100));
        store.save_session(one).await.unwrap();
    }
    // Closed, and still its recording never ended.
    store.save_recording(recording(4)).await.unwrap();
    let ids = |entries: Vec<SessionEntry>| -> Vec<_> {
        let ids = entries.into_iter().map(|entry| entry.session.session_id);
        ids.collect()
    };
    let newest = store.recent_sessions(2).await.unwrap();
    assert!(newest[0].recording.is_none() && newest[1].recording.is_some());
    assert_eq!(ids(newest), ["sess_1_5", "sess_1_4"]);
    let open = store.unfinished_sessions(9).await.unwrap();
    assert_eq!(ids(open), ["sess_1_5", "sess_1_4", "sess_1_3", "sess_1_1"]);
    assert_eq!(store.unfinished_sessions(1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn all_changes_of_a_call_or_none() {
    let (_folder, path) = place();
    let store = open(&path).await;
    let raw = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    sqlx::query("CREATE TRIGGER no BEFORE INSERT ON files BEGIN SELECT raise(ABORT, 'no'); END")
        .execute(&raw)
        .await
        .unwrap();
    raw.close().await;
    let mixed = [Change::Session(session(1)), Change::File(file(1))];
    let error = store.apply(&mixed).await.unwrap_err();
    assert!(!error.may_pass(), "{error}");
    assert_eq!(store.session("sess_1_1").await.unwrap(), None);

    // A call that is dropped half-way, and the next one goes through.
    let changes: Vec<_> = (10..2000).map(|n| Change::Session(session(n))).collect();
    let limit = std::time::Duration::from_millis(1);
    let _ = tokio::time::timeout(limit, store.apply(&changes)).await;
    store.save_session(session(3)).await.unwrap();
    let there = store.recent_sessions(3000).await.unwrap().len();
    assert!(there == 1 || there == 1991, "{there}");
    store.apply(&[]).await.unwrap();
}

#[tokio::test]
async fn decisions_are_bounded() {
    let (_folder, path) = place();
    let store = open(&path).await;
    store.append_audit(vec![decision(1)]).await.unwrap();
    // As if many had been there.
    let raw = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    sqlx::query("UPDATE audit SET id = 5")
        .execute(&raw)
        .await
        .unwrap();
    sqlx::query("INSERT INTO audit SELECT ?1, at_us, user, role, club, address, action, resource_kind, resource_id, resource_club, allowed, code, reason, request_id FROM audit")
        .bind(AUDIT_KEPT + 3)
        .execute(&raw)
        .await
        .unwrap();
    raw.close().await;
    store.append_audit(vec![decision(2)]).await.unwrap();
    assert_eq!(store.audit(9).await.unwrap().len(), 3);
    store.append_audit(vec![decision(3)]).await.unwrap();
    let kept = store.audit(9).await.unwrap();
    assert_eq!(kept.len(), 3, "the oldest one is gone");
    assert_eq!(kept[0], decision(3));
}
