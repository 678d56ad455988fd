//! What may lie where the catalogue is expected.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Runs SQL on the file, outside of the catalogue.
async fn raw(path: &Path, sql: &'static str) {
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    pool.close().await;
}

/// Opens what is there, expects it to be moved aside, and that the fresh one works.
async fn is_replaced(folder: &Path, path: &Path) {
    let before = fs::read(path).unwrap();
    let store = open(path).await;
    assert_eq!(store.session("sess_1_1").await.unwrap(), None);
    store.save_session(session(1)).await.unwrap();
    store.close().await;
    let aside: Vec<_> = names(folder)
        .into_iter()
        .filter(|name| name.contains(".damaged-") && !name.ends_with("-wal"))
        .collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(
        fs::read(folder.join(&aside[0])).unwrap().len(),
        before.len()
    );
    fs::remove_file(folder.join(&aside[0])).unwrap();
    assert_eq!(mode(path), 0o600);
    // Once is enough.
    let store = open(path).await;
    assert_eq!(store.session("sess_1_1").await.unwrap(), Some(session(1)));
    store.close().await;
}

#[tokio::test]
async fn a_missing_folder_is_made_and_others_are_shut_out() {
    let (folder, _) = place();
    let path = folder.path().join("a/b/x?mode=memory#%41.db");
    let store = open(&path).await;
    store.save_session(session(1)).await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("{}{suffix}", path.display());
        assert_eq!(mode(Path::new(&name)), 0o600, "{name}");
    }
    store.close().await;
    assert_eq!(
        names(path.parent().unwrap()).len(),
        1,
        "the log is brought in"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = open(&path).await;
    assert_eq!(mode(&path), 0o600);
    assert!(store.session("sess_1_1").await.unwrap().is_some());
    store.close().await;
}

#[tokio::test]
async fn what_is_no_catalogue_is_moved_aside() {
    let (folder, path) = place();
    fs::write(&path, b"not a database at all, and rather long for one").unwrap();
    is_replaced(folder.path(), &path).await;
    fs::write(&path, vec![0; 8192]).unwrap();
    is_replaced(folder.path(), &path).await;

    fs::remove_file(&path).unwrap();
    raw(&path, "CREATE TABLE other (x); PRAGMA user_version = 1;").await;
    is_replaced(folder.path(), &path).await;
    raw(&path, "DROP TABLE audit").await;
    is_replaced(folder.path(), &path).await;
    raw(&path, "ALTER TABLE files RENAME COLUMN codec TO c").await;
    is_replaced(folder.path(), &path).await;
    raw(&path, "PRAGMA user_version = 0").await;
    is_replaced(folder.path(), &path).await;
}

