//! Adding, finding, listing, deleting.

use super::*;

#[tokio::test]
async fn a_new_file_is_listed_at_once() {
    let house = House::new().await;
    house.put("7", "sess_1_1000", video());
    let added = house
        .library
        .add(new_file("7", "sess_1_1000"))
        .await
        .unwrap();
    assert_eq!(
        (added.codec.as_str(), added.size_bytes),
        ("h264", video().len() as u64)
    );
    assert!((added.duration_seconds - 1.0).abs() < 0.05, "{added:?}");
    assert_eq!(house.listed().await, std::slice::from_ref(&added));
    let found = house.library.find("sess_1_1000", None).await.unwrap();
    assert_eq!(found.record, added);
    assert_eq!(fs::read(found.path).unwrap(), video());

    let missing = house.library.add(new_file("7", "sess_1_2000")).await;
    assert!(
        matches!(missing, Err(LibraryError::Unreadable { .. })),
        "{missing:?}"
    );
    let odd = house.library.add(new_file("../7", "sess_1_1000")).await;
    assert!(matches!(odd, Err(LibraryError::NotAFile(_))), "{odd:?}");
    // Gone from the disk behind our back: not listed, though there is a row.
    fs::remove_file(house.path("7", "sess_1_1000.mp4")).unwrap();
    assert_eq!(house.listed().await, []);
    assert_eq!(house.library.find("sess_1_1000", None).await, None);
    house.close().await;
}

#[tokio::test]
async fn a_file_is_found_in_exactly_its_club() {
    let house = House::new().await;
    house.put("7", "sess_1_1000", video());
    house.put("8", "sess_2_1000", video());
    fs::write(house.path("7", "sess_1_3.mp4.part"), video()).unwrap();
    fs::write(house.folder.path().join("videos/sess_1_4.mp4"), video()).unwrap();
    links_to(
        &house.path("8", "sess_2_1000.mp4"),
        &house.path("7", "sess_1_5.mp4"),
    );
    let library = &house.library;
    let club = async |id: &str, club: Option<&str>| {
        let found = library.find(id, club).await;
        found.map(|found| found.record.club_id)
    };
    // The catalogue knows nothing yet.
    assert_eq!(club("sess_1_1000", None).await.as_deref(), Some("7"));
    assert_eq!(club("sess_1_1000", Some("7")).await.as_deref(), Some("7"));
    assert_eq!(club("sess_2_1000", Some("8")).await.as_deref(), Some("8"));
    for (id, in_club) in [
        ("sess_1_1000", Some("8")),
        ("sess_1_1000", Some("")),
        ("sess_1_1000", Some(".")),
        ("sess_1_1000", Some("../videos/7")),
        ("sess_1_3", None),
        ("sess_1_4", None),
        ("sess_1_5", None),
        ("../7/sess_1_1000", None),
        ("sess_1_1000\0", None),
        ("", None),
    ] {
        assert_eq!(club(id, in_club).await, None, "{id} {in_club:?}");
    }
    // Now it does.
    house.journal.flush().await;
    assert_eq!(house.rows().await, ["sess_2_1000", "sess_1_1000"]);
    let found = library.find("sess_1_1000", None).await.unwrap().record;
    assert_eq!(
        (found.terrain_id.as_str(), found.created_at),
        ("1", at(1000))
    );

    // A copy in another club's folder is that club's to see, and takes nothing away.
    house.put("9", "sess_1_1000", video());
    assert_eq!(club("sess_1_1000", Some("9")).await.as_deref(), Some("9"));
    assert_eq!(club("sess_1_1000", None).await.as_deref(), Some("7"));
    house.journal.flush().await;
    let row = house.catalogue.file("sess_1_1000").await.unwrap().unwrap();
    assert_eq!(row.club_id, "7");
    house.close().await;
}

