//! Digests, in the background.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::*;

fn digest(content: &[u8]) -> String {
    crate::hex::lower(&Sha256::digest(content))
}

/// Waits until the catalogue has a file's digest.
async fn digest_of(house: &House, id: &str) -> String {
    let known = async {
        loop {
            let row = house.catalogue.file(id).await.unwrap();
            if let Some(sha256) = row.and_then(|row| row.sha256) {
                return sha256;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), known).await.unwrap()
}

#[tokio::test]
async fn every_file_gets_one() {
    let house = House::new().await;
    for number in 0..3 {
        let id = format!("sess_1_{number}");
        house.put("7", &id, video());
    }
    house.reconcile().await;
    // Gone before its turn.
    fs::remove_file(house.path("7", "sess_1_1.mp4")).unwrap();
    let stopping = CancellationToken::new();
    let library = Arc::clone(&house.library);
    let task = tokio::spawn(library.compute_digests(stopping.clone()));
    for id in ["sess_1_0", "sess_1_2"] {
        assert_eq!(digest_of(&house, id).await, digest(video()));
    }
    let gone = house.catalogue.file("sess_1_1").await.unwrap().unwrap();
    assert_eq!(gone.sha256, None);
    // One that comes while it waits.
    house.put("8", "sess_2_1", video());
    house.reconcile().await;
    assert_eq!(digest_of(&house, "sess_2_1").await, digest(video()));
    stopping.cancel();
    timeout(Duration::from_secs(10), task)
        .await
        .unwrap()
        .unwrap();
    house.close().await;
}

#[tokio::test]
async fn a_small_one_has_it_at_once() {
    let house = House::new().await;
    house.put("7", "sess_1_1", video());
    let added = house.library.add(new_file("7", "sess_1_1")).await.unwrap();
    assert_eq!(added.sha256, Some(digest(video())));
    assert_eq!(digest_of(&house, "sess_1_1").await, digest(video()));
    house.close().await;
}
