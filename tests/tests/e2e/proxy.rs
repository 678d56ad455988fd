//! The proxy's own listener: feeds as they are, for any number of clients.

use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::jpeg::{self, Parts};
use padelvar_tests::{Api, Config, Host, Take, clock, judge, machine};
use serde_json::Value;
use simcam::{ClipParams, RtspConfig};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

const LENGTH: Duration = Duration::from_secs(8);
/// How long a client reads meanwhile.
const READ: Duration = Duration::from_secs(6);

/// `http://host:port` and the rest of a URL.
fn split(url: &str) -> (&str, &str) {
    let path = url[7..].find('/').expect("a path") + 7;
    url.split_at(path)
}

async fn proxy_url(host: &Host, id: &str) -> String {
    let session = host.api.session(id).await;
    session["proxy_url"].as_str().expect("a URL").to_owned()
}

#[tokio::test]
async fn feeds_are_shown_to_those_who_may_see_them() {
    let _shared = machine::shared().await;
    let (h264, mjpeg) = (
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    );
    let host = Host::start(&Config::of(&h264).url(mjpeg.url())).await;
    let (first, second) = (host.api.create(1).await, host.api.create(2).await);
    let (mkv, parts) = (
        proxy_url(&host, &first).await,
        proxy_url(&host, &second).await,
    );
    let (base, path) = split(&mkv);
    assert_ne!(base, host.api.base);
    let nobody = Api {
        base: base.to_owned(),
        ..host.api.with_token(None)
    };
    let somebody = nobody.with_token(host.api.token.as_deref());

    let health = nobody.get("/health").await;
    assert_eq!(
        (health.status, health.json.is_object()),
        (200, true),
        "{}",
        health.text()
    );
    // The REST API is not here, nor is the proxy there.
    somebody.get("/api/video/session/list").await.problem(404);
    host.api.get(path).await.problem(404);

    let (plain, ticket) = path.split_once("?ticket=").expect("a ticket");
    assert_eq!(plain, format!("/{first}/stream.mkv"));
    nobody.get(plain).await.problem(401);
    nobody.get(&format!("{plain}?ticket=x")).await.problem(401);
    nobody.with_token(Some("x")).get(plain).await.problem(401);
    // A ticket is for one session.
    let other = format!("/{second}/stream.mkv?ticket={ticket}");
    nobody.get(&other).await.problem(401);
    somebody.get("/sess_1_1/stream.mkv").await.problem(404);
    somebody
        .get(&format!("/{first}/nothing"))
        .await
        .problem(404);
    let token = somebody.token.as_deref().unwrap_or_default();
    let request = nobody
        .client
        .get(format!("{base}{plain}"))
        .bearer_auth(token);
    let answer = request.send().await.expect("it answers");
    assert_eq!(answer.status(), 200);
    drop(answer);

    // Any player can read it.
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "json", "-rw_timeout", "10000000"]);
    command.args(["-read_intervals", "%+#30", "-show_entries"]);
    command.arg("stream=codec_name,width,height:packet=pts_time,flags");
    let output = judge::run(command.arg(&mkv)).await;
    let found: Value = serde_json::from_slice(&output.stdout).expect("ffprobe writes JSON");
    let streams = found["streams"].as_array().expect("there are streams");
    assert_eq!(streams.len(), 1, "{found}");
    assert_eq!(streams[0]["codec_name"], "h264", "{found}");
    assert_eq!(
        (streams[0]["width"].as_u64(), streams[0]["height"].as_u64()),
        (Some(640), Some(360))
    );
    let packets = found["packets"].as_array().expect("there are packets");
    assert!(packets.len() >= 25, "{found}");
    assert!(packets[0]["flags"].to_string().contains('K'), "{found}");

    let (_, path) = split(&parts);
    assert!(
        path.starts_with(&format!("/{second}/stream.mjpeg?ticket=")),
        "{path}"
    );
    let answer = nobody.client.get(&parts).send().await.expect("it answers");
    let mut parts = Parts::of(answer);
    for _ in 0..10 {
        assert_eq!(jpeg::size(&parts.next().await), (320, 180));
    }
    // A camera that sends no JPEGs has no such stream, and says so.
    somebody
        .get(&format!("/{first}/stream.mjpeg"))
        .await
        .problem(409);
    drop(parts);
    host.api.try_close(&first).await.ok(200);
    somebody.get(plain).await.problem(410);
    host.end().await;
}

#[tokio::test]
async fn clients_that_read_slowly_or_not_disturb_no_recording() {
    let _shared = machine::shared().await;
    // Enough bytes to fill what the system buffers for one who does not read.
    let camera = cameras::rtsp(RtspConfig {
        clip: ClipParams {
            bitrate_kbps: Some(12_000),
            seconds: 4,
            ..ClipParams::default()
        },
        ..RtspConfig::default()
    })
    .await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    let url = proxy_url(&host, &id).await;
    let (base, path) = split(&url);

    let mut deaf = TcpStream::connect(&base[7..]).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: proxy\r\n\r\n");
    deaf.write_all(request.as_bytes())
        .await
        .expect("it is taken");
    let mut command = Command::new("ffmpeg");
    command.args([
        "-nostdin",
        "-v",
        "error",
        "-rw_timeout",
        "20000000",
        "-i",
        &url,
    ]);
    command.args(["-t", "4", "-c", "copy", "-f", "null", "-"]);
    let player = judge::run(&mut command);
    let client = host.api.client.clone();
    let reader = async {
        let mut answer = client.get(&url).send().await.expect("it answers");
        assert_eq!(answer.status(), 200);
        let mut read = Vec::new();
        let all = async {
            while let Ok(Some(chunk)) = answer.chunk().await {
                read.extend_from_slice(&chunk);
            }
        };
        // It goes on for as long as the session; here for most of the recording.
        assert!(timeout(READ, all).await.is_err());
        read
    };
    let recorder = async {
        let called = clock::now();
        host.api.start(&id).await;
        sleep(LENGTH).await;
        Take::stop(&host, id.clone(), called).await
    };
    let (take, read, player) = tokio::join!(recorder, reader, player);
    take.check_copied(&camera).await;
    assert!(player.status.success(), "{player:?}");
    let size = (640, 360);
    let read = simcam::judge::strips_of_bytes("ffmpeg".as_ref(), "matroska", read.into(), size);
    let strips: Vec<u32> = read
        .await
        .expect("it decodes")
        .into_iter()
        .flatten()
        .collect();
    assert!(strips.len() > 100, "{strips:?}");
    let frames = camera.clip().params().frames();
    let jumps = strips.windows(2).filter(|s| (s[0] + 1) % frames != s[1]);
    // The last picture may have been cut off; the decoder then repairs or drops it.
    assert!(jumps.count() <= 1, "{strips:?}");
    drop(deaf);
    host.end().await;
}