#[tokio::test]
async fn files_are_found_while_the_catalogue_cannot_be_read() {
    let house = House::new().await;
    let path = house.put("7", "sess_1_1000", video());
    house.catalogue.close().await;
    let found = house.library.find("sess_1_1000", None).await.unwrap();
    assert_eq!(
        (found.path, found.record.club_id.as_str()),
        (path.clone(), "7")
    );
    assert!(house.library.list(&FileQuery::default()).await.is_err());
    assert!(house.library.delete("sess_1_1000", None).await.unwrap());
    assert!(!path.exists());
}

#[tokio::test]
async fn a_deleted_file_is_gone_everywhere() {
    let house = House::new().await;
    for id in ["sess_1_1000", "sess_1_2000"] {
        house.put("7", id, video());
        house.library.add(new_file("7", id)).await.unwrap();
    }
    let delete = async |id: &str, club| house.library.delete(id, club).await.unwrap();
    assert!(!delete("sess_1_1000", Some("8")).await);
    assert!(!delete("sess_9_1000", None).await);
    assert!(!delete("../7/sess_1_1000", None).await);
    assert_eq!(house.rows().await.len(), 2);
    assert!(delete("sess_1_1000", Some("7")).await);
    assert!(!delete("sess_1_1000", None).await);
    assert_eq!(house.rows().await, ["sess_1_2000"]);
    assert!(!house.path("7", "sess_1_1000.mp4").exists());
    // The file went another way: the row goes too.
    fs::remove_file(house.path("7", "sess_1_2000.mp4")).unwrap();
    assert!(!delete("sess_1_2000", None).await);
    house.journal.flush().await;
    assert_eq!(house.rows().await, [""; 0]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_delete_add_and_look_at_once() {
    let house = House::new().await;
    for round in 0..10 {
        let id = format!("sess_1_{round}");
        house.put("7", &id, video());
        let mut tasks = Vec::new();
        for number in 0..8 {
            let (library, id) = (Arc::clone(&house.library), id.clone());
            tasks.push(tokio::spawn(async move {
                match number {
                    0 | 1 => {
                        // Too late for one that is deleted already.
                        let _ = library.add(new_file("7", &id)).await;
                        false
                    }
                    2 | 3 => {
                        library.find(&id, None).await;
                        false
                    }
                    4 => {
                        library.reconcile(now(), &|_| false).await.unwrap();
                        false
                    }
                    _ => library.delete(&id, None).await.unwrap(),
                }
            }));
        }
        let results = futures_util::future::join_all(tasks).await;
        let deleted = results.into_iter().filter(|r| *r.as_ref().unwrap()).count();
        assert_eq!(deleted, 1, "one of them deleted it");
        house.journal.flush().await;
        assert_eq!(house.rows().await, [""; 0], "{round}");
    }
    house.close().await;
}

#[tokio::test]
async fn what_only_the_catalogue_remembers_is_found() {
    let house = House::new().await;
    let known = crate::catalogue::tests::session(1);
    let id = known.session_id.clone();
    house.catalogue.save_session(known.clone()).await.unwrap();
    let found = house.library.session(&id).await.unwrap().unwrap();
    assert_eq!((&found.session, &found.recording), (&known, &None));
    let recording = crate::catalogue::tests::recording(1);
    let saved = house.catalogue.save_recording(recording.clone());
    saved.await.unwrap();
    let found = house.library.session(&id).await.unwrap().unwrap();
    assert_eq!(found.recording, Some(recording));
    for nothing in ["sess_1_2", "", "../sess_1_1"] {
        assert_eq!(house.library.session(nothing).await.unwrap(), None);
    }
    house.put("7", "sess_1_1", video());
    let file = house.library.find(&id, None).await.unwrap();
    assert_eq!(house.library.frames(&file).await, 25);
    fs::write(&file.path, b"no MP4 any more").unwrap();
    assert_eq!(house.library.frames(&file).await, 0);
    let library = Arc::clone(&house.library);
    house.close().await;
    assert!(library.session(&id).await.is_err(), "it is closed");
}
