//! The catalogue agrees with the folder, whatever was lost.

use super::*;
use crate::catalogue::{Change, RecordingRecord, SessionRecord, state};

fn session(id: &str) -> SessionRecord {
    SessionRecord {
        session_id: id.into(),
        terrain_id: "1".into(),
        club_id: "7".into(),
        owner_id: "42".into(),
        created_at: at(1000),
        closed_at: None,
        adapter: None,
    }
}

fn under_way(id: &str) -> RecordingRecord {
    RecordingRecord {
        session_id: id.into(),
        state: "recording".into(),
        mode: None,
        started_at: None,
        planned_seconds: 60.0,
        frames: 3,
        size_bytes: 9,
        duration_seconds: None,
        gaps: Vec::new(),
        video_path: None,
        error: None,
        quality: None,
        updated_at: at(2000),
        clock: None,
    }
}

#[tokio::test]
async fn a_lost_catalogue_is_made_anew() {
    let house = House::new().await;
    for number in 0..70 {
        let club = ["7", "court-club"][number % 2];
        house.put(club, &format!("sess_t-{number}_{}", 1000 + number), video());
    }
    house.put("7", "sess_1_99999999999999999999", video());
    house.put(
        "7",
        "sess_1_1",
        b"no MP4 at all, but it has the name of one",
    );
    house.put("7", "holiday", video());
    house.put("not.a.club", "sess_1_2", video());
    fs::write(house.path("7", "sess_1_3.mp4.part"), video()).unwrap();
    fs::create_dir(house.path("7", "sess_1_4.mp4")).unwrap();
    links_to(
        &house.path("7", "holiday.mp4"),
        &house.path("7", "sess_1_5.mp4"),
    );
    // A club's folder on another disk.
    fs::create_dir(house.folder.path().join("disk2")).unwrap();
    fs::write(house.folder.path().join("disk2/sess_9_9.mp4"), video()).unwrap();
    links_to(
        &house.folder.path().join("disk2"),
        &house.folder.path().join("videos/9"),
    );
    let mut owned = session("sess_t-3_1003");
    owned.owner_id = "somebody".into();
    house.journal.session(owned);
    house.journal.flush().await;

    let done = house.reconcile().await;
    assert_eq!(
        (done.files, done.added, done.removed, done.unreadable),
        (73, 72, 0, 1)
    );
    let files = house.listed().await;
    assert_eq!(files.len(), 72);
    let known = |id: &str| files.iter().find(|file| file.session_id == id).unwrap();
    let one = known("sess_t-3_1003");
    assert_eq!(one.owner_id.as_deref(), Some("somebody"));
    assert_eq!(
        (one.club_id.as_str(), one.terrain_id.as_str()),
        ("court-club", "t-3")
    );
    let other = known("sess_t-4_1004");
    assert_eq!((other.created_at, other.codec.as_str()), (at(1004), "h264"));
    assert_eq!(
        known("sess_1_99999999999999999999").created_at,
        Timestamp::UNIX_EPOCH
    );
    assert_eq!(known("sess_9_9").club_id, "9");

    // Again: nothing to do.
    let again = house.reconcile().await;
    assert_eq!(
        (again.files, again.added, again.removed, again.settled),
        (73, 0, 0, 0)
    );

    // Lost, and damaged: the same files again.
    let mut folder = house.close().await;
    for damage in [false, true] {
        let path = folder.path().join("padelvar.db");
        if damage {
            fs::write(&path, b"rubbish").unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        let house = House::on(folder).await;
        assert_eq!(house.rows().await, [""; 0]);
        assert_eq!(house.reconcile().await.added, 72);
        assert_eq!(house.rows().await.len(), 72);
        folder = house.close().await;
    }
}

#[tokio::test]
async fn rows_follow_the_folder() {
    let house = House::new().await;
    for id in ["sess_1_1", "sess_1_2", "sess_1_3", "sess_1_4"] {
        house.put("7", id, video());
        house.library.add(new_file("7", id)).await.unwrap();
    }
    fs::remove_file(house.path("7", "sess_1_1.mp4")).unwrap();
    // Another file of that name; one that was moved; a copy.
    let other = {
        let mut other = video().to_vec();
        other.extend(b"\0\0\0\x08free");
        other
    };
    house.put("7", "sess_1_2", &other);
    fs::remove_file(house.path("7", "sess_1_3.mp4")).unwrap();
    house.put("6", "sess_1_3", video());
    house.put("6", "sess_1_4", video());
    let done = house.reconcile().await;
    assert_eq!((done.files, done.added, done.removed), (4, 2, 1));
    assert_eq!(house.rows().await, ["sess_1_4", "sess_1_3", "sess_1_2"]);
    let row = async |id: &str| house.catalogue.file(id).await.unwrap().unwrap();
    assert_eq!(row("sess_1_2").await.size_bytes, other.len() as u64);
    assert_eq!(row("sess_1_3").await.club_id, "6");
    assert_eq!(row("sess_1_4").await.club_id, "7");
    assert_eq!(house.reconcile().await.added, 0);
    house.close().await;
}

#[tokio::test]
async fn a_folder_that_is_missing_is_not_an_empty_one() {
    let house = House::new().await;
    house.put("7", "sess_1_1", video());
    house.library.add(new_file("7", "sess_1_1")).await.unwrap();
    let videos = house.folder.path().join("videos");
    let away = house.folder.path().join("away");
    fs::rename(&videos, &away).unwrap();
    assert_eq!(house.reconcile().await, Reconciled::default());
    assert_eq!(house.rows().await, ["sess_1_1"]);
    assert_eq!(house.listed().await, []);
    house.library.set_videos_dir(away);
    assert_eq!(house.listed().await.len(), 1);
    fs::create_dir(&videos).unwrap();
    house.library.set_videos_dir(videos);
    assert_eq!(house.reconcile().await.removed, 1);
    house.close().await;
}

#[tokio::test]
async fn sessions_that_a_death_left_open_are_settled() {
    let house = House::new().await;
    let ids = ["sess_1_1", "sess_1_2", "sess_1_3", "sess_1_4", "sess_1_5"];
    for id in ids {
        house.journal.session(session(id));
    }
    house.put("7", "sess_1_1", video());
    house.put("7", "sess_1_3", &video()[..1000]);
    for id in ["sess_1_1", "sess_1_2", "sess_1_3", "sess_1_5"] {
        house.journal.recording(under_way(id));
    }
    let mut done = under_way("sess_1_4");
    done.state = state::COMPLETED.into();
    house.journal.put(Change::Recording(done));
    house.journal.flush().await;

    let alive = |id: &str| id == "sess_1_5";
    let result = house.library.reconcile(now(), &alive).await.unwrap();
    assert_eq!((result.settled, result.added), (4, 1));
    let outcome = async |id: &str| {
        let session = house.catalogue.session(id).await.unwrap().unwrap();
        let recording = house.catalogue.recording(id).await.unwrap().unwrap();
        (session.closed_at, recording)
    };
    let (closed, whole) = outcome("sess_1_1").await;
    assert_eq!(
        (closed, whole.state.as_str(), whole.frames),
        (Some(now()), "completed", 25)
    );
    assert!(whole.video_path.unwrap().ends_with("videos/7/sess_1_1.mp4"));
    for id in ["sess_1_2", "sess_1_3"] {
        let (closed, none) = outcome(id).await;
        assert_eq!((closed, none.state.as_str()), (Some(now()), "failed"));
        assert!(none.error.is_some() && none.video_path.is_none());
    }
    let (closed, kept) = outcome("sess_1_4").await;
    assert_eq!((closed, kept.updated_at), (Some(now()), at(2000)));
    let (closed, running) = outcome("sess_1_5").await;
    assert_eq!((closed, running.state.as_str()), (None, "recording"));
    assert_eq!(house.reconcile().await.settled, 1);
    house.close().await;
}
