//! Live pictures through the REST API.

use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::jpeg::{self, Parts};
use padelvar_tests::processes::{self, Process};
use padelvar_tests::{Api, Config, Host, machine};
use simcam::RtspConfig;
use tokio::time::sleep;

fn ffmpegs(host: &Host) -> Vec<Process> {
    let below = processes::below(host.pid()).into_iter();
    below.filter(|p| p.command.contains("ffmpeg")).collect()
}

async fn parts(api: &Api, url: &str) -> Parts {
    let url = format!("{}{url}", api.base);
    Parts::of(api.client.get(url).send().await.expect("it answers"))
}

#[tokio::test]
async fn snapshots_and_streams_of_both_codecs() {
    let _shared = machine::shared().await;
    let (h264, mjpeg) = (
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    );
    let host = Host::start(&Config::of(&h264).url(mjpeg.url())).await;
    let nobody = host.api.with_token(None);
    for (terrain, size) in [(1, (640, 360)), (2, (320, 180))] {
        let id = host.api.create(terrain).await;
        let session = host.api.session(&id).await;
        let url = |name: &str| session["preview"][name].as_str().expect("a URL").to_owned();
        let (snapshot, stream) = (url("snapshot_url"), url("mjpeg_url"));

        for _ in 0..2 {
            let answer = nobody.get(&snapshot).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.header("content-type"), "image/jpeg");
            assert_eq!(jpeg::size(&answer.bytes), size);
        }
        for path in ["snapshot.jpg", "stream.mjpeg"] {
            let path = format!("/api/preview/{id}/{path}");
            nobody.get(&path).await.problem(401);
            nobody
                .get(&format!("{path}?ticket=a.b.c"))
                .await
                .problem(401);
            // A ticket stands in no header, and a token in no query.
            let token = host.api.token.as_deref().unwrap_or_default();
            nobody
                .get(&format!("{path}?ticket={token}"))
                .await
                .problem(401);
        }

        let mut viewers = [parts(&nobody, &stream).await, parts(&nobody, &stream).await];
        for viewer in &mut viewers {
            for _ in 0..3 {
                let jpeg = viewer.next().await;
                let (width, height) = jpeg::size(&jpeg);
                assert_eq!((width.min(640), width * 9), (width, height * 16));
            }
        }
        // Two viewers share one FFmpeg; JPEGs of the camera's own need none.
        let expected = usize::from(terrain == 1);
        let children = ffmpegs(&host);
        assert_eq!(children.len(), expected, "{children:?}");
        let [first, mut second] = viewers;
        drop(first);
        for _ in 0..10 {
            second.next().await;
        }
        let left: Vec<u32> = ffmpegs(&host).iter().map(|p| p.pid).collect();
        let before: Vec<u32> = children.iter().map(|p| p.pid).collect();
        assert_eq!(left, before);
        drop(second);
        let left = processes::left_of(&children, Duration::from_secs(5)).await;
        assert!(left.is_empty(), "nobody watches: {left:?}");

        // Whoever watches when the session closes is told so by the end of the answer.
        let mut last = host.api.client.get(format!("{}{stream}", host.api.base));
        last = last.timeout(Duration::from_secs(30));
        let mut last = last.send().await.expect("it answers");
        assert!(last.chunk().await.expect("a part").is_some());
        host.api.try_close(&id).await.ok(200);
        while let Ok(Some(_)) = last.chunk().await {}
        nobody.get(&snapshot).await.problem(410);
        sleep(Duration::from_millis(500)).await;
        assert!(ffmpegs(&host).is_empty(), "{:?}", ffmpegs(&host));
    }
    host.end().await;
}
