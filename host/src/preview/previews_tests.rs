use bytes::Bytes;

use super::*;
use crate::media::{jpeg, testing};
use crate::proxy::testing::feed;

const FFMPEG: &str = "ffmpeg";

fn width(picture: &Picture) -> u32 {
    jpeg::info(&picture.jpeg).unwrap().width
}

async fn next(viewer: &mut Viewer) -> Arc<Picture> {
    let next = timeout(Duration::from_secs(20), viewer.next());
    next.await.expect("in time").expect("goes on")
}

#[tokio::test]
async fn viewers_of_an_mjpeg_camera_share_its_pictures() {
    let (feed, camera) = feed();
    let previews = Previews::new(1);
    let view = |audience| previews.view("s", &feed, Path::new("none"), audience);
    camera.jpeg(&testing::jpeg("64x36"));
    let mut viewers = [view(Audience::Viewers), view(Audience::ProxyClients)];
    let [one, two] = &mut viewers;
    // The one that is there, at once; then what comes.
    let first = next(one).await;
    assert!(Arc::ptr_eq(&first, &next(two).await));
    let snapshot = previews.snapshot("s", &feed, Path::new("none")).await;
    assert_eq!(snapshot.unwrap().digest(), first.digest());
    // Who is slow is shown the latest and not what it missed.
    camera.jpeg(&testing::jpeg("65x36"));
    assert_eq!(width(&*next(one).await), 65);
    camera.jpeg(&testing::jpeg("66x36"));
    assert_eq!(width(&*next(one).await), 66);
    assert_eq!(width(&*next(two).await), 66);
    assert_eq!((previews.viewers("s"), previews.proxy_clients("s")), (2, 1));
    let [mut one, two] = viewers;
    drop(two);
    assert_eq!((previews.viewers("s"), previews.proxy_clients("s")), (1, 0));
    drop((feed, camera));
    assert!(one.next().await.is_none());
}

#[tokio::test]
async fn a_keyframe_is_decoded_once() {
    let (feed, camera) = feed();
    let previews = Previews::new(2);
    let ask = || previews.snapshot("s", &feed, Path::new(FFMPEG));
    assert_eq!(ask().await.unwrap_err(), SnapshotError::NoPicture);
    camera.h264(1);
    let (one, two) = tokio::join!(ask(), ask());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(Arc::ptr_eq(&one, &two));
    assert_eq!(width(&one), 320);
    camera.h264(1);
    // No place to make another one: the last is better than none.
    let places = previews.making.acquire_many(2).await.unwrap();
    assert!(Arc::ptr_eq(&ask().await.unwrap(), &one));
    drop(places);
    let desk = previews.desk("s", &feed);
    let key = feed.watch_latest().borrow().clone().unwrap();
    assert!(desk.still_of(&key).is_none());
}

#[tokio::test]
async fn who_hangs_up_leaves_the_picture_to_the_next() {
    let (feed, camera) = feed();
    let previews = Previews::new(1);
    camera.h264(1);
    let asked = previews.snapshot("s", &feed, Path::new(FFMPEG));
    // Less than FFmpeg takes to start.
    let hung_up = timeout(Duration::from_millis(1), asked).await;
    assert!(hung_up.is_err());
    // Where the first one's child were lost, this one would have to start another: it has none.
    let next = previews.snapshot("s", &feed, Path::new("/nowhere/ffmpeg"));
    assert_eq!(width(&next.await.unwrap()), 320);
}

#[tokio::test]
async fn a_picture_that_comes_late_is_there_for_the_next() {
    let (feed, camera) = feed();
    let mut previews = Previews::new(1);
    previews.patience = Duration::from_millis(1);
    camera.h264(1);
    let ask = || previews.snapshot("s", &feed, Path::new(FFMPEG));
    assert_eq!(ask().await.unwrap_err(), SnapshotError::Late);
    let first = loop {
        match ask().await {
            Ok(made) => break made,
            Err(error) => assert_eq!(error, SnapshotError::Late),
        }
    };
    assert_eq!(width(&first), 320);
    // Late once more, but now there is an older one.
    camera.h264(1);
    assert!(Arc::ptr_eq(&ask().await.unwrap(), &first));
}

#[tokio::test]
async fn a_viewer_is_shown_the_snapshot_and_then_the_stream() {
    let (feed, camera) = feed();
    let previews = Previews::new(1);
    camera.h264(12);
    let still = previews.snapshot("s", &feed, Path::new(FFMPEG)).await;
    let mut viewer = previews.view("s", &feed, Path::new(FFMPEG), Audience::Viewers);
    assert!(Arc::ptr_eq(&next(&mut viewer).await, &still.unwrap()));
    camera.h264(30);
    let streamed = next(&mut viewer).await;
    assert_eq!(width(&streamed), 640);
    // While the stream runs, snapshots are its pictures: there is no second child.
    let asked = previews.snapshot("s", &feed, Path::new(FFMPEG)).await;
    assert_eq!(width(&asked.unwrap()), 640);
}

#[tokio::test]
async fn without_ffmpeg_there_is_a_reason() {
    let (feed, camera) = feed();
    let previews = Previews::new(1);
    camera.h264(1);
    for _ in 0..4 {
        let asked = previews.snapshot("s", &feed, Path::new("/nowhere/ffmpeg"));
        let SnapshotError::Start(reason) = asked.await.unwrap_err() else {
            panic!("another reason");
        };
        assert!(reason.contains("No such file"), "{reason}");
    }
    assert_eq!(
        previews.viewers("s"),
        0,
        "nothing runs for who polls in vain"
    );
}

#[tokio::test]
async fn what_cannot_be_decoded_is_tried_once() {
    let (feed, camera) = feed();
    let previews = Previews::new(1);
    camera.h264(1);
    camera.rubbish(Bytes::from_static(&[0, 0, 0, 2, 0x65, 1]));
    let asked = previews.snapshot("s", &feed, Path::new(FFMPEG)).await;
    assert_eq!(asked.unwrap_err(), SnapshotError::Undecodable);
    let asked = previews.snapshot("s", &feed, Path::new("/nowhere/ffmpeg"));
    assert_eq!(asked.await.unwrap_err(), SnapshotError::Undecodable);
}

#[tokio::test(start_paused = true)]
async fn who_polls_watches_for_five_seconds() {
    let (feed, camera) = feed();
    let previews = Previews::new(1);
    camera.jpeg(&testing::jpeg("64x36"));
    let desk = previews.desk("s", &feed);
    let poll = || previews.note_poll("s", &desk, &feed, Path::new("none"));
    poll();
    poll();
    assert_eq!(previews.viewers("s"), 0);
    poll();
    assert_eq!(previews.viewers("s"), 1);
    tokio::time::sleep(Duration::from_secs(4)).await;
    for _ in 0..3 {
        poll();
    }
    assert_eq!(previews.viewers("s"), 1, "one, however often it asks");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(previews.viewers("s"), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(previews.viewers("s"), 0);
    assert_eq!(previews.polled.available_permits(), POLLED_A_CORE);
}

#[tokio::test]
async fn desks_go_with_their_feeds() {
    let previews = Previews::new(1);
    for session in ["a", "b", "c"] {
        let (feed, camera) = feed();
        camera.jpeg(&testing::jpeg("64x36"));
        previews
            .snapshot(session, &feed, Path::new("none"))
            .await
            .unwrap();
        assert_eq!(previews.desks().len(), 1);
    }
}
