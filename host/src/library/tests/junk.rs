//! What is no recording.

use super::*;
use crate::media::testing::ffmpeg;

#[tokio::test]
async fn only_what_holds_no_picture_is_junk() {
    let house = House::new().await;
    let sound = {
        let path = house.folder.path().join("sound.mp4");
        let args = ["-f", "lavfi", "-i", "sine=duration=2", "-c:a", "aac"];
        ffmpeg(&[&args[..], &[path.to_str().unwrap()]].concat(), &[]);
        fs::read(path).unwrap()
    };
    assert!(sound.len() > 1024);
    house.put("7", "sess_1_1", b"");
    house.put("7", "sess_1_2", &video()[..1023]);
    house.put("8", "sess_1_3", &sound);
    house.put("8", "sess_1_4", b"");
    // None of these.
    house.put("8", "sess_1_5", video());
    house.put("8", "sess_1_6", &video()[..video().len() - 9]);
    house.put("8", "sess_1_7", &[7; 4096]);
    house.put("8", "holiday", b"");
    fs::write(house.path("8", "sess_1_8.mp4.part"), b"").unwrap();
    house.library.add(new_file("8", "sess_1_5")).await.unwrap();

    let running = |id: &str| id == "sess_1_4";
    let junk = house.library.junk(&running).await.unwrap();
    let ids: Vec<_> = junk.iter().map(|junk| junk.session_id.as_str()).collect();
    assert_eq!(ids, ["sess_1_1", "sess_1_2", "sess_1_3"]);
    assert_eq!((junk[1].club_id.as_str(), junk[1].size_bytes), ("7", 1023));
    let removed = house.library.remove_junk(&running).await.unwrap();
    assert_eq!(removed, ids);
    assert_eq!(house.library.remove_junk(&running).await.unwrap(), [""; 0]);
    assert_eq!(fs::read_dir(house.path("7", "")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(house.path("8", "")).unwrap().count(), 6);
    assert_eq!(house.rows().await, ["sess_1_5"]);
    house.close().await;
}

#[tokio::test]
async fn without_a_folder_there_is_none() {
    let house = House::new().await;
    assert_eq!(
        house.library.remove_junk(&|_| false).await.unwrap(),
        [""; 0]
    );
    house.close().await;
}
