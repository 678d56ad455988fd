//! Pages of files.

use super::*;

fn query(clubs: Option<&[&str]>, after: Option<Cursor>, limit: u32) -> FileQuery {
    FileQuery {
        clubs: clubs.map(|clubs| clubs.iter().map(ToString::to_string).collect()),
        after,
        limit,
    }
}

async fn ids(store: &dyn Catalogue, clubs: Option<&[&str]>, limit: u32) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.files(&query(clubs, after, limit)).await.unwrap();
        assert!(page.files.len() <= limit as usize);
        ids.extend(page.files.into_iter().map(|file| file.session_id));
        match page.next {
            // Through its text, as a client has it.
            Some(next) => after = Some(Cursor::parse(&next.to_string()).unwrap()),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn pages_of_any_size_show_every_file_once() {
    let (_folder, path) = place();
    let store = open(&path).await;
    let mut expected = Vec::new();
    let mut changes = Vec::new();
    for number in 0..60 {
        let mut one = file(number);
        // Five moments, and twelve files at each of them.
        one.created_at = moment(number / 12);
        one.club_id = ["7", "8", "9"][number as usize % 3].into();
        expected.push((one.created_at, one.session_id.clone(), one.club_id.clone()));
        changes.push(Change::File(one));
    }
    store.apply(&changes).await.unwrap();
    expected.sort();
    expected.reverse();
    let of = |clubs: &[&str]| -> Vec<_> {
        let chosen = expected
            .iter()
            .filter(|(_, _, club)| clubs.contains(&club.as_str()));
        chosen.map(|(_, id, _)| id.clone()).collect()
    };
    for limit in [1, 5, 12, 59, 60, 61, 100] {
        assert_eq!(ids(&*store, None, limit).await, of(&["7", "8", "9"]));
        assert_eq!(ids(&*store, Some(&["8"]), limit).await, of(&["8"]));
        assert_eq!(
            ids(&*store, Some(&["9", "7", "x"]), limit).await,
            of(&["7", "9"])
        );
    }
    for nobody in [&[][..], &["nobody"], &["'"], &["%"]] {
        assert_eq!(ids(&*store, Some(nobody), 5).await, [""; 0]);
    }
    let page = store.files(&query(None, None, 0)).await.unwrap();
    assert_eq!(page.files.len(), 1, "a limit of 0 is 1");
    let page = store.files(&query(None, None, u32::MAX)).await.unwrap();
    assert_eq!((page.files.len(), page.next), (60, None));
}

#[tokio::test]
async fn a_cursor_stays_good_when_files_come_and_go() {
    let (_folder, path) = place();
    let store = open(&path).await;
    for number in 0..6 {
        store.save_file(file(number)).await.unwrap();
    }
    let first = store.files(&query(None, None, 2)).await.unwrap();
    assert_eq!(first.files[1].session_id, "sess_1_4");
    store.remove_file("sess_1_4".into()).await.unwrap();
    store.remove_file("sess_1_2".into()).await.unwrap();
    store.remove_file("sess_1_2".into()).await.unwrap();
    store.save_file(file(9)).await.unwrap();
    let second = store.files(&query(None, first.next, 2)).await.unwrap();
    let ids: Vec<_> = second.files.iter().map(|f| f.session_id.as_str()).collect();
    assert_eq!(ids, ["sess_1_3", "sess_1_1"]);
}

#[tokio::test]
async fn a_digest_stays_with_the_content_it_was_made_of() {
    let (_folder, path) = place();
    let store = open(&path).await;
    let digest = |size_bytes, sha256: &str| Change::FileDigest {
        session_id: "sess_1_1".into(),
        club_id: "7".into(),
        size_bytes,
        sha256: sha256.into(),
    };
    let sha = async || store.file("sess_1_1").await.unwrap().unwrap().sha256;
    // Of a file that is gone: nothing comes of it.
    store.apply(&[digest(1000, "aa")]).await.unwrap();
    assert_eq!(store.file("sess_1_1").await.unwrap(), None);

    store.save_file(file(1)).await.unwrap();
    let open = store
        .files_without_digest(&query(None, None, 9))
        .await
        .unwrap();
    assert_eq!(open.files, [file(1)]);
    store.apply(&[digest(999, "bb")]).await.unwrap();
    assert_eq!(sha().await, None, "it is another content's");
    store.apply(&[digest(1000, "cc")]).await.unwrap();
    assert_eq!(sha().await.as_deref(), Some("cc"));
    let open = store
        .files_without_digest(&query(None, None, 9))
        .await
        .unwrap();
    assert_eq!(open, FilePage::default());

    // The same file again, as found on the disk: digest and owner stay.
    let mut again = file(1);
    again.owner_id = None;
    store.save_file(again).await.unwrap();
    let kept = store.file("sess_1_1").await.unwrap().unwrap();
    assert_eq!(
        (kept.sha256.as_deref(), kept.owner_id.as_deref()),
        (Some("cc"), Some("42"))
    );
    let mut other = file(1);
    other.size_bytes = 1001;
    store.save_file(other).await.unwrap();
    assert_eq!(sha().await, None);
}