#[tokio::test]
async fn damage_is_found_or_does_no_harm() {
    let (folder, path) = place();
    let store = open(&path).await;
    let changes: Vec<_> = (0..300)
        .map(|n| Change::Session(session(n)))
        .chain((0..300).map(|n| Change::Recording(recording(n))))
        .collect();
    store.apply(&changes).await.unwrap();
    store.close().await;
    let whole = fs::read(&path).unwrap();
    let mut damaged = 0;
    for round in 0..30 {
        let mut bytes = whole.clone();
        match round % 3 {
            0 => bytes.truncate(whole.len() * round / 30 + 1),
            1 => {
                let page = round * whole.len() / 30 / 4096 * 4096;
                bytes[page..page + 4096].fill(0xa5);
            }
            _ => {
                let page = round * whole.len() / 30 / 4096 * 4096;
                for at in (page..page + 64).step_by(3) {
                    bytes[at] ^= 0x55;
                }
            }
        }
        fs::write(&path, &bytes).unwrap();
        let store = open(&path).await;
        store.save_session(session(1)).await.unwrap();
        assert!(store.recent_sessions(1000).await.unwrap().len() <= 300);
        store.close().await;
        let names = names(folder.path());
        damaged += usize::from(names.len() > 1);
        for name in names {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }
    assert!(damaged > 20, "{damaged}");
}

#[tokio::test]
async fn a_newer_one_is_left_as_it_is() {
    let (folder, path) = place();
    let store = open(&path).await;
    store.save_session(session(1)).await.unwrap();
    store.close().await;
    raw(&path, "PRAGMA user_version = 99; CREATE TABLE more (x);").await;
    let before = fs::read(&path).unwrap();
    let error = SqliteCatalogue::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(names(folder.path()), ["padelvar.db"]);
}

/// The tables as the first version made them.
const FIRST: &str = include_str!("../sqlite/migrations/0001_first.sql");

#[tokio::test]
async fn one_of_the_first_version_is_brought_up() {
    let (folder, path) = place();
    raw(&path, FIRST).await;
    raw(
        &path,
        "INSERT INTO sessions VALUES ('sess_1_1', '1', '7', 'user-é', 1732281000001000, NULL, NULL);
         INSERT INTO recordings VALUES ('sess_1_1', 'recording', 'copy', 1732281000006000, 5400.5,
             12, 4294967302, NULL, NULL, NULL, 1732281000010000);
         INSERT INTO gaps VALUES ('sess_1_1', 0, 1.5, 2.0, 'camera_lost');
         INSERT INTO files VALUES ('sess_1_1', '7', '1', '42', 1000, 12.5, 'h264', NULL,
             1732281000001000);",
    )
    .await;
    let mut known = recording(1);
    (known.quality, known.clock) = (None, None);
    for _ in 0..2 {
        let store = open(&path).await;
        assert_eq!(store.session("sess_1_1").await.unwrap(), Some(session(1)));
        let read = store.recording("sess_1_1").await.unwrap();
        assert_eq!(read.as_ref(), Some(&known));
        assert_eq!(store.file("sess_1_1").await.unwrap(), Some(file(1)));
        known.quality = recording(1).quality;
        store.save_recording(known.clone()).await.unwrap();
        store.close().await;
    }
    assert_eq!(
        names(folder.path()),
        ["padelvar.db"],
        "nothing is set aside"
    );
}

#[tokio::test]
async fn an_older_one_keeps_what_it_knows() {
    let (folder, path) = place();
    raw(&path, FIRST).await;
    raw(
        &path,
        "INSERT INTO sessions VALUES ('sess_1_1', '1', '7', '42', 1000, NULL, 'rtsp');
         INSERT INTO recordings VALUES
            ('sess_1_1', 'recording', 'copy', 1000, 60.0, 5, 6, NULL, NULL, NULL, 2000);",
    )
    .await;
    let store = open(&path).await;
    let known = store.recording("sess_1_1").await.unwrap().unwrap();
    assert_eq!((known.frames, known.clock), (5, None));
    store.save_recording(recording(1)).await.unwrap();
    assert_eq!(
        store.recording("sess_1_1").await.unwrap(),
        Some(recording(1))
    );
    store.close().await;
    assert_eq!(names(folder.path()), ["padelvar.db"]);
}

#[tokio::test]
async fn what_stands_in_the_way_is_an_error_and_nothing_is_moved() {
    let (folder, path) = place();
    fs::create_dir(&path).unwrap();
    let error = SqliteCatalogue::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Open { .. }), "{error}");
    assert!(error.to_string().contains("catalogue.url"), "{error}");
    let below = path.join("x.db/y.db");
    fs::write(path.join("x.db"), b"a file").unwrap();
    assert!(SqliteCatalogue::open(&below).await.is_err());
    assert_eq!(names(folder.path()), ["padelvar.db"]);
}

#[tokio::test]
async fn the_log_of_a_lost_catalogue_does_no_harm() {
    let (folder, path) = place();
    let store = open(&path).await;
    store.save_session(session(1)).await.unwrap();
    let log = folder.path().join("padelvar.db-wal");
    let kept = fs::read(&log).unwrap();
    store.close().await;
    fs::remove_file(&path).unwrap();
    fs::write(&log, &kept).unwrap();
    let store = open(&path).await;
    assert_eq!(store.session("sess_1_1").await.unwrap(), None);
    store.save_session(session(2)).await.unwrap();
    store.close().await;
}
