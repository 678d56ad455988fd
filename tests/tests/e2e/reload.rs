//! A running host follows its configuration.

use std::time::Duration;

use padelvar_tests::{Config, Host, cameras, machine};
use simcam::RtspConfig;
use tokio::time::{Instant, sleep};

/// The file is read again every 10 s, should nobody tell of the change.
const RELOAD: Duration = Duration::from_secs(12);

async fn until_there(host: &Host, terrain: u32) -> String {
    let deadline = Instant::now() + RELOAD;
    loop {
        let answer = host.api.try_create(terrain).await;
        if answer.status != 404 || Instant::now() > deadline {
            let body = answer.ok(201);
            return body["session"]["session_id"]
                .as_str()
                .expect("an id")
                .to_owned();
        }
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn terrains_come_and_a_broken_file_changes_nothing() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let one = Config::of(&camera);
    let host = Host::start(&one).await;
    let first = host.api.create(1).await;
    host.api.start(&first).await;
    host.api.try_create(2).await.problem(404);

    let two = one.clone().url(camera.url());
    host.configure(&two.text());
    let second = until_there(&host, 2).await;
    host.api.until_camera(&second, "live").await;

    // A broken file is told, and the last good one stays.
    for broken in ["[video]\nvideos_dri = \"x\"\n", "this is = = no TOML", ""] {
        let told = host.log.text().len();
        host.configure(&format!(
            "{broken}{}",
            if broken.is_empty() {
                "[[terrains]]\n"
            } else {
                ""
            }
        ));
        let deadline = Instant::now() + RELOAD;
        while !host.log.text()[told..].contains("invalid") {
            assert!(Instant::now() < deadline, "nothing is told of {broken:?}");
            sleep(Duration::from_millis(100)).await;
        }
        host.api.try_create(2).await.problem(409);
        host.api.try_create(3).await.problem(404);
    }
    // An open session keeps its terrain until it closes.
    host.configure(&Config::new().text());
    let deadline = Instant::now() + RELOAD;
    while host.api.try_create(2).await.status != 404 {
        assert!(Instant::now() < deadline, "the terrain is still there");
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(host.api.session(&second).await["camera"]["state"], "live");
    host.configure(&two.url(camera.url()).text());
    until_there(&host, 3).await;
    host.api.stop(&first).await;
    host.end().await;
}
