//! A file of a whole match: opened and sought at once, over HTTP ranges.

use padelvar_tests::browser::Browser;
use padelvar_tests::site::Site;
use padelvar_tests::{Config, Host, footage, machine};
use serde_json::json;

use super::pictures;

const MINUTES: u32 = 90;
/// What is aimed at on a machine of its own is 1 s; this one may be busy.
const BOUND_MS: f64 = 5000.0;

const PAGE: &str = "<!doctype html><title>Match</title><video muted width=\"640\"></video>";

/// Opens the file, seeks to its middle and waits for the picture; milliseconds of both.
const SEEK: &str = "(async () => {
  const video = document.querySelector('video');
  const once = (name) => new Promise((done, failed) => {
    video.addEventListener(name, done, { once: true });
    video.addEventListener('error', () => failed(video.error.message), { once: true });
  });
  const start = performance.now();
  video.src = SOURCE;
  await once('loadeddata');
  const opened = performance.now();
  const middle = video.duration / 2;
  // The first picture may still be on its way to the screen: it is not the one that is waited for.
  const shown = new Promise((done) => {
    const look = (_, frame) => {
      if (Math.abs(frame.mediaTime - middle) < 3) done(frame.mediaTime);
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  });
  const seeked = once('seeked');
  video.currentTime = middle;
  await seeked;
  const mediaTime = await shown;
  return { opened: opened - start, sought: performance.now() - opened, duration: video.duration, mediaTime };
})()";

#[tokio::test]
async fn the_middle_of_ninety_minutes() {
    let _alone = machine::alone().await;
    let config = Config::new().url("rtsp://127.0.0.1:1/none");
    let folder = Host::folder_for(&config);
    let minute = folder.path().join("minute.mp4");
    footage::write(&minute, 60).await;
    let file = footage::place(folder.path(), 1, 1, 1_700_000_000_000);
    footage::repeat(&minute, MINUTES, &file).await;
    let host = Host::start_in(folder).await;
    let files = host.api.files("").await;
    let link = files[0]["download_url"].as_str().expect("a link");
    let source = format!("{}{link}", host.api.base);
    let site = Site::start().await;
    site.put("/", "text/html", PAGE);
    let mut browser = Browser::start().await;
    let mut times = Vec::new();
    for _ in 0..3 {
        // Nothing of it is remembered.
        browser.call("Network.clearBrowserCache", json!({})).await;
        browser.open(&site.url("/")).await;
        let found = browser
            .eval(&SEEK.replace("SOURCE", &json!(source).to_string()))
            .await;
        let number = |name: &str| found[name].as_f64().expect("a number");
        let length = f64::from(MINUTES * 60);
        assert!((number("duration") - length).abs() < 5.0, "{found}");
        assert!((number("mediaTime") - length / 2.0).abs() < 3.0, "{found}");
        times.push((number("opened"), number("sought")));
    }
    browser.keep_screenshot(&pictures(), "seek.png").await;
    let size = std::fs::metadata(&file).expect("it is there").len() >> 20;
    eprintln!(
        "{MINUTES} minutes, {size} MiB: milliseconds until opened and until sought: {times:.0?}"
    );
    for (opened, sought) in &times {
        assert!(*opened < BOUND_MS && *sought < BOUND_MS, "{times:?}");
    }
    host.end().await;
}
